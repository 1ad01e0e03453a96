"""History of another system: dirty files, their own numbers, on time as they say, and never counted nor escalated."""

import csv
import json
import tomllib
from datetime import UTC, datetime, timedelta
from io import BytesIO, StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction

from complaints import integrity, services
from complaints.figures import office_facts
from complaints.models import Complaint, Contact, ImportedComplaint, Timer
from complaints.models.history import was_on_time
from complaints.selectors.figures import Slice, rows_behind
from complaints.services.escalation import fire_timers_of
from complaints.services.import_complaints import RowsRefused, UnusableMapping, import_complaints, read_mapping
from complaints.services.policies import set_up_complaints
from propman.common.sheets import UnreadableFile
from propman.community.models import Employee
from propman.tenancy.models import NumberSeries
from propman.tenancy.scope import company_scope
from tests.factories.complaints import make_complaint

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[1] / "data"
AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
OF_A_SYSTEM = {
    "source": "old",
    "columns": {
        "number": "no", "opened": "opened", "closed": "closed", "due": "due", "category": "about", "state": "state",
        "channel": "by", "place": "place", "community": "estate",
    },
    "times": {"zone": "Asia/Shanghai", "formats": ["%d.%m.%Y %H:%M", "%d.%m.%Y"]},
    "states": {"open": ["open"], "closed": ["done"]},
    "channels": {"phone": "tel*"},
    "categories": {"noise": ["noise*"], "rest": "other"},
    "communities": {"willow-garden": ["Willow*"]},
}  # fmt: skip


@pytest.fixture
def ready(scope, community):
    set_up_complaints(by=None, at=AT - timedelta(days=1))
    return scope


def history(*rows: str, heading: str = "no,opened,closed,due,about,state,by,place,estate") -> BytesIO:
    return BytesIO("\n".join([heading, *rows]).encode())


def brought(*rows: str, mapping=OF_A_SYSTEM, **given):
    return import_complaints(file=history(*rows), mapping=read_mapping(mapping), by=None, at=AT, **given)


def from_file(name: str, at: datetime = AT, **given):
    mapping = read_mapping(tomllib.loads((DATA / f"{name}.toml").read_text()))
    with (DATA / f"{name}.csv").open("rb") as file:
        return import_complaints(file=file, mapping=mapping, by=None, at=at, **given)


def said_by_boston() -> dict[str, str]:
    with (DATA / "boston311.csv").open(newline="") as file:
        return {row["case_enquiry_id"]: row["ontime"] for row in csv.DictReader(file)}


def test_boston_is_overdue_where_the_city_says_so(ready):
    exported_at = datetime(2022, 5, 20, 17, 3, 22, tzinfo=UTC)  # 13:03:22 in Boston
    done = from_file("boston311", at=exported_at)
    assert (done.created, done.refused, done.on_time, done.overdue) == (100, 0, 83, 17)
    rows = ImportedComplaint.objects.select_related("complaint")
    ours = {
        row.reference: "ONTIME"
        if was_on_time(due_at=row.due_at, closed_at=row.complaint.closed_at, at=exported_at)
        else "OVERDUE"
        for row in rows
    }
    assert ours == said_by_boston()


def test_new_york_comes_in_with_blanks_and_one_address_nine_times(ready):
    done = from_file("nyc311")
    with (DATA / "nyc311.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert (done.created, done.refused) == (len(rows), 0)
    assert done.open == sum(row["Status"] != "Closed" for row in rows)
    assert Complaint.objects.filter(words__text__contains="364 WEST 127 STREET").count() == 9
    assert Contact.objects.filter(channel="import").count() == 4
    first = ImportedComplaint.objects.get(reference="54049402").complaint
    assert first.received_at == datetime(2022, 5, 1, 4, 0, 3, tzinfo=UTC)


def test_importing_again_changes_nothing(ready):
    from_file("boston311")
    last = NumberSeries.objects.get(series="complaint").last
    again = from_file("boston311", at=AT + timedelta(days=9))
    assert (again.created, again.left) == (0, 100)
    assert NumberSeries.objects.get(series="complaint").last == last == 100


def test_dry_run_says_what_would_happen_and_writes_nothing(ready):
    assert from_file("boston311", dry_run=True).created == 100
    assert Complaint.objects.count() == 0


def test_every_wrong_row_is_named_at_once(ready):
    done = brought(
        "1,01.02.2026 10:00,,,noise,open,tel,A,",
        ",01.02.2026 10:00,,,noise,open,tel,A,",
        "3,soon,,,noise,open,tel,A,",
        "4,,,,noise,open,tel,A,",
        "5,01.02.2026 10:00,01.01.2026,,noise,done,tel,A,",
        "6,01.02.2026 10:00,,01.01.2026,noise,open,tel,A,",
        "7,01.02.2026 10:00,,,noise,done,tel,A,",
        "8,01.02.2026 10:00,02.02.2026,,noise,open,tel,A,",
        "9,01.02.2026 10:00,,,noise,asleep,tel,A,",
        "1,01.02.2026 10:00,,,noise,open,tel,A,",
        "11,01.02.2027 10:00,,,noise,open,tel,A,",
    )
    assert (done.created, done.refused) == (1, 10)
    told = {problem["line"]: " ".join(problem["says"]) for problem in done.problems}
    assert sorted(told) == list(range(3, 13))
    assert "number is missing" in told[3]
    assert "no time" in told[4]
    assert "closed before" in told[6]
    assert "due before" in told[7]
    assert "asleep" in told[10]
    assert "row 2 too" in told[11]
    assert "future" in told[12]


def test_strict_import_writes_nothing_when_a_row_is_wrong(ready):
    with pytest.raises(RowsRefused):
        brought("1,01.02.2026 10:00,,,noise,open,tel,A,", "2,soon,,,noise,open,tel,A,", strict=True)
    assert Complaint.objects.count() == 0


def test_times_of_several_formats_and_days_without_a_time(ready):
    brought(
        "1,01.02.2026 10:00,01.02.2026,01.02.2026,noise,done,tel,A,",
        "2,2026-02-01,2026-02-01T12:00:00+00:00,,noise,done,tel,A,",
    )
    one, two = (ImportedComplaint.objects.get(reference=n) for n in "12")
    assert one.due_at == one.complaint.closed_at == datetime(2026, 2, 1, 15, 59, 59, 999999, tzinfo=UTC)  # the day was whole
    assert two.complaint.received_at == datetime(2026, 1, 31, 16, tzinfo=UTC)
    assert two.complaint.closed_at == datetime(2026, 2, 1, 12, tzinfo=UTC)


def test_numbers_stay_gapless_and_theirs_stays_a_text(ready, company, household, owner):
    before = make_complaint(household=household, at=AT)
    brought("X-9,01.02.2026 10:00,,,noise,open,tel,Gate,", "X-7,01.01.2026 10:00,,,noise,open,tel,Gate,")
    after = make_complaint(household=household, at=AT + timedelta(hours=1))
    older, newer = (ImportedComplaint.objects.get(reference=one).complaint for one in ("X-7", "X-9"))
    assert [one.number for one in (before, older, newer, after)] == [f"2026-{n:06d}" for n in (1, 2, 3, 4)]
    assert "old X-9" in newer.words.text
    for name in ("chains", "facts", "states", "numbers", "timers"):
        assert list(getattr(integrity, f"complaint_{name}")(company)) == []


def test_history_never_escalates_and_is_counted_nowhere(ready, company, office, household):
    brought("1,01.02.2026 10:00,,02.02.2026,noise,open,tel,A,Willow Garden")
    complaint = ImportedComplaint.objects.get().complaint
    assert complaint.office_id == office.pk
    fire_timers_of(company.pk, AT + timedelta(days=400))
    assert not Timer.objects.exists()
    assert office_facts(AT - timedelta(days=90), AT) == {}
    year = Slice((AT - timedelta(days=90)).date(), AT.date(), company.timezone)
    assert not rows_behind("received", year).exists()


def test_history_is_seen_and_found_by_its_number_and_place(ready, company, agent, client_of):
    brought("HX-4711,01.02.2026 10:00,,02.02.2026,noise at night,open,tel,364 West Street,")
    client = client_of(agent)
    for words in ("4711", "West Street", "noise at night"):
        assert "noise at night" in client.get("/lanting/complaints/queue/", {"q": words}).content.decode()
    page = client.get(f"/lanting/complaints/{Complaint.objects.get().number}/").content.decode()
    assert "number there HX-4711" in page
    assert "overdue" in page


def test_open_history_can_be_put_right_and_closes_after_silence(ready, company, agent, staff):
    brought("1,01.02.2026 10:00,,,noise,open,tel,A,")
    complaint = ImportedComplaint.objects.get().complaint
    by = staff(agent)
    complaint = services.accept_complaint(complaint=complaint, by=by, at=AT + timedelta(hours=1))
    complaint = services.resolve_complaint(complaint=complaint, by=by, at=AT + timedelta(hours=2), text="It is quiet.")
    services.wake_complaints(AT + timedelta(days=30))
    complaint.refresh_from_db()
    assert complaint.closed_as == "silent"
    assert not Timer.objects.exists()


def test_facts_of_history_cannot_be_rewritten(ready, company):
    brought("1,01.02.2026 10:00,,,noise,open,tel,A,")
    with pytest.raises(DatabaseError), transaction.atomic():
        ImportedComplaint.objects.update(due_at=AT)


def test_other_companies_see_nothing_of_it(ready, rival_company):
    brought("1,01.02.2026 10:00,,,noise,open,tel,A,")
    with company_scope(rival_company.pk):
        assert ImportedComplaint.objects.count() == 0


@pytest.mark.parametrize(
    "wrong",
    [
        {"columns": {"number": "no"}},
        {"columns": {"number": "no", "opened": "opened", "colour": "x"}},
        {"source": "Two words"},
        {"times": {"zone": "Mars/Olympus"}},
        {"categories": {"dragons": "*"}},
        {"states": {"asleep": "*"}},
        {"channels": {"pigeon": "*"}},
        {"communities": {"nowhere": "*"}},
    ],
)
def test_mapping_that_says_too_little_or_names_what_is_not_there_is_refused(ready, wrong):
    with pytest.raises(UnusableMapping):
        read_mapping({**OF_A_SYSTEM, **wrong})


def test_file_without_the_mapped_columns_says_which(ready):
    with pytest.raises(UnreadableFile, match="opened"):
        import_complaints(file=history("1", heading="no"), mapping=read_mapping(OF_A_SYSTEM), by=None, at=AT)


def test_command_reports_as_json_and_changes_nothing_twice(ready, company):
    def run(*options: str) -> dict:
        out = StringIO()
        call_command(
            "import_complaints", "lanting", str(DATA / "boston311.csv"), "--mapping", str(DATA / "boston311.toml"), "--json",
            *options, stdout=out,
        )  # fmt: skip
        return json.loads(out.getvalue().splitlines()[-1])

    assert run("--dry-run")["imported"] is False
    first, second = run(), run()
    assert (first["imported"], first["created"], first["overdue"]) == (True, 100, 17)
    assert (second["imported"], second["created"], second["left"]) == (False, 0, 100)


def test_command_names_a_company_or_file_that_is_not_there(ready):
    with pytest.raises(CommandError, match="no company"):
        call_command("import_complaints", "nowhere", "x.csv", "--mapping", str(DATA / "boston311.toml"))
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("import_complaints", "lanting", "x.csv", "--mapping", str(DATA / "boston311.toml"))


@pytest.mark.long
def test_hundred_thousand_rows_come_in_and_again_change_nothing(ready, company):
    rows = [
        f"{n},{1 + n % 28:02d}.{1 + n % 12:02d}.2025 {n % 24:02d}:{n % 60:02d},,,noise {n % 7},open,tel,{n % 900} Main Street,"
        for n in range(100_000)
    ]
    done = brought(*rows)
    assert (done.created, done.refused) == (100_000, 0)
    numbers = set(Complaint.objects.values_list("number", flat=True))
    assert numbers == {f"2026-{n:06d}" for n in range(1, 100_001)}
    assert brought(*rows).left == 100_000


def test_employee_of_the_office_sees_its_history(ready, office, head, client_of, staff):
    brought("1,01.02.2026 10:00,,,noise,open,tel,A,Willow Garden")
    assert Employee.objects.get(user=head).department_id == office.pk
    number = Complaint.objects.get().number
    assert client_of(head).get(f"/lanting/complaints/{number}/").status_code == 200
