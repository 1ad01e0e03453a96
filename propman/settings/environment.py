"""The only reader of the environment."""

import os
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent
VAR_DIR = Path(os.environ.get("PROPMAN_VAR", BASE_DIR / "var"))


def text(name: str, default: str | None = None) -> str:
    """The variable's value. Raises ImproperlyConfigured when it is missing and has no default."""
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set the environment variable {name}.")
    return value


def words(name: str, default: str = "") -> list[str]:
    """A comma-separated list."""
    return [word.strip() for word in text(name, default).split(",") if word.strip()]


def flag(name: str, default: bool = False) -> bool:
    """True for 1, true, yes, on."""
    return text(name, str(default)).lower() in {"1", "true", "yes", "on"}


def embedded(name: str) -> str:
    """A URL that the launcher of the embedded services left in var/services.env, or nothing."""
    file = VAR_DIR / "services.env"
    lines = file.read_text().splitlines() if file.exists() else []
    return dict(line.split("=", 1) for line in lines if "=" in line).get(name, "")


def service_url(name: str) -> str:
    """The address of a service: from the environment, else of the embedded one. Raises ImproperlyConfigured."""
    if url := os.environ.get(name) or embedded(name):
        return url
    raise ImproperlyConfigured(f"Set {name}, or start the embedded services: python -m propman.embedded start")


def database(url: str) -> dict[str, Any]:
    """Django's database settings for postgres://user:password@host:port/name."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"A database URL begins with postgres://, not {parts.scheme}://")
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": parts.hostname or "",
        "PORT": str(parts.port or ""),
    }


def file_storage() -> dict[str, Any]:
    """Where uploaded files lie: a bucket of S3 or whatever speaks its language (FILES_BUCKET), or a folder (FILES_FOLDER).

    The bucket is private. Its keys come from FILES_ACCESS_KEY and FILES_SECRET_KEY, or from the machine's own role.
    """
    if not (bucket := text("FILES_BUCKET", "")):
        folder = Path(text("FILES_FOLDER", str(VAR_DIR / "files")))
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": folder}}
    options = {
        "bucket_name": bucket,
        "endpoint_url": text("FILES_ENDPOINT", "") or None,
        "region_name": text("FILES_REGION", "") or None,
        "access_key": text("FILES_ACCESS_KEY", "") or None,
        "secret_key": text("FILES_SECRET_KEY", "") or None,
        "default_acl": None,  # what the bucket says: nobody but us
        "file_overwrite": False,
        "signature_version": "s3v4",
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
