"""Backup and restore: a dump of the database and a copy of the uploaded files, with fingerprints to compare by.

The dump runs as the owner of the tables, who sees every row. What the broker and the cache hold needs no backup.
"""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg2
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import default_storage
from django.db import connection as application
from psycopg2 import sql

from propman.embedded.postgres import client_program

JOBS = 2
DUMP, FILES, MANIFEST = "database", "files", "manifest.json"


class ArchiveError(RuntimeError):
    """A backup cannot be made or does not give back what was saved."""


def connect(database: str) -> Any:
    """A connection of the owner, in the one spelling in which rows are fingerprinted. Raises ArchiveError."""
    owner = settings.DATABASE_OWNER
    spelling = "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c extra_float_digits=1 -c bytea_output=hex"
    try:
        return psycopg2.connect(
            dbname=database,
            user=owner["USER"],
            password=owner["PASSWORD"],
            host=owner["HOST"],
            port=owner["PORT"] or None,
            options=spelling,
        )
    except psycopg2.OperationalError as problem:
        raise ArchiveError(f"The database does not answer: {problem}") from problem


def run(program: str, *arguments: object) -> None:
    """Run a PostgreSQL client as the owner. Raises ArchiveError with what it said."""
    owner = settings.DATABASE_OWNER
    connection = {"PGHOST": owner["HOST"], "PGPORT": owner["PORT"], "PGUSER": owner["USER"], "PGPASSWORD": owner["PASSWORD"]}
    try:
        done = subprocess.run(
            [client_program(program), *map(str, arguments)],
            env={**os.environ, **{name: value for name, value in connection.items() if value}},
            capture_output=True,
            text=True,
        )
    except FileNotFoundError as problem:
        raise ArchiveError(f"{program} is not on this machine: install postgresql-client.") from problem
    if done.returncode:
        raise ArchiveError(f"{program} failed: {done.stderr}")


def table_fingerprints(connection: Any) -> dict[str, dict[str, Any]]:
    """Of each table the number of rows and a sum of their hashes, whatever order they lie in."""
    found = {}
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
        for (table,) in cursor.fetchall():
            cursor.execute(
                sql.SQL(
                    "SELECT count(*), coalesce(sum(('x' || left(md5(rows::text), 16))::bit(64)::bigint::numeric), 0)"
                    " FROM public.{} AS rows"
                ).format(sql.Identifier(table))
            )
            rows, digest = cursor.fetchone()
            found[table] = {"rows": rows, "hash": str(digest)}
        cursor.execute("SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' ORDER BY sequencename")
        found |= {f"sequence {name}": {"rows": 1, "hash": str(last)} for name, last in cursor.fetchall()}
    return found


def file_fingerprints(folder: Path) -> dict[str, str]:
    if not folder.exists():
        return {}
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def stored_files(folder: str = "") -> Iterator[str]:
    """The names of all files in the storage, be it a folder or a bucket."""
    try:
        folders, files = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}{name}" for name in files)
    for inner in folders:
        yield from stored_files(f"{folder}{inner}/")


def save_files(target: Path) -> None:
    """Copy all files of the storage into the folder; what is swept away meanwhile has no row."""
    for name in stored_files():
        with suppress(FileNotFoundError), default_storage.open(name) as source:
            file = target / name
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("wb") as copy:
                shutil.copyfileobj(source, copy)


def bring_back_files(source: Path, names: Iterable[str]) -> None:
    for name in names:
        with (source / name).open("rb") as file:
            default_storage.save(name, File(file))


def stored_fingerprints() -> dict[str, str]:
    found = {}
    for name in stored_files():
        digest = hashlib.sha256()
        with default_storage.open(name) as file:
            for chunk in file.chunks():
                digest.update(chunk)
        found[name] = digest.hexdigest()
    return found


def back_up(target: Path, *, at: datetime) -> dict[str, Any]:
    """Write dump, files and manifest into a new folder; the manifest is returned.

    Raises ArchiveError when the folder holds anything or a program fails. Dump and fingerprints see the same moment.
    """
    if target.exists() and any(target.iterdir()):
        raise ArchiveError(f"{target} is not empty.")
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = application.settings_dict["NAME"]
    with closing_transaction(name) as connection:
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            (snapshot,) = cursor.fetchone()
        run("pg_dump", "-Fd", f"-j{JOBS}", f"--snapshot={snapshot}", "-f", target / DUMP, "-d", name)
        tables = table_fingerprints(connection)
    # after the database: a file may be newer than its row, never missing
    save_files(target / FILES)
    manifest = {"at": at.isoformat(), "database": name, "tables": tables, "files": file_fingerprints(target / FILES)}
    (target / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False))
    return manifest


def restore(source: Path) -> dict[str, Any]:
    """Bring a backup back into the empty database and the empty folder of files, and compare; returns its manifest.

    Raises ArchiveError when something is in the way, a program fails, or what came back differs.
    """
    manifest = read_manifest(source)
    name = application.settings_dict["NAME"]
    with closing_transaction(name) as connection:
        if table_fingerprints(connection):
            raise ArchiveError(f"The database {name} is not empty: restore into a new one.")
    if manifest["files"] and any(stored_files()):
        raise ArchiveError("The storage of files is not empty.")
    restore_database(source, name)
    bring_back_files(source / FILES, manifest["files"])
    compare(manifest, name, stored_fingerprints() if manifest["files"] else {})
    return manifest


def drill(source: Path) -> dict[str, Any]:
    """Restore a backup into a database made for it, compare, and drop that database; returns the manifest.

    Raises ArchiveError as `restore` does. The portal may go on meanwhile.
    """
    manifest = read_manifest(source)
    name = f"propman_drill_{os.getpid()}"
    maintenance = connect("postgres")
    maintenance.autocommit = True
    with maintenance.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            restore_database(source, name)
            compare(manifest, name, file_fingerprints(source / FILES))
        finally:
            cursor.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))
    maintenance.close()
    return manifest


def restore_database(source: Path, name: str) -> None:
    # the extensions are there already and belong to the superuser (propman/embedded/roles.sql)
    listing = subprocess.run(
        [client_program("pg_restore"), "-l", source / DUMP], capture_output=True, text=True, check=True
    ).stdout
    contents = source / "contents.txt"
    contents.write_text("\n".join(line for line in listing.splitlines() if " EXTENSION " not in line))
    try:
        run("pg_restore", f"-j{JOBS}", "--no-owner", "--exit-on-error", "-L", contents, "-d", name, source / DUMP)
    finally:
        contents.unlink()


def read_manifest(source: Path) -> dict[str, Any]:
    file = source / MANIFEST
    if not file.exists():
        raise ArchiveError(f"{source} holds no finished backup: {MANIFEST} is missing.")
    manifest: dict[str, Any] = json.loads(file.read_text())
    return manifest


def counts(manifest: dict[str, Any]) -> dict[str, int]:
    tables = manifest["tables"]
    return {"tables": len(tables), "rows": sum(table["rows"] for table in tables.values()), "files": len(manifest["files"])}


def compare(manifest: dict[str, Any], database: str, found_files: dict[str, str]) -> None:
    """Raises ArchiveError naming every table, sequence and file that differs from the manifest."""
    with closing_transaction(database) as connection:
        found = table_fingerprints(connection)
    different = sorted(
        name
        for expected, actual in ((manifest["tables"], found), (manifest["files"], found_files))
        for name in expected.keys() | actual.keys()
        if expected.get(name) != actual.get(name)
    )
    if different:
        raise ArchiveError(f"Differs from the backup: {', '.join(different)}")


@contextmanager
def closing_transaction(database: str) -> Iterator[Any]:
    """A connection of the owner for one transaction, which is rolled back."""
    connection = connect(database)
    try:
        yield connection
    finally:
        connection.close()
