"""Where the servers keep their data, and as whom they run."""

import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYSTEM_ACCOUNT = "propman"
SYSTEM_STATE = Path("/var/lib/propman")


class EmbeddedError(RuntimeError):
    """A server cannot be started or stopped; the message tells the user what to do."""


@dataclass(frozen=True)
class Place:
    """`var` is the clone's own folder, `state` holds the servers' data, `account` are the arguments of
    subprocess that run a program as the servers' system account (none, unless we are root)."""

    var: Path
    state: Path
    account: dict[str, Any]

    def run(self, *command: object, env: dict[str, str] | None = None, **options: Any) -> subprocess.CompletedProcess:
        """Run a program as the servers' account, in a folder that every account can enter."""
        options = {"capture_output": True, "text": True, "stdin": subprocess.DEVNULL, **options}
        return subprocess.run(
            [str(part) for part in command],
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **(env or {})},
            cwd="/",
            **options,
            **self.account,
        )

    def folder(self, name: str, mode: int = 0o700) -> Path:
        """A folder below `state` that belongs to the servers' account."""
        path = self.state / name
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
        self.hand_over(path)
        return path

    def secret(self, name: str) -> str:
        """A password made once and readable by the servers' account alone."""
        file = self.state / f"{name}.password"
        if not file.exists():
            draft = file.with_suffix(".password.new")
            draft.unlink(missing_ok=True)
            with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
                out.write(secrets.token_urlsafe(24))
            self.hand_over(draft)
            draft.rename(file)
        return file.read_text()

    def hand_over(self, path: Path) -> None:
        """Give a file to the servers' account."""
        if self.account:
            os.chown(path, self.account["user"], self.account["group"])

    def remembered_port(self, name: str) -> int | None:
        file = self.state / f"{name}.port"
        return int(file.read_text()) if file.exists() else None

    def choose_port(self, name: str) -> int:
        """The port of last time; a free one at first, or when another program took it."""
        port = self.remembered_port(name)
        if port is None or not is_free(port):
            # below the ports that systems lend to outgoing connections
            port = next(port for port in iter(lambda: 20000 + secrets.randbelow(10000), 0) if is_free(port))
            (self.state / f"{name}.port").write_text(str(port))
        return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def process_is(pid: int, *, program: str, marks: set[str]) -> bool:
    """Whether this process is that server: its number may have gone to another program since it was written down.

    `marks` are words of which a server's command line has at least one. (Its working folder would be plainer, but root
    in a container may not see that of another account's process.)
    """
    proc = Path(f"/proc/{pid}")
    try:
        line = f" {(proc / 'cmdline').read_text()} ".replace("\0", " ")
        return program in (proc / "comm").read_text() and any(f" {mark} " in line for mark in marks)
    except OSError:
        return False


def find_place(var: Path) -> Place:
    """Root's servers run as a system account; where that cannot enter the clone (root's home), below /var/lib.

    Raises EmbeddedError when root cannot make the account.
    """
    var.mkdir(parents=True, exist_ok=True)
    var = var.resolve()
    account = system_account()
    state = var
    if account and subprocess.run(["/bin/ls", var], cwd="/", capture_output=True, **account).returncode:
        state = SYSTEM_STATE / hashlib.sha256(str(var).encode()).hexdigest()[:16]
        state.mkdir(parents=True, exist_ok=True)
        for folder in (SYSTEM_STATE, state):
            folder.chmod(0o755)
    if not os.access(state, os.W_OK):
        raise EmbeddedError(f"{state} belongs to another user: use a clone of your own, or set PROPMAN_VAR.")
    return Place(var=var, state=state, account=account)


def system_account() -> dict[str, Any]:
    if os.geteuid():
        return {}
    try:
        user = pwd.getpwnam(SYSTEM_ACCOUNT)
    except KeyError:
        if not shutil.which("useradd"):
            raise EmbeddedError(
                f"PostgreSQL does not run as root: make a system account {SYSTEM_ACCOUNT}, or work as another user."
            ) from None
        command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_ACCOUNT]
        made = subprocess.run(command, capture_output=True, text=True)
        try:
            user = pwd.getpwnam(SYSTEM_ACCOUNT)  # also when another start made it at the same moment
        except KeyError:
            raise EmbeddedError(f"Cannot make the system account {SYSTEM_ACCOUNT}: {made.stderr}") from None
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
