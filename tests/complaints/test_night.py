"""A night of New York's calls against a phone log with ten entries more: exactly those ten are listed, by office."""

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.utils import timezone

from complaints import counted, services
from complaints.models import Contact, LogEntry
from propman.community.models import Department
from propman.tenancy.models import Company
from propman.tenancy.scope import company_scope
from tests.factories import make_community, make_department
from tests.factories.complaints import make_category, make_policy

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[1] / "data"
NEW_YORK = ZoneInfo("America/New_York")
BOROUGHS = {
    "BROOKLYN": "ext. 100",
    "MANHATTAN": "ext. 200",
    "QUEENS": "ext. 300",
    "BRONX": "ext. 400",
    "STATEN ISLAND": "ext. 500",
}
HEADING = ["Call start", "Caller ID", "Dialled", "Talk time", "Agent", "Direction"]


@dataclass(frozen=True)
class Call:
    at: datetime
    caller: str  # ten digits; nothing when withheld
    borough: str
    is_extra: bool = False


def number_from(text: str, below: int) -> int:
    """A number that follows from the text alone, the same on every machine."""
    return int.from_bytes(sha256(text.encode()).digest()[:8]) % below


def calls() -> Iterator[tuple[Call, dict[str, str]]]:
    """Each row as a call; whoever reports the same address is the same caller, up to nine times that night."""
    with (DATA / "nyc311_night.csv").open() as file:
        for row in csv.DictReader(file):
            at = datetime.strptime(row["Created Date"], "%m/%d/%Y %I:%M:%S %p").replace(tzinfo=NEW_YORK)
            home = row["Incident Address"] or row["Unique Key"]
            yield Call(at, f"917{number_from(home, 10_000_000):07}", row["Borough"]), row


def extra(known: list[Call]) -> list[Call]:
    """Two calls a borough that nobody wrote down: of somebody who called before as well, and of a stranger or withheld."""
    times = defaultdict(list)
    for call in known:
        times[call.caller].append(call.at)
    found = []
    for n, borough in enumerate(sorted(BOROUGHS)):
        often = [one for one in known if one.borough == borough]
        again = max(often, key=lambda one: (len(times[one.caller]), one.caller))
        last = max(times[again.caller])
        found.append(Call(last + timedelta(minutes=14, seconds=n), again.caller, borough, is_extra=True))
        stranger = "" if n % 2 else f"646555{n:04}"
        found.append(Call(often[n].at + timedelta(seconds=5), stranger, borough, is_extra=True))
    return found


def phone_log(known: list[Call]) -> tuple[bytes, list[int]]:
    """The phone system's file, whose clock is some seconds off, and the lines of the extra calls."""
    lines = []
    for n, call in enumerate(sorted([*known, *extra(known)], key=lambda call: (call.at, call.caller, call.is_extra))):
        seen = call.at + timedelta(seconds=number_from(f"skew {n}", 41) - 20)
        spelled = f"+1{call.caller}" if call.caller else "anonymous"
        talk = number_from(f"talk {n}", 400)
        cells = [
            seen.strftime("%m/%d/%Y %I:%M:%S %p"),
            spelled,
            BOROUGHS[call.borough],
            f"{talk // 60}:{talk % 60:02}",
            "311",
            "In",
        ]
        lines.append((seen, cells, call.is_extra))
    lines.sort(key=lambda line: line[0])
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow(HEADING)
    writer.writerows(cells for _seen, cells, _is_extra in lines)
    writer.writerow([lines[-1][1][0], "+12125550000", "ext. 100", "0:30", "311", "Outgoing"])
    return file.getvalue().encode(), [line for line, (*_row, is_extra) in enumerate(lines, start=2) if is_extra]


@pytest.fixture
def night(company) -> list[Call]:
    """Every call of the night as a contact of its borough's office, written down some seconds later."""
    Company.objects.filter(pk=company.pk).update(zone="America/New_York")
    with company_scope(company.pk):
        make_policy(datetime(2022, 1, 1, tzinfo=NEW_YORK))
        category = make_category()
        places = {}
        for borough, line in BOROUGHS.items():
            place = make_community(company, borough.lower().replace(" ", "-"))
            make_department(company, Department.Kind.MANAGEMENT_OFFICE, community=place, name=line)
            places[borough] = place
        known = []
        for call, row in calls():
            area, rest = call.caller[:3], call.caller[3:]
            services.file_complaint(
                channel=Contact.Channel.PHONE,
                category=category,
                title=row["Complaint Type"],
                text=row["Descriptor"] or row["Complaint Type"],
                asker=services.Asker(name=row["Incident Address"], phone=f"({area}) {rest[:3]}-{rest[3:]}"),
                community=places[call.borough],
                at=call.at + timedelta(seconds=number_from(row["Unique Key"], 46)),
            )
            known.append(call)
    return known


def reconcile(path: Path, capsys) -> dict:
    call_command("reconcile", "lanting", str(path), "--mapping", str(DATA / "nyc311_phone.toml"), "--json")
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def test_night_of_calls_lists_exactly_the_ten_that_are_missing(night, company, tmp_path, capsys):
    content, missing = phone_log(night)
    assert (len(night), len(missing)) == (924, 10)
    assert max(Counter(call.caller for call in night).values()) == 9
    log = tmp_path / "phone.csv"
    log.write_bytes(content)

    found = reconcile(log, capsys)
    assert (found["created"], found["matched"], found["also"]) == (934, 924, {"skipped": 1})
    assert found["gaps"] == dict.fromkeys(sorted(BOROUGHS.values()), 2)
    assert sorted(entry["line"] for entry in found["entries"]) == missing

    again = reconcile(log, capsys)
    assert (again["imported"], again["created"], again["gaps"]) == (None, 0, found["gaps"])
    later = tmp_path / "later.csv"
    lines = content.decode().splitlines(keepends=True)
    late = (datetime(2022, 5, 1, 3, 0, tzinfo=NEW_YORK)).strftime("%m/%d/%Y %I:%M:%S %p")
    later.write_text("".join([lines[0], *lines[500:], f"{late},+19175550000,ext. 300,1:00,311,In\r\n"]))
    overlapping = reconcile(later, capsys)
    assert overlapping["created"] == 1
    assert overlapping["gaps"] == found["gaps"] | {"ext. 300": 3}
    with company_scope(company.pk):
        assert LogEntry.objects.count() == 935
        assert list(counted.lists(company)) == []
        assert timezone.now() > LogEntry.objects.latest("occurred_at").occurred_at
