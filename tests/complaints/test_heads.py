"""Daily heads: one a day, chained, mailed out, checked again, and verified with the standard library."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from complaints import counted, services, verify_heads
from complaints.jobs import sealed_days
from complaints.models import DailyHead, HeadLine
from complaints.services.sealing import make_head, text_of
from propman.accounts.roles import Role
from propman.notify.models import Notice
from propman.tenancy.jobrun import run_everything_due
from propman.tenancy.models import JobRun
from propman.tenancy.scope import company_scope
from tests.factories import make_community, make_company, make_member
from tests.factories.complaints import START, make_complaint

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 2)
NIGHT = datetime(2026, 3, 3, 2, 0, tzinfo=UTC)


@pytest.fixture
def sealed(complaint, company):
    return make_head(company=company, day=DAY, at=NIGHT)


def test_head_covers_every_complaint_once(sealed, company, household, complaint):
    assert (sealed.complaints, sealed.changed) == (1, 1)
    make_complaint(household=household, at=START + timedelta(days=1))
    head = make_head(company=company, day=DAY + timedelta(days=1), at=NIGHT + timedelta(days=1))
    assert (head.complaints, head.changed, head.previous_hash) == (2, 1, sealed.hash)
    assert list(counted.heads(company)) == []


def test_complaint_that_went_on_stands_again(sealed, company, complaint, owner):
    services.urge_complaint(complaint=complaint, by=owner, at=START + timedelta(hours=30))
    head = make_head(company=company, day=DAY + timedelta(days=1), at=NIGHT + timedelta(days=1))
    assert (head.complaints, head.changed) == (1, 1)
    assert list(HeadLine.objects.order_by("position").values_list("position", flat=True)) == [1, 2]


def test_second_head_of_a_day_changes_nothing(sealed, company):
    assert make_head(company=company, day=DAY, at=NIGHT) is None
    assert make_head(company=company, day=DAY - timedelta(days=1), at=NIGHT) is None
    assert DailyHead.objects.count() == 1


def test_head_is_mailed_to_committee_and_association(complaint, company, agent):
    member = make_member(company, Role.COMMITTEE_MEMBER, name="Chair")
    official = make_member(company, Role.ASSOCIATION_OFFICIAL, name="Official")
    head = make_head(company=company, day=DAY, at=NIGHT)
    told = Notice.objects.filter(event="complaint.daily_head")
    assert set(told.values_list("user_id", flat=True)) == {member.pk, official.pk}
    assert all(notice.words["head"] == head.hash for notice in told)


def test_missed_days_are_caught_up_in_order_with_one_mail(complaint, company):
    make_member(company, Role.COMMITTEE_MEMBER, name="Chair")
    make_head(company=company, day=DAY, at=NIGHT)
    before = Notice.objects.filter(event="complaint.daily_head").count()
    at = NIGHT + timedelta(days=4)
    periods = list(sealed_days(company, company.created_at, at))
    assert [period.name for period in periods] == ["2026-03-03", "2026-03-04", "2026-03-05", "2026-03-06"]
    for period in periods:
        make_head(company=company, day=date.fromisoformat(period.name), at=at)
    assert DailyHead.objects.count() == 5
    assert Notice.objects.filter(event="complaint.daily_head").count() == before + 1
    assert list(counted.heads(company)) == []


@pytest.mark.django_db(transaction=True)
def test_job_seals_each_day_once():
    company = make_company("nightly")
    at = company.created_at + timedelta(days=3)
    run_everything_due(at)
    run_everything_due(at)
    with company_scope(company.pk):
        days = list(DailyHead.objects.order_by("day").values_list("day", flat=True))
        assert len(days) == len(set(days)) >= 3
        assert JobRun.objects.filter(job="complaints.heads", done_at=None).count() == 0
        assert list(counted.heads(company)) == []


def test_missing_head_of_a_day_that_was_done_is_named(sealed, company):
    JobRun.objects.create(job="complaints.heads", period="2026-03-03", due_at=NIGHT, done_at=NIGHT)
    assert list(counted.heads(company)) == ["daily head 2026-03-03: is missing"]


def lists(folder, company) -> list[str]:
    for head in DailyHead.objects.all():
        (folder / f"{head.day}.txt").write_text(text_of(head, company))
    return sorted(str(path) for path in folder.glob("*.txt"))


def verify(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-I", verify_heads.__file__, *arguments], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def test_anybody_checks_the_lists_with_the_standard_library(sealed, company, household, complaint, tmp_path):
    make_complaint(household=household, at=START + timedelta(days=1))
    second = make_head(company=company, day=DAY + timedelta(days=1), at=NIGHT + timedelta(days=1))
    code, said = verify("--number", complaint.number, *lists(tmp_path, company))
    assert code == 0
    assert f"2026-03-02: {sealed.hash}" in said
    assert f"2026-03-03: {second.hash}" in said
    assert f"2026-03-02: {complaint.number} has 1 events" in said


def test_list_that_was_changed_is_named_by_the_script(sealed, company, household, tmp_path):
    make_complaint(household=household, at=START + timedelta(days=1))
    make_head(company=company, day=DAY + timedelta(days=1), at=NIGHT + timedelta(days=1))
    first, *others = lists(tmp_path, company)
    content = (tmp_path / "2026-03-02.txt").read_text()
    (tmp_path / "2026-03-02.txt").write_text(content.replace(" 1 ", " 2 "))
    code, said = verify(first, *others)
    assert (code, "2026-03-03: does not follow from the list before" in said) == (1, True)


def test_public_page_shows_head_and_list(sealed, company, client, complaint):
    page = client.get("/lanting/public/heads/").content.decode()
    assert sealed.hash in page
    answer = client.get("/lanting/public/heads/2026-03-02.txt")
    assert answer.content.decode() == text_of(sealed, company)
    assert complaint.number in answer.content.decode()
    assert complaint.words.title not in answer.content.decode()
    assert client.get("/lanting/public/heads/2026-03-01.txt").status_code == 404
    assert client.get("/lanting/public/heads/nonsense.txt").status_code == 404
    assert b"hashlib" in client.get("/lanting/public/heads/verify_heads.py").content


def test_empty_company_has_a_page_without_heads(company, client):
    assert "No head yet" in client.get("/lanting/public/heads/").content.decode()


def test_register_counts_by_month_and_hides_few(policy, household, owner, office, client):
    complaint = make_complaint(household=household)
    page = client.get("/lanting/public/willow-garden/register/").content.decode()
    assert "March 2026" in page
    assert "too few" in page
    for _n in range(5):
        make_complaint(household=household)
    services.withdraw_complaint(complaint=complaint, by=owner, at=START + timedelta(hours=1))
    page = client.get("/lanting/public/willow-garden/register/").content.decode()
    assert '<td class="pm-num">6</td>' in page
    assert "too few" not in page
    assert complaint.words.title not in page


def test_number_is_found_with_its_heads_and_nothing_else(sealed, company, complaint, client):
    page = client.get(f"/lanting/public/willow-garden/register/?number={complaint.number}").content.decode()
    assert f"{complaint.number} is in the register." in page
    assert "1 daily head covers it." in page
    assert "2026-03-02" in page
    for secret in (complaint.words.title, complaint.words.text, complaint.words.asker_name, complaint.category.name):
        assert secret not in page


@pytest.mark.parametrize("number", ["2026-999999", "nonsense", "2026-0000\x0001"])
def test_unknown_number_is_said_to_be_missing(sealed, client, number):
    answer = client.get("/lanting/public/willow-garden/register/", {"number": number})
    assert answer.status_code == 422
    assert "is in the register." not in answer.content.decode()


def test_number_of_another_company_is_not_found(sealed, complaint, rival_company, client):
    make_community(rival_company, "rival-garden")
    answer = client.get("/rival/public/rival-garden/register/", {"number": complaint.number})
    assert answer.status_code == 422


def test_receipt_leads_to_the_register(complaint, owner, client_of):
    page = client_of(owner).get(f"/lanting/complaints/{complaint.number}/receipt/").content.decode()
    assert f"/lanting/public/willow-garden/register/?number={complaint.number}" in page
