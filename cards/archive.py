"""The files of a published count, written once by a job and served to everybody."""

import zipfile
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from django.core.files import File
from django.core.files.storage import default_storage

from .bulletin import write_bulletin
from .models import Round

ZIP = "bulletin.zip"
LISTS = ["bulletin.json", "issued.csv", "cast.csv", "void.csv", "opinions.jsonl", "recount.py", "README.txt"]
FILES = [ZIP, *LISTS]


def path_of(round: Round, name: str) -> str:
    return f"bulletins/{round.company_id}/{round.pk}/{name}"


def is_ready(round: Round) -> bool:
    return round.archived_at is not None


def write_archive(round: Round, *, at: datetime) -> None:
    """Store the count's files and note that they are there; writing them again gives the same files."""
    with TemporaryDirectory() as folder:
        root = Path(folder) / f"{round.community.address}-{round.month_name}"
        write_bulletin(round, root)
        packed = Path(folder) / ZIP
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out:
            for name in LISTS:
                out.write(root / name, f"{root.name}/{name}")
        for file in (packed, *(root / name for name in LISTS)):
            path = path_of(round, file.name)
            default_storage.delete(path)
            with file.open("rb") as source:
                default_storage.save(path, File(source))
    round.archived_at = at
    round.save(update_fields=["archived_at"])
