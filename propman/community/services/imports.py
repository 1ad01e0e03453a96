"""Bringing files in: every row is checked before any is written, and what an import made can be taken back.

An importer knows one kind of file. `plan` reads the file once and says what would happen to each row; `write` reads it again
and writes batch by batch, in one transaction: nothing is ever half-written, and memory does not grow with the file.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from itertools import chain
from typing import Any, BinaryIO, ClassVar, Protocol

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, IntegrityError, models, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from propman.accounts.models import User
from propman.common.sheets import Column, Sheet, SheetRow, open_sheet
from propman.tenancy.events import record_event

from ..models import (
    Building,
    Department,
    Employee,
    Entrance,
    Household,
    Import,
    ImportedRows,
    Occupancy,
    Person,
    Room,
)

MOST_LISTED = 10_000
MOST_SHOWN = 50
BATCH = 2000
LARGEST_UPLOAD = 20 * 1024 * 1024
FORGOTTEN_AFTER = timedelta(days=1)


class RowsRefused(ValidationError):
    """Rows of the file are wrong; `plan` lists every one of them, and nothing was written."""

    def __init__(self, plan: "Plan") -> None:
        count = plan.refused
        super().__init__(ngettext("%(count)d row is wrong.", "%(count)d rows are wrong.", count), params={"count": count})
        self.plan = plan


class ImportClosed(ValidationError):
    """The import was confirmed, discarded or undone before."""


class StillReferredTo(ValidationError):
    """Something refers to what the import made, or it was changed since."""


class Outcome(models.TextChoices):
    """What an import does with a row."""

    CREATE = "create"
    CHANGE = "change"
    LEAVE = "leave"


@dataclass
class CheckedRow:
    """A row with everything that is wrong with it, or what will happen to it; `parsed` is the importer's own."""

    line: int
    problems: list[str]
    outcome: Outcome = Outcome.LEAVE
    what: str = ""
    says: str = ""
    counts: dict[str, int] = field(default_factory=dict)
    parsed: Any = None


@dataclass
class Plan:
    """What an import will do: counts of rows, every problem by line, and examples of what is new or changed."""

    rows: int = 0
    created: int = 0
    changed: int = 0
    left: int = 0
    refused: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)
    also: dict[str, int] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    encoding: str = ""

    @property
    def changes_nothing(self) -> bool:
        return not (self.created or self.changed)

    def add(self, row: CheckedRow) -> None:
        self.rows += 1
        if row.problems:
            self.refused += 1
            if len(self.problems) < MOST_LISTED:
                self.problems.append({"line": row.line, "says": row.problems})
            return
        for name, count in row.counts.items():
            self.also[name] = self.also.get(name, 0) + count
        self.created += row.outcome == Outcome.CREATE
        self.changed += row.outcome == Outcome.CHANGE
        self.left += row.outcome == Outcome.LEAVE
        if row.outcome != Outcome.LEAVE and sum(one["outcome"] == row.outcome for one in self.examples) < MOST_SHOWN:
            self.examples.append({"line": row.line, "outcome": row.outcome, "what": row.what, "says": row.says})


@dataclass
class Made:
    """What one batch wrote: ids by noun, and for changed rows what they said before and say now."""

    ids: dict[str, list[int]] = field(default_factory=dict)
    changed: dict[str, dict[int, list[Any]]] = field(default_factory=dict)


class Reader(Protocol):
    """Reads one kind of file, and says what would happen to its rows."""

    columns: ClassVar[Sequence[Column]]

    @property
    def mapping(self) -> Mapping[str, Sequence[str]] | None: ...

    def check_headings(self, sheet: Sheet) -> None:
        """Raise UnreadableFile when the columns do not suffice."""

    def check(self, rows: list[SheetRow]) -> list[CheckedRow]:
        """Say what would happen to each row of a batch; remembers what came before in the file."""


class Importer(Reader, Protocol):
    """One kind of file that makes and changes rows of this app."""

    kind: ClassVar[str]

    def lock(self) -> None:
        """Let two imports into the same place wait for each other."""

    def write(self, rows: list[CheckedRow], *, by: User | None, at: datetime) -> list[Made]:
        """Write a batch of rows that have no problems and change something."""


def checked_rows(importer: Reader, file: BinaryIO) -> tuple[Sheet, Iterator[CheckedRow]]:
    """Open the file and check it row by row. Raises UnreadableFile."""
    sheet = open_sheet(file, importer.columns, mapping=importer.mapping)
    importer.check_headings(sheet)
    return sheet, chain.from_iterable(importer.check(batch) for batch in batches(sheet.rows()))


def batches(rows: Iterable[Any], size: int = BATCH) -> Iterator[list[Any]]:
    batch: list[Any] = []
    for row in rows:
        batch.append(row)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def plan_import(*, importer: Reader, file: BinaryIO) -> Plan:
    """What importing the file would do; writes nothing. Raises UnreadableFile."""
    sheet, rows = checked_rows(importer, file)
    plan = Plan(unused=sheet.unused, encoding=sheet.encoding)
    for row in rows:
        plan.add(row)
    return plan


@transaction.atomic
def run_import(
    *,
    importer: Importer,
    again: Importer,
    file: BinaryIO,
    file_name: str,
    by: User | None,
    at: datetime,
    skip_bad_rows: bool = False,
) -> tuple[Plan, Import | None]:
    """Check the whole file, then write it; `importer` checks and `again`, its twin, reads it the second time.

    No Import is returned when nothing had to change. Raises UnreadableFile, and RowsRefused when any row is wrong unless
    `skip_bad_rows` lets the others in.
    """
    importer.lock()
    plan = plan_import(importer=importer, file=file)
    if plan.refused and not skip_bad_rows:
        raise RowsRefused(plan)
    if plan.changes_nothing:
        return plan, None
    done = Import.objects.create(
        kind=importer.kind,
        community=getattr(importer, "community", None),
        file_name=file_name[:200],
        digest=digest_of(file),
        area=getattr(importer, "area", None),
        plan=asdict(plan),
        uploaded_by=by,
        uploaded_at=at,
        confirmed_at=at,
    )
    _write(done, again, file, by=by, at=at)
    return plan, done


def _write(done: Import, importer: Importer, file: BinaryIO, *, by: User | None, at: datetime) -> None:
    _sheet, rows = checked_rows(importer, file)
    write_rows(done, importer, rows, by=by, at=at)


def write_rows(done: Import, importer: Importer, rows: Iterable[CheckedRow], *, by: User | None, at: datetime) -> None:
    """Write what the checked rows ask for, batch by batch, and note under the import what was made."""
    good = (row for row in rows if not row.problems and row.outcome != Outcome.LEAVE)
    for batch in batches(good):
        ImportedRows.objects.bulk_create(
            ImportedRows(company_id=done.company_id, of=done, noun=noun, ids=ids, changed=changed)
            for made in importer.write(batch, by=by, at=at)
            for noun in NOUNS
            if (ids := made.ids.get(noun, [])) or made.changed.get(noun)
            for changed in [made.changed.get(noun, {})]
        )
    counts = {"created": done.plan["created"], "changed": done.plan["changed"], "digest": done.digest, "kind": done.kind}
    record_event("import.confirmed", done, by=by, at=at, facts=counts)


def digest_of(file: BinaryIO) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


@transaction.atomic
def preview_import(*, importer: Importer, file: BinaryIO, file_name: str, by: User, at: datetime) -> Import:
    """Keep an uploaded file with the plan of what it would do, until it is confirmed or discarded. Raises UnreadableFile."""
    plan = plan_import(importer=importer, file=file)
    digest = digest_of(file)
    file.seek(0)
    return Import.objects.create(
        kind=importer.kind,
        community=getattr(importer, "community", None),
        file_name=file_name[:200],
        digest=digest,
        content=file.read(),
        area=getattr(importer, "area", None),
        plan=asdict(plan),
        uploaded_by=by,
        uploaded_at=at,
    )


@transaction.atomic
def confirm_import(*, upload: Import, importer: Importer, again: Importer, by: User, at: datetime) -> Import:
    """Write what was previewed, after checking it again; the file itself is forgotten.

    Raises ImportClosed when somebody was first, RowsRefused when rows have become wrong since.
    """
    upload = Import.objects.select_for_update().get(pk=upload.pk)
    if upload.content is None:
        raise ImportClosed(_("This import is closed already."))
    importer.lock()
    file = BytesIO(upload.content)
    plan = plan_import(importer=importer, file=file)
    if plan.refused:
        raise RowsRefused(plan)
    upload.plan, upload.content, upload.confirmed_at = asdict(plan), None, at
    upload.save(update_fields=["plan", "content", "confirmed_at"])
    _write(upload, again, file, by=by, at=at)
    return upload


@transaction.atomic
def discard_import(*, upload: Import, at: datetime) -> Import:
    """Forget an uploaded file that was not confirmed. Raises ImportClosed."""
    upload = Import.objects.select_for_update().get(pk=upload.pk)
    if upload.content is None:
        raise ImportClosed(_("This import is closed already."))
    upload.content, upload.discarded_at = None, at
    upload.save(update_fields=["content", "discarded_at"])
    return upload


def forget_uploads(*, at: datetime) -> int:
    """Discard files that lay unconfirmed for a day, as they hold people's data."""
    return Import.objects.filter(content__isnull=False, uploaded_at__lt=at - FORGOTTEN_AFTER).update(
        content=None, discarded_at=at
    )


# What undoing deletes, in the order that the references ask for.
NOUNS: dict[str, type[models.Model]] = {
    "occupancy": Occupancy,
    "household": Household,
    "person": Person,
    "room": Room,
    "entrance": Entrance,
    "building": Building,
    "employee": Employee,
    "department": Department,
}


@transaction.atomic
def undo_import(*, done: Import, by: User | None, at: datetime) -> Import:
    """Take back everything that the import made and changed.

    Raises ImportClosed when it was undone before, StillReferredTo when something refers to a row that it made or a row
    that it changed says something else by now; then nothing is taken back.
    """
    done = Import.objects.select_for_update().get(pk=done.pk)
    if done.confirmed_at is None or done.undone_at is not None:
        raise ImportClosed(_("There is nothing to undo."))
    batches = list(ImportedRows.objects.filter(of=done))
    for batch in batches:
        _restore(NOUNS[batch.noun], batch.changed)
    for noun, model in NOUNS.items():
        ids = [row for batch in batches if batch.noun == noun for row in batch.ids]
        _delete(model, ids)
    done.undone_at = at
    done.save(update_fields=["undone_at"])
    record_event("import.undone", done, by=by, at=at)
    return done


def _restore(model: type[models.Model], changed: Mapping[str, Sequence[Any]]) -> None:
    rows = model._default_manager.select_for_update().in_bulk([int(pk) for pk in changed])
    fields: set[str] = set()
    for pk, (before, after) in changed.items():
        row = rows.get(int(pk))
        if row is None or any(_plain(getattr(row, name)) != value for name, value in after.items()):
            raise StillReferredTo(_("%(row)s was changed since."), params={"row": row or pk})
        for name, value in before.items():
            setattr(row, name, value)
        fields |= before.keys()
    if fields:
        model._default_manager.bulk_update(rows.values(), sorted(fields), batch_size=500)


def _plain(value: Any) -> Any:
    """A field's value as the journal of changes keeps it."""
    return value if value is None or isinstance(value, (int, str)) else str(value)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Any]:
    """The pair that undoing needs."""
    return [{name: _plain(value) for name, value in side.items()} for side in (before, after)]


def _delete(model: type[models.Model], ids: list[int]) -> None:
    for start in range(0, len(ids), BATCH):
        rows = model._default_manager.filter(pk__in=ids[start : start + BATCH])
        try:
            with transaction.atomic():
                rows._raw_delete(DEFAULT_DB_ALIAS)  # the database knows who refers to them
        except IntegrityError as error:
            raise StillReferredTo(
                _("It cannot be undone any more: %(what)s of this import are in use (%(by)s)."),
                params={"what": model._meta.verbose_name_plural, "by": _referring(error)},
            ) from error


def _referring(error: IntegrityError) -> str:
    table = getattr(getattr(error.__cause__, "diag", None), "table_name", None) or ""
    from django.apps import apps

    found = (str(model._meta.verbose_name_plural) for model in apps.get_models() if model._meta.db_table == table)
    return next(found, table)


def as_decimal(text: str) -> Decimal | None:
    """A number as people write it: 94.6, 1,200.5, 94.6㎡; None when it is none."""
    from re import fullmatch, sub

    text = sub(r"\s*(㎡|m²|m2|平方米|平米|sq\.?\s?m)$", "", text.strip(), flags=2)
    if not fullmatch(r"-?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?", text) or len(text) > 20:
        return None
    return Decimal(text.replace(",", ""))
