"""python -m propman.ops.serve --port N: the demo. Migrates, builds the sample town, then runs web, worker and beat together.

The database and the broker are the caller's (`python -m propman.embedded run`). An interrupt ends everything; when one
process dies the others end too, and we say which one it was.
"""

import argparse
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

from propman.embedded.place import is_free
from propman.settings.environment import BASE_DIR, VAR_DIR

SIGN_INS = VAR_DIR / "sign-ins.json"
READY_SECONDS = 60
GRACE_SECONDS = 20
PYTHON = sys.executable


class Ended(Exception):
    """A child process ended by itself."""


def commands(port: int) -> dict[str, list[str]]:
    celery = [PYTHON, "-m", "celery", "--quiet", "--app", "propman.celery"]
    gunicorn = [PYTHON, "-m", "gunicorn", "propman.wsgi", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    return {
        "web": [*gunicorn, "--log-level", "warning", "--worker-tmp-dir", str(VAR_DIR)],
        "worker": [*celery, "worker", "--concurrency", "2", "--loglevel", "WARNING", "--hostname", f"demo-{port}@%h"],
        "beat": [*celery, "beat", "--loglevel", "WARNING", "--schedule", str(VAR_DIR / "beat"), "--pidfile", ""],
    }


def prepare() -> None:
    """Migrate, build the sample town, list who can sign in. Raises Ended when that fails."""
    if not SIGN_INS.exists():
        sys.stdout.write("Making the database and a sample town that has lived some months: a minute or two, this once.\n")
        sys.stdout.flush()
    children = {"prepare": subprocess.Popen([PYTHON, "-m", "propman.ops.prepare"], cwd=BASE_DIR, start_new_session=True)}
    try:
        if children["prepare"].wait():
            raise Ended("The database or the sample town could not be made.")
    finally:
        end(children)


def serve(port: int) -> None:
    """Run the processes until one of them ends or we are interrupted."""
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for name, command in commands(port).items():
            # sessions of their own: an interrupt from the keyboard comes to us alone, and we end them in order
            children[name] = subprocess.Popen(command, cwd=BASE_DIR, start_new_session=True)
        await_answer(port, children)
        sys.stdout.write(f"{greeting(port)}\n")
        sys.stdout.flush()
        while True:
            ensure_alive(children)
            time.sleep(0.5)
    finally:
        end(children)


def ensure_alive(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Raises Ended for a child that is gone."""
    for name, child in children.items():
        if child.poll() is not None:
            raise Ended(f"The {name} process ended by itself (status {child.returncode}).")


def await_answer(port: int, children: dict[str, subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + READY_SECONDS
    while True:
        ensure_alive(children)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5):
                return
        except (urllib.error.URLError, TimeoutError) as problem:
            if time.monotonic() > until:
                raise Ended(f"The portal does not answer: {problem}") from problem
        time.sleep(0.1)


def end(children: dict[str, subprocess.Popen[bytes]]) -> None:
    """Ask all to end, then insist, with their own children."""
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    until = time.monotonic() + GRACE_SECONDS
    for child in children.values():
        try:
            child.wait(max(0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def greeting(port: int) -> str:
    return (
        f"\nThe portal is at http://127.0.0.1:{port}/ ; Ctrl-C stops it."
        "\nStaff and officials are asked for a code as well: `make sign-ins` shows the present ones."
    )


def interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m propman.ops.serve")
    parser.add_argument("--port", type=int, default=8000)
    port = parser.parse_args().port
    os.environ["DJANGO_SETTINGS_MODULE"] = "propman.settings.local"
    # in a clone in root's home nobody else could read the code
    os.environ["PYTHONWARNINGS"] = "ignore:You're running the worker with superuser privileges"
    os.environ["SITE_URL"] = f"http://127.0.0.1:{port}"
    for number in (signal.SIGINT, signal.SIGTERM):  # a shell starts background jobs with SIGINT ignored
        signal.signal(number, interrupt)
    if not is_free(port):
        sys.stderr.write(f"Port {port} is taken by another program: make demo PORT={port + 1}\n")
        return 1
    try:
        prepare()
        serve(port)
    except KeyboardInterrupt:
        sys.stdout.write("Stopped.\n")
    except Ended as problem:
        sys.stderr.write(f"{problem} Stopped.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
