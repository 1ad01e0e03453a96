"""Requests over HTTP to one gunicorn worker, on a few connections that stay open."""

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
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


def rate_of(application: str, requests: Sequence[Post]) -> float:
    """POSTs a second that one gunicorn worker serves, after the first one."""
    port = next(port for port in range(21000, 22000) if is_free(port))
    database = settings.DATABASES["default"]
    name, host = connection.settings_dict["NAME"], f"{database['HOST']}:{database['PORT']}"
    url = f"postgres://{database['USER']}:{database['PASSWORD']}@{host}/{name}"
    command = [sys.executable, "-m", "gunicorn", f"{application}:application", "--bind", f"127.0.0.1:{port}", "--workers", "1"]
    environment = {
        **os.environ,
        "DATABASE_URL": url,
        "DATABASE_OWNER_URL": url,
        "REDIS_URL": settings.REDIS_URL,
        "DJANGO_SETTINGS_MODULE": "propman.settings.test",
    }
    server = subprocess.Popen(
        [*command, "--threads", str(CONNECTIONS), "--log-level", "warning"], env=environment, cwd=settings.BASE_DIR
    )
    try:
        wait_for(port)
        send(port, requests[:1])
        rest = requests[1:]
        return len(rest) / seconds(lambda: at_once(port, rest))
    finally:
        server.terminate()
        server.wait()


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
        headers = {"Content-Type": "application/x-www-form-urlencoded"} | ({"Cookie": post.cookies} if post.cookies else {})
        link.request("POST", post.path, post.body, headers)
        answer = link.getresponse()
        said = answer.read()
        if answer.status != post.expects:
            raise RuntimeError(f"{post.path} answered {answer.status}: {said[:200]!r}")
    link.close()
