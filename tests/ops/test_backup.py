import json
import re

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.storage.handler import StorageHandler
from django.core.management import CommandError, call_command
from django.db import connection

from propman.ops import archive
from propman.settings import environment
from propman.tenancy.events import record_event
from propman.tenancy.scope import company_scope
from tests.conftest import owner_connection
from tests.factories import BEGIN

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def backup(tmp_path, settings, community, owner):
    """A finished backup of two rows of every kind and one file."""
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {**settings.STORAGES["default"], "OPTIONS": {"location": tmp_path / "uploads"}},
    }
    (tmp_path / "uploads").mkdir()
    (tmp_path / "uploads" / "photo.jpg").write_bytes(b"a photo")
    with company_scope(community.company_id):
        record_event("community.opened", community, by=None, at=BEGIN, texts={"name": "兰亭"})
    call_command("backup", str(tmp_path / "saved"))
    return tmp_path / "saved"


@pytest.fixture
def empty_database(settings, tmp_path, backup):
    """The portal's settings point at a new database and an empty folder of files."""
    name = f"{connection.settings_dict['NAME']}_restored"
    maintenance = owner_connection()
    maintenance.autocommit = True
    with maintenance.cursor() as cursor:
        cursor.execute(f'DROP DATABASE IF EXISTS "{name}"')
        cursor.execute(f'CREATE DATABASE "{name}"')
    original = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    (tmp_path / "uploads").rename(tmp_path / "before")
    yield name
    connection.close()
    connection.settings_dict["NAME"] = original
    with maintenance.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}"')
    maintenance.close()


def test_backup_holds_every_table_and_file(backup):
    manifest = json.loads((backup / "manifest.json").read_text())
    assert manifest["tables"]["tenancy_event"]["rows"] == 1
    assert manifest["tables"]["community_community"]["rows"] == 1
    assert list(manifest["files"]) == ["photo.jpg"]


def test_backup_is_closed_to_others(backup):
    assert backup.stat().st_mode & 0o077 == 0


def test_drill_restores_the_same(backup, capsys):
    call_command("restore", str(backup), "--drill")
    assert "Restored and equal" in capsys.readouterr().out
    with owner_connection() as owner, owner.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_database WHERE datname LIKE 'propman_drill%'")
        assert cursor.fetchone() == (0,)


def test_restored_database_is_protected_as_before(backup, empty_database, tmp_path):
    call_command("restore", str(backup))
    assert (tmp_path / "uploads" / "photo.jpg").read_bytes() == b"a photo"
    with connection.cursor() as cursor:  # the application's login, no company
        cursor.execute("SELECT session_user")
        assert cursor.fetchone() == ("propman_app",)
        with pytest.raises(Exception, match=r"app\.company"):
            cursor.execute("SELECT * FROM community_community")
        with pytest.raises(Exception, match="permission denied"):
            cursor.execute("DELETE FROM tenancy_company")


def test_restore_over_data_is_refused(backup):
    with pytest.raises(CommandError, match="is not empty"):
        call_command("restore", str(backup))


def test_backup_into_a_used_folder_is_refused(backup):
    with pytest.raises(CommandError, match="is not empty"):
        call_command("backup", str(backup))


def test_half_a_backup_is_refused(backup):
    (backup / "manifest.json").unlink()
    with pytest.raises(CommandError, match="no finished backup"):
        call_command("restore", str(backup), "--drill")


def test_altered_row_or_file_is_named(backup):
    manifest = json.loads((backup / "manifest.json").read_text())
    manifest["tables"]["tenancy_event"]["hash"] = "7"
    (backup / "manifest.json").write_text(json.dumps(manifest))
    (backup / "files" / "photo.jpg").write_bytes(b"another photo")
    with pytest.raises(CommandError, match=re.escape("Differs from the backup: photo.jpg, tenancy_event")):
        call_command("restore", str(backup), "--drill")


def test_missing_server_is_told_in_words(tmp_path, settings):
    settings.DATABASE_OWNER = {**settings.DATABASE_OWNER, "PORT": "1"}
    with pytest.raises(CommandError, match="refused"):
        call_command("backup", str(tmp_path / "saved"))


def test_files_of_a_bucket_are_saved_and_brought_back(settings, tmp_path):
    """A storage that has no folder on this machine."""
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": memory}
    for name in ("attachments/1/2026-03-02/a.jpeg", "bulletins/1/2/bulletin.zip"):
        default_storage.save(name, ContentFile(name.encode()))
    before = archive.stored_fingerprints()
    archive.save_files(tmp_path)
    assert archive.file_fingerprints(tmp_path) == before
    settings.STORAGES = {**settings.STORAGES, "default": {**memory}}
    assert not list(archive.stored_files())
    archive.bring_back_files(tmp_path, before)
    assert archive.stored_fingerprints() == before


def test_bucket_is_set_by_the_environment(monkeypatch):
    for name, value in {"BUCKET": "files", "ENDPOINT": "https://s3.example", "ACCESS_KEY": "a", "SECRET_KEY": "b"}.items():
        monkeypatch.setenv(f"FILES_{name}", value)
    storage = StorageHandler({"default": environment.file_storage()})["default"]
    assert (storage.bucket_name, storage.endpoint_url, storage.default_acl) == ("files", "https://s3.example", None)
    assert (storage.access_key, storage.file_overwrite, storage.custom_domain) == ("a", False, None)


def test_folder_of_files_is_set_by_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("FILES_FOLDER", str(tmp_path / "elsewhere"))
    storage = StorageHandler({"default": environment.file_storage()})["default"]
    storage.save("a/b.txt", ContentFile(b"b"))
    assert (tmp_path / "elsewhere" / "a" / "b.txt").read_bytes() == b"b"
