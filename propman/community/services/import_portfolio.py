"""A registry export: companies, their communities and buildings with rooms, in one file that is somebody else's.

Its rows cannot be put right by whoever imports them, so those that are wrong are named and left out, and the others come
in: all of them in one transaction, or none when `strict`.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, BinaryIO

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from propman.common.sheets import Column, SheetRow, UnreadableFile, open_sheet
from propman.common.text import tidy
from propman.tenancy.companies import open_company
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope

from ..models import Community, Import
from .import_rooms import RoomsImporter
from .imports import CheckedRow, Plan, RowsRefused, digest_of, write_rows
from .places import checked_area, open_community

LONGEST_ADDRESS = 40


class UnusableMapping(ValidationError):
    """The mapping does not say what is needed."""


@dataclass(frozen=True)
class Mapped:
    """What a mapping file says: the file's headings by column, and what the file itself leaves out."""

    columns: Mapping[str, Sequence[str]]
    community_name: str = "{}"
    area: Decimal | None = None
    zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    language: str = "zh-hans"


COLUMNS = (
    Column("company", gettext_lazy("company"), (), True),
    Column("community", gettext_lazy("community"), (), True),
    *RoomsImporter.columns,
)


def read_mapping(told: Mapping[str, Any]) -> Mapped:
    """The mapping of a parsed TOML file: [columns], optionally [community], [rooms], [company]. Raises UnusableMapping."""
    columns = told.get("columns")
    known = {column.name for column in COLUMNS}
    if not isinstance(columns, Mapping) or not {"company", "community", "building"} <= columns.keys():
        raise UnusableMapping(_("The mapping needs [columns] with company, community and building."))
    if unknown := sorted(columns.keys() - known):
        raise UnusableMapping(
            _("The mapping has unknown columns: %(unknown)s. Known are: %(known)s."),
            params={"unknown": ", ".join(unknown), "known": ", ".join(sorted(known))},
        )
    headings = {name: [given] if isinstance(given, str) else list(given) for name, given in columns.items()}
    headings |= {name: [] for name in known - headings.keys()}
    pattern, area = told.get("community", {}).get("name", "{}"), told.get("rooms", {}).get("area")
    if pattern.count("{}") != 1:
        raise UnusableMapping(_("The name of a community needs one {} for what the column says."))
    company = {key: told.get("company", {})[key] for key in ("zone", "currency", "language") if key in told.get("company", {})}
    return Mapped(headings, pattern, checked_area(Decimal(str(area))) if area is not None else None, **company)


@dataclass
class Portfolio:
    """What importing a registry did: counts, and every row that was left out."""

    rows: int = 0
    companies: int = 0
    communities: int = 0
    rooms: int = 0
    created: int = 0
    changed: int = 0
    left: int = 0
    refused: int = 0
    problems: list[dict[str, Any]] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)

    def refuse(self, line: int, *says: str) -> None:
        self.refused += 1
        self.problems.append({"line": line, "says": list(says)})


@transaction.atomic
def import_portfolio(
    *, file: BinaryIO, file_name: str, mapping: Mapped, at: datetime, dry_run: bool = False, strict: bool = False
) -> Portfolio:
    """Bring in the companies, communities, buildings and rooms of a registry; running it again changes nothing.

    Companies are told apart by their names without punctuation and case. Raises UnreadableFile, and RowsRefused when
    `strict` and any row is wrong.
    """
    sheet = open_sheet(file, COLUMNS, mapping=mapping.columns)
    if not sheet.columns["room"] and not sheet.columns["units"]:
        raise UnreadableFile(_("The mapping names no column for room or units that the file has."))
    done = Portfolio(unused=sheet.unused)
    rows: dict[str, dict[str, list[SheetRow]]] = {}
    names: dict[str, str] = {}
    for row in sheet.rows():
        done.rows += 1
        if says := _problems_of_names(row):
            done.refuse(row.line, *says)
            continue
        address = company_address(row.cells["company"])
        names.setdefault(address, row.cells["company"])
        rows.setdefault(address, {}).setdefault(row.cells["community"], []).append(row)
    digest = digest_of(file)
    with transaction.atomic():
        for address, communities in rows.items():
            _bring_company(address, names[address], communities, done, mapping, file_name, digest, at)
        if dry_run or (strict and done.refused):
            transaction.set_rollback(True)
    done.problems.sort(key=lambda problem: problem["line"])
    if strict and done.refused:
        raise RowsRefused(Plan(refused=done.refused, problems=done.problems, rows=done.rows))
    return done


def _problems_of_names(row: SheetRow) -> list[str]:
    says = list(row.problems)
    if not row.cells["company"]:
        says.append(_("The company is missing."))
    if not row.cells["community"]:
        says.append(_("The community is missing."))
    return says


def company_address(name: str) -> str:
    """The address that follows from a company's name: the same for “ACME Inc.” and “Acme Inc”."""
    return _address(name, "c")


def _address(name: str, first: str) -> str:
    slug = slugify(name.replace(".", "").replace("'", ""))
    if not slug or not slug[0].isalpha():
        slug = f"{first}-{slug}".rstrip("-")
    if len(slug) > LONGEST_ADDRESS or not name.isascii():
        slug = f"{slug[: LONGEST_ADDRESS - 9].rstrip('-')}-{zlib.crc32(name.casefold().encode()):08x}"
    return slug


def _bring_company(
    address: str,
    name: str,
    communities: Mapping[str, list[SheetRow]],
    done: Portfolio,
    mapping: Mapped,
    file_name: str,
    digest: str,
    at: datetime,
) -> None:
    company = Company.objects.filter(address=address).first()
    try:
        if company is None:
            company = open_company(
                address=address,
                name=tidy(name, longest=120),
                zone=mapping.zone,
                currency=mapping.currency,
                language=mapping.language,
                by=None,
                at=at,
            )
            done.companies += 1
        elif company_address(company.name) != address:
            raise ValidationError(_("The address “%(address)s” is taken."), params={"address": address})
    except ValidationError as error:
        for row in (row for rows in communities.values() for row in rows):
            done.refuse(row.line, *error.messages)
        return
    with company_scope(company.pk):
        for community, rows in communities.items():
            _bring_community(mapping.community_name.format(community), rows, done, mapping, file_name, digest, at)


def _bring_community(
    name: str, rows: list[SheetRow], done: Portfolio, mapping: Mapped, file_name: str, digest: str, at: datetime
) -> None:
    address = _address(name, "community")
    community = Community.objects.filter(address=address).first()
    if community is None:
        try:
            community = open_community(address=address, name=name, by=None, at=at)
        except ValidationError as error:
            for row in rows:
                done.refuse(row.line, *error.messages)
            return
        done.communities += 1
    importer = RoomsImporter(community, mapping.area, mapping.columns)
    plan, checked = Plan(), importer.check(rows)
    for one in checked:
        plan.add(one)
        if one.problems:
            done.refuse(one.line, *one.problems)
    done.created, done.changed, done.left = (
        done.created + plan.created,
        done.changed + plan.changed,
        done.left + plan.left,
    )
    done.rooms += plan.also.get("rooms", 0)
    if not plan.changes_nothing:
        _write(importer, checked, plan, file_name, digest, at)


def _write(importer: RoomsImporter, checked: list[CheckedRow], plan: Plan, file_name: str, digest: str, at: datetime) -> None:
    brought = Import.objects.create(
        kind=Import.Kind.ROOMS,
        community=importer.community,
        file_name=file_name[:200],
        digest=digest,
        area=importer.area,
        plan=asdict(plan),
        uploaded_at=at,
        confirmed_at=at,
    )
    write_rows(brought, importer, checked, by=None, at=at)
