"""A mail server of the tests' own, on a socket: it keeps what it accepts, and refuses what it is told to."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from email.message import Message
from email.policy import default


class Session(socketserver.StreamRequestHandler):
    server: "MailServer"

    def handle(self) -> None:
        self.say("220 tests")
        recipient = ""
        while line := self.rfile.readline().decode().strip():
            verb = line.split(":")[0].split()[0].upper()
            if verb == "RCPT":
                recipient = line.partition("<")[2].partition(">")[0]
                self.say(self.server.answers.get(recipient, "250 OK"))
            elif verb == "DATA":
                self.say("354 go on")
                self.server.accept(recipient, b"".join(iter(self.line_of_data, b".\r\n")))
                self.say("250 OK")
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 OK")

    def line_of_data(self) -> bytes:
        return self.rfile.readline() or b".\r\n"

    def say(self, words: str) -> None:
        with suppress(OSError):  # the worker was killed
            self.wfile.write(f"{words}\r\n".encode())


class MailServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.answers: dict[str, str] = {}
        self.accepted: list[tuple[str, Message]] = []
        self.lock = threading.Lock()
        self.on_accept: Callable[[], object] | None = None

    def accept(self, recipient: str, data: bytes) -> None:
        with self.lock:
            self.accepted.append((recipient, message_from_bytes(data, policy=default)))
        if self.on_accept is not None:
            self.on_accept()

    def to(self, address: str) -> list[Message]:
        return [message for recipient, message in self.accepted if recipient == address]


@contextmanager
def mail_server() -> Iterator[MailServer]:
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05], daemon=True)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
