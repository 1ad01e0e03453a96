"""python -m propman.embedded start | stop | status | env | remove | run COMMAND...

`run` starts the servers, runs a command and, when nobody else in this clone uses them, stops them again;
servers that were started by `start` stay.
"""

import argparse
import fcntl
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from propman.settings.environment import VAR_DIR

from . import postgres, valkey
from .place import EmbeddedError, Place, find_place

SERVERS = (postgres, valkey)


def given_elsewhere(*names: str) -> bool:
    """Whether the environment names a service of its own. Raises EmbeddedError when it names half of one."""
    given = [name for name in names if os.environ.get(name)]
    if given and len(given) < len(names):
        raise EmbeddedError(f"{given[0]} is set: set {' and '.join(set(names) - set(given))} too.")
    return bool(given)


@contextmanager
def alone(place: Place) -> Iterator[None]:
    """One launcher at a time in a clone; the second one waits and finds the work done."""
    with (place.var / "embedded.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def start(place: Place) -> None:
    """Start what the environment does not name; they stay until `stop`."""
    launch(place)
    (place.var / "embedded.kept").touch()


def launch(place: Place) -> None:
    variables: dict[str, str] = {}
    if not given_elsewhere("DATABASE_URL", "DATABASE_OWNER_URL"):
        port = postgres.start(place)
        variables |= postgres.urls(place)
        print(f"PostgreSQL listens on 127.0.0.1:{port}")
    if not given_elsewhere("REDIS_URL"):
        port = valkey.start(place)
        variables["REDIS_URL"] = valkey.url(place)
        print(f"Valkey listens on 127.0.0.1:{port}")
    write_variables(place.var / "services.env", variables)


def write_variables(file: Path, variables: dict[str, str]) -> None:
    text = "".join(f"{name}={value}\n" for name, value in variables.items())
    if file.exists() and file.read_text() == text:
        return
    draft = file.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.rename(file)


def stop(place: Place) -> None:
    (place.var / "embedded.kept").unlink(missing_ok=True)
    for server in SERVERS:
        print(f"{server.NAME} {'stopped' if server.stop(place) else 'was not running'}")


def status(place: Place) -> None:
    """Raises EmbeddedError when one of the servers does not run."""
    print(f"Data: {place.state}")
    missing = [server.NAME for server in SERVERS if server.running_pid(place) is None]
    for server in SERVERS:
        if server.NAME not in missing:
            print(f"{server.NAME} runs on 127.0.0.1:{server.port(place)}, process {server.running_pid(place)}")
    if missing:
        raise EmbeddedError(f"Not running: {', '.join(missing)}")


def show_variables(place: Place) -> None:
    """For `eval "$(python -m propman.embedded env)"` in a shell."""
    file = place.var / "services.env"
    if not file.exists():
        raise EmbeddedError("Not started yet: python -m propman.embedded start")
    for line in file.read_text().splitlines():
        name, value = line.split("=", 1)
        print(f"export {name}={shlex.quote(value)}")


def remove(place: Place) -> None:
    """Stop the servers and delete their data."""
    stop(place)
    if place.state != place.var:
        shutil.rmtree(place.state)
        return
    for path in place.state.iterdir():
        if path.name.startswith(("postgres", "valkey", "services.env", "embedded.")) or path.name.endswith(".password"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def run(place: Place, command: list[str]) -> int:
    """Run the command with the servers; its exit status."""
    with (place.var / "embedded.users").open("w") as users:
        with alone(place):
            fcntl.flock(users, fcntl.LOCK_SH)
            launch(place)
        process = subprocess.Popen(command)
        # the keyboard's interrupt reaches the command by itself: it ends first, then the servers
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda number, _frame: process.send_signal(number))
        code = process.wait()
        with alone(place):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return code
            if not (place.var / "embedded.kept").exists():
                stop(place)
    return code


COMMANDS = {"start": start, "stop": stop, "status": status, "env": show_variables, "remove": remove}


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m propman.embedded", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in COMMANDS:
        verbs.add_parser(verb)
    verbs.add_parser("run").add_argument("command", nargs=argparse.REMAINDER)
    arguments = parser.parse_args()
    try:
        place = find_place(VAR_DIR)
        if arguments.verb == "run":
            return run(place, arguments.command)
        with alone(place):
            COMMANDS[arguments.verb](place)
    except EmbeddedError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
