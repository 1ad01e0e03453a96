import os
import signal
import socket
import subprocess
import time
from urllib.parse import urlsplit

import psutil
import psycopg2
import pytest
import redis

from propman.embedded import postgres
from propman.embedded.place import EmbeddedError
from propman.settings.environment import BASE_DIR


def ask(url: str, statement: str) -> list[tuple]:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(statement)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows


def test_second_start_is_quick_and_changes_nothing(started):
    before, pids = started.variables(), started.pids()
    began = time.monotonic()
    assert started.start() == before
    assert time.monotonic() - began < 2
    assert started.pids() == pids


def test_restart_keeps_ports_and_data(clone):
    before = clone.start()
    ask(before["DATABASE_OWNER_URL"], "CREATE TABLE kept AS SELECT 1 AS row")
    redis.Redis.from_url(before["REDIS_URL"]).set("kept", "1")
    assert clone.call("stop").returncode == 0
    assert clone.pids() == (None, None)
    began = time.monotonic()
    assert clone.start() == before
    assert time.monotonic() - began < 2
    assert ask(before["DATABASE_OWNER_URL"], "SELECT * FROM kept") == [(1,)]
    assert redis.Redis.from_url(before["REDIS_URL"]).get("kept") == b"1"


def test_roles_have_the_rights_of_their_work(started):
    variables = started.variables()
    rights = {
        name: flags
        for name, *flags in ask(
            variables["DATABASE_OWNER_URL"],
            "SELECT rolname, rolcanlogin, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole FROM pg_roles"
            " WHERE rolname LIKE 'propman%'",
        )
    }
    assert rights == {
        "propman_ddl": [True, False, True, True, False],
        "propman_app": [True, False, False, False, False],
        "propman_official": [False, False, False, False, False],
    }
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(variables["DATABASE_URL"], "CREATE TABLE mine (row int)")
    assert ask(variables["DATABASE_URL"], "SET ROLE propman_official; SELECT current_user") == [("propman_official",)]


def test_application_does_not_inherit_officials_rights(started):
    variables = started.variables()
    ask(variables["DATABASE_OWNER_URL"], "CREATE TABLE secret (row int)")
    ask(variables["DATABASE_OWNER_URL"], "GRANT SELECT ON secret TO propman_official")
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        ask(variables["DATABASE_URL"], "SELECT * FROM secret")
    assert ask(variables["DATABASE_URL"], "SET ROLE propman_official; SELECT * FROM secret") == []


def test_new_databases_have_the_extensions(started):
    owner = started.variables()["DATABASE_OWNER_URL"]
    ask(owner, "CREATE DATABASE another")
    found = ask(f"{owner.rsplit('/', 1)[0]}/another", "SELECT extname FROM pg_extension")
    assert {("pg_trgm",), ("btree_gist",), ("citext",), ("pg_stat_statements",)} <= set(found)
    assert ask(f"{owner.rsplit('/', 1)[0]}/another", "SELECT cardinality(show_trgm('漏水了')) > 0") == [(True,)]


def test_servers_listen_on_loopback_only(started):
    for pid in started.pids():
        listening = [each.laddr.ip for each in psutil.Process(pid).net_connections() if each.status == psutil.CONN_LISTEN]
        assert listening == ["127.0.0.1"]


def test_servers_do_not_run_as_root(started):
    for pid in started.pids():
        assert 0 not in psutil.Process(pid).uids()


def test_strangers_need_the_passwords(started):
    variables = started.variables()
    for url in (variables["DATABASE_URL"], variables["DATABASE_OWNER_URL"]):
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(url.replace(urlsplit(url).password, "wrong"))
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=urlsplit(variables["REDIS_URL"]).port).ping()
    assert (started.var / "services.env").stat().st_mode & 0o077 == 0


def test_clone_that_others_cannot_enter_works(closed_clone):
    variables = closed_clone.start()
    assert ask(variables["DATABASE_URL"], "SELECT current_user") == [("propman_app",)]
    assert closed_clone.var.parent.stat().st_mode & 0o777 == 0o700
    assert (closed_clone.place.state == closed_clone.var) == (os.geteuid() != 0)


def test_killed_servers_start_again(clone):
    variables = clone.start()
    ask(variables["DATABASE_OWNER_URL"], "CREATE TABLE kept AS SELECT 1 AS row")
    for pid in clone.pids():
        os.kill(pid, signal.SIGKILL)
    assert clone.start() == variables
    assert ask(variables["DATABASE_OWNER_URL"], "SELECT * FROM kept") == [(1,)]


def test_pid_files_of_other_programs_do_not_confuse(clone):
    variables = clone.start()
    clone.call("stop")
    other = subprocess.Popen(["sleep", "60"])
    (clone.place.state / "postgres" / "postmaster.pid").write_text(f"{other.pid}\n")
    (clone.place.state / "valkey" / "valkey.pid").write_text(str(other.pid))
    assert clone.call("status").returncode == 1
    assert clone.start() == variables
    assert other.poll() is None
    other.kill()
    other.wait()


def test_half_made_data_folder_is_made_anew(clone):
    for name in ("postgres", "postgres.new"):
        (clone.var / name / "base").mkdir(parents=True)
        (clone.var / name / "base" / "1").write_text("half")
    variables = clone.start()
    assert ask(variables["DATABASE_URL"], "SELECT 1") == [(1,)]


def test_killed_first_start_is_completed_by_the_next(clone):
    for moment in (0.15, 0.4, 0.8):
        first = subprocess.Popen(
            clone.command("start"),
            cwd=BASE_DIR,
            env=clone.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(moment)
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    variables = clone.start()
    assert ask(variables["DATABASE_URL"], "SELECT current_user") == [("propman_app",)]


def test_starts_at_once_make_one_pair_of_servers(clone):
    starts = [
        subprocess.Popen(clone.command("start"), cwd=BASE_DIR, env=clone.environment(), stdout=subprocess.DEVNULL)
        for _each in range(3)
    ]
    assert [start.wait() for start in starts] == [0, 0, 0]
    running = [
        process
        for process in psutil.process_iter(["cmdline"])
        if str(clone.place.state / "postgres") in (process.info["cmdline"] or [])
    ]
    assert len(running) == 1


def test_taken_port_is_replaced(clone):
    before = clone.start()
    clone.call("stop")
    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", urlsplit(before["DATABASE_URL"]).port))
        squatter.listen()
        after = clone.start()
        assert urlsplit(after["DATABASE_URL"]).port != urlsplit(before["DATABASE_URL"]).port
        assert after["REDIS_URL"] == before["REDIS_URL"]
        assert ask(after["DATABASE_URL"], "SELECT 1") == [(1,)]


def test_services_of_the_environment_replace_ours(clone):
    url = "postgres://somebody@127.0.0.1/elsewhere"
    started = clone.call("start", DATABASE_URL=url, DATABASE_OWNER_URL=url, REDIS_URL="redis://127.0.0.1/0")
    assert started.returncode == 0
    assert clone.pids() == (None, None)
    assert clone.variables() == {}


def test_half_named_database_is_refused(clone):
    started = clone.call("start", DATABASE_URL="postgres://somebody@127.0.0.1/elsewhere")
    assert started.returncode == 1
    assert "DATABASE_OWNER_URL" in started.stderr
    assert clone.pids() == (None, None)


def test_data_of_another_version_is_refused_in_words(clone):
    clone.start()
    clone.call("stop")
    version = clone.place.state / "postgres" / "PG_VERSION"
    made_by = version.read_text()
    version.write_text("9\n")
    started = clone.call("start")
    version.write_text(made_by)
    assert started.returncode == 1
    assert "PostgreSQL 9" in started.stderr


def test_machines_postgresql_serves_where_the_wheel_does_not_fit(clone, monkeypatch):
    place = clone.place
    packaged = postgres.find_binaries(place)
    monkeypatch.setattr(postgres, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", f"{packaged}:{os.environ['PATH']}")
    assert postgres.major_version(place, postgres.find_binaries(place)) >= 15
    postgres.start(place)
    assert ask(postgres.urls(place)["DATABASE_URL"], "SELECT cardinality(show_trgm('漏水了')) > 0") == [(True,)]
    postgres.stop(place)


def test_missing_postgresql_is_told_in_words(clone, monkeypatch):
    monkeypatch.setattr(postgres, "find_spec", lambda name: None)
    monkeypatch.setattr(postgres, "machine_binaries", lambda: iter(()))
    with pytest.raises(EmbeddedError, match="Install the package postgresql"):
        postgres.start(clone.place)
