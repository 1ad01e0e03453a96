"""Requests over HTTP to one gunicorn worker, on a few connections that stay open."""

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from django.conf import settings
from django.db import connection

from benchmarks.measure import seconds
from propman.embedded.place import is_free

CONNECTIONS = 4


class Post(NamedTuple):
    """One POST of a form; `expects` is the status that counts as served."""

    path: str
    body: str
    cookies: str = ""
    expects: int = 200


def posts(path: str, bodies: Sequence[str]) -> list[Post]:
    return [Post(path, body) for body in bodies]


@contextmanager
def served(application: str, *, workers: int = 1, threads: int = CONNECTIONS) -> Iterator[int]:
    """The port at which gunicorn serves the application on the benchmark's database."""
    port = next(port for port in range(21000, 22000) if is_free(port))
    database = settings.DATABASES["default"]
    name, host = connection.settings_dict["NAME"], f"{database['HOST']}:{database['PORT']}"
    url = f"postgres://{database['USER']}:{database['PASSWORD']}@{host}/{name}"
    command = [sys.executable, "-m", "gunicorn", f"{application}:application", "--bind", f"127.0.0.1:{port}"]
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DATABASE_OWNER_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "propman.settings.test",
    }
    server = subprocess.Popen(
        [*command, "--workers", str(workers), "--threads", str(threads), "--log-level", "warning"],
        env=environment,
        cwd=settings.BASE_DIR,
    )
    try:
        wait_for(port)
        yield port
    finally:
        server.terminate()
        server.wait()


def rate_of(application: str, requests: Sequence[Post]) -> float:
    """POSTs a second that one gunicorn worker serves, after the first one."""
    with served(application) as port:
        send(port, requests[:1])
        rest = requests[1:]
        return len(rest) / seconds(lambda: at_once(port, rest))


def rounds_of(application: str, requests: Sequence[Post], *, rounds: int, workers: int) -> list[list[float]]:
    """Everybody sends his request at the same moment, again and again: seconds from that moment to each one's answer.

    The first round, in which the workers open their connections, is left out.
    """
    start, times = threading.Barrier(len(requests) + 1), [[] for _round in range(rounds + 1)]

    def work(post: Post, port: int) -> None:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        link.connect()
        for spent in times:
            start.wait(timeout=120)
            begin = time.perf_counter()
            ask(link, post)
            spent.append(time.perf_counter() - begin)
            start.wait(timeout=120)
        link.close()

    with served(application, workers=workers) as port:
        people = [threading.Thread(target=work, args=(post, port), daemon=True) for post in requests]
        for person in people:
            person.start()
        for _round in times:
            start.wait(timeout=120)
            start.wait(timeout=120)
        for person in people:
            person.join()
    return times[1:]


def wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while is_free(port) and time.monotonic() < until:
        time.sleep(0.1)
    time.sleep(1)


def at_once(port: int, requests: Sequence[Post]) -> None:
    problems: list[Exception] = []

    def work(part: Sequence[Post]) -> None:
        try:
            send(port, part)
        except Exception as problem:
            problems.append(problem)

    threads = [threading.Thread(target=work, args=(requests[at::CONNECTIONS],)) for at in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if problems:
        raise problems[0]


def send(port: int, requests: Sequence[Post]) -> None:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for post in requests:
        ask(link, post)
    link.close()


def ask(link: http.client.HTTPConnection, post: Post) -> str:
    """Send it and wait for its answer; the address that it leads to. Raises RuntimeError for an answer that is not expected."""
    headers = {"Content-Type": "application/x-www-form-urlencoded"} | ({"Cookie": post.cookies} if post.cookies else {})
    link.request("POST", post.path, post.body, headers)
    answer = link.getresponse()
    said = answer.read()
    if answer.status != post.expects:
        raise RuntimeError(f"{post.path} answered {answer.status}: {said[:200]!r}")
    return answer.getheader("Location", "")
