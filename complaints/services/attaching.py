"""Photos and documents beside what was said: kept with the event that they came with, erased, swept."""

import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from complaints.models import Attachment, Complaint, WorkOrder
from complaints.models.attachment import name_field, preview_of
from complaints.workflow import BadInput
from propman.common.uploads import MOST_FILES, NewFile, too_many
from propman.tenancy.events import commitment
from propman.tenancy.models import Event, EventText
from propman.tenancy.scope import current_company_id

FOLDER = "attachments"
UNDER_WAY = timedelta(days=1)  # no request lasts as long


def ensure_few(files: Sequence[NewFile]) -> None:
    """Raises BadInput for more files than one submission may bring."""
    if len(files) > MOST_FILES:
        raise BadInput("files", too_many(len(files)))


def facts_of_files(files: Sequence[NewFile]) -> dict[str, list[str]]:
    """What the event says of its files: a commitment to the content of each."""
    return {"files": [commitment(file.salt, file.sha256) for file in files]} if files else {}


def texts_of_files(files: Sequence[NewFile]) -> dict[str, str]:
    """The given names, as texts of the event: they may be erased by themselves."""
    return {name_field(position): file.name for position, file in enumerate(files, 1)}


def keep_files(
    *, complaint: Complaint, event: Event, side: str, files: Sequence[NewFile], work_order: WorkOrder | None = None
) -> list[Attachment]:
    """Write the files and their rows; the event was recorded with `facts_of_files` and `texts_of_files`.

    The files come first: a row is never without its file, and what a transaction leaves behind that is rolled back is
    swept away by `sweep_files`. Raises BadInput for too many.
    """
    ensure_few(files)
    rows = []
    for position, file in enumerate(files, 1):
        name = f"{folder_of(event.at)}/{secrets.token_hex(16)}.{file.kind}"
        default_storage.save(name, ContentFile(file.content))
        if file.preview:
            default_storage.save(preview_of(name), ContentFile(file.preview))
        rows.append(
            Attachment(
                company_id=complaint.company_id,
                complaint=complaint,
                event=event,
                work_order=work_order,
                position=position,
                side=side,
                kind=file.kind,
                size=len(file.content),
                width=file.width,
                height=file.height,
                sha256=file.sha256,
                salt=file.salt,
                file=name,
            )
        )
    return Attachment.objects.bulk_create(rows)


def folder_of(at: datetime) -> str:
    return f"{FOLDER}/{current_company_id()}/{at:%Y-%m-%d}"


def erase_attachment(attachment: Attachment) -> None:
    """Erase a file with its given name; the event keeps its commitment, and its chain stays valid."""
    EventText.objects.filter(event_id=attachment.event_id, field=attachment.name_field).delete()
    attachment.delete()
    names = [attachment.file, *([attachment.preview] if attachment.is_photo else [])]
    transaction.on_commit(lambda: _delete(names))


def _delete(names: Sequence[str]) -> None:
    for name in names:
        default_storage.delete(name)


def sweep_files(*, at: datetime) -> int:
    """Delete the company's files that no row speaks of and that no request may still be writing; returns how many."""
    swept = 0
    for names in stored_files():
        rows = Attachment.objects.filter(file__in=names).values_list("file", flat=True)
        known = {name for file in rows for name in (file, preview_of(file))}
        for name in sorted(names - known):
            with suppress(FileNotFoundError):  # swept by another worker
                if default_storage.get_modified_time(name) < at - UNDER_WAY:
                    default_storage.delete(name)
                    swept += 1
    return swept


def stored_files() -> Iterator[set[str]]:
    """The names of the company's stored files, one day at a time."""
    root = f"{FOLDER}/{current_company_id()}"
    for day in _listed(root)[0]:
        yield {f"{root}/{day}/{name}" for name in _listed(f"{root}/{day}")[1]}


def _listed(folder: str) -> tuple[Any, Any]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []
