"""Every page for those it is for, and for nobody else."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.urls import set_script_prefix
from django.utils import timezone
from openpyxl import load_workbook

from billing.models import AgreementSignature, Bill, FeeAgreement, Payment
from propman.community.models import Occupancy, Person
from propman.tenancy.scope import company_scope
from tests.factories import make_household, make_resident
from tests.factories.billing import make_committee

pytestmark = pytest.mark.usefixtures("run")


@pytest.fixture(autouse=True)
def _no_prefix():
    yield
    set_script_prefix("/")


@pytest.fixture
def bill(run, household) -> Bill:
    with company_scope(run.company_id):
        return Bill.objects.select_related("payer").get(run=run, household=household)


@pytest.fixture
def paid(bill, finance, client_of) -> Payment:
    page = f"/lanting/billing/counter/{bill.household_id}/{bill.payer_id}/"
    client = client_of(finance)
    form = client.get(page).context["form"]
    sent = {"amount": "540", "method": "cash", "reference": "", "key": form.initial["key"]}
    assert client.post(page, sent).status_code == 302
    with company_scope(bill.company_id):
        return Payment.objects.get()


def test_owner_sees_what_he_owes_and_why(client_of, owner, bill):
    client = client_of(owner)
    home = client.get("/lanting/billing/").content.decode()
    assert "¥532.80" in home
    assert bill.reference in home
    page = client.get(f"/lanting/billing/bills/{bill.reference}/").content.decode()
    for figure in ("576.00", "80.00 m²", "¥2.40", "−43.20", "92.5 %", "¥532.80"):
        assert figure in page


def test_bill_leads_back_to_a_page_of_the_readers(client_of, owner, finance, bill):
    path = f"/lanting/billing/bills/{bill.reference}/"
    for who, back in ((owner, "/lanting/billing/"), (finance, f"/lanting/billing/runs/{bill.run_id}/")):
        page = client_of(who).get(path).content.decode()
        assert f'class="pm-back" href="{back}"' in page
        assert client_of(who).get(back).status_code == 200


@pytest.mark.parametrize("ending", ["", "pdf/"])
def test_neighbour_does_not_see_the_bill(client_of, rival_owner, bill, ending):
    assert client_of(rival_owner).get(f"/lanting/billing/bills/{bill.reference}/{ending}").status_code == 404


def test_agent_does_not_see_the_bill(client_of, agent, bill):
    assert client_of(agent).get(f"/lanting/billing/bills/{bill.reference}/").status_code == 404


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_bill_comes_as_pdf(client_of, owner, bill, language):
    client = client_of(owner)
    client.cookies["django_language"] = language
    answer = client.get(f"/lanting/billing/bills/{bill.reference}/pdf/")
    assert answer["Content-Type"] == "application/pdf"
    assert answer.content.startswith(b"%PDF-")
    assert b"NotoSansSC" in answer.content


def test_receipt_comes_as_page_and_pdf(client_of, owner, paid):
    client = client_of(owner)
    page = client.get(f"/lanting/billing/receipts/{paid.receipt}/").content.decode()
    assert "¥540.00" in page
    assert "532.80" in page
    assert "7.20" in page
    assert client.get(f"/lanting/billing/receipts/{paid.receipt}/pdf/").content.startswith(b"%PDF-")


def test_neighbour_does_not_see_the_receipt(client_of, rival_owner, paid):
    assert client_of(rival_owner).get(f"/lanting/billing/receipts/{paid.receipt}/").status_code == 404


def test_second_counter_with_the_same_view_books_nothing_more(client_of, finance, bill, paid):
    page = f"/lanting/billing/counter/{bill.household_id}/{bill.payer_id}/"
    sent = {"amount": "540", "method": "cash", "reference": "", "key": paid.key}
    assert client_of(finance).post(page, sent).status_code == 302
    other = client_of(finance).post(page, {**sent, "amount": "1"})
    assert other.status_code == 409
    assert "meanwhile" in other.content.decode()
    with company_scope(bill.company_id):
        assert Payment.objects.count() == 1


@pytest.mark.parametrize("amount", ["", "0", "-5", "abc", "1.234", "9" * 30, "\0", "=1+1"])
def test_bad_amount_gets_an_answer_and_stays(client_of, finance, bill, amount):
    page = f"/lanting/billing/counter/{bill.household_id}/{bill.payer_id}/"
    answer = client_of(finance).post(page, {"amount": amount, "method": "cash", "reference": "kept", "key": "k"})
    assert answer.status_code == 422
    assert "kept" in answer.content.decode()


def test_credit_is_paid_out(client_of, finance, bill, paid):
    page = f"/lanting/billing/counter/{bill.household_id}/{bill.payer_id}/refund/"
    client = client_of(finance)
    assert client.post(page, {"amount": "8", "reason": "asked"}).status_code == 422
    assert client.post(page, {"amount": "7.20", "reason": "asked"}).status_code == 302


@pytest.mark.parametrize("way", ["credit", "cancel", "reissue"])
def test_bill_is_corrected(client_of, finance, bill, way):
    page = f"/lanting/billing/bills/{bill.reference}/correct/"
    client = client_of(finance)
    assert client.get(page).status_code == 200
    sent = {"way": way, "amount": "10" if way == "credit" else "", "reason": "lift stood still"}
    assert client.post(page, sent).status_code == 302
    with company_scope(bill.company_id):
        bill.refresh_from_db()
    assert bill.credited == (1000 if way == "credit" else bill.amount)


def test_too_large_credit_gets_an_answer(client_of, finance, bill):
    page = f"/lanting/billing/bills/{bill.reference}/correct/"
    answer = client_of(finance).post(page, {"way": "credit", "amount": "9999", "reason": "words to keep"})
    assert answer.status_code == 422
    assert "words to keep" in answer.content.decode()


@pytest.mark.parametrize(
    "page",
    [
        "runs/",
        "arrears/",
        "counter/",
        "counter/?q=Owner",
        "trial-balance/",
        "income/",
        "agreements/",
        "results/",
        "credit-notes/",
        "payments/",
    ],
)
def test_finance_opens_every_page(client_of, finance, page, bill):
    assert client_of(finance).get(f"/lanting/billing/{page}").status_code == 200


def found_at_counter(client, wanted: str) -> list[tuple[str, str | None, int]]:
    rows = client.get("/lanting/billing/counter/", {"q": wanted}).context["found"]
    return [(row.household.room.label, row.payer.name if row.payer else None, row.owed) for row in rows]


def test_counter_finds_by_bill_number(client_of, finance, bill):
    page = client_of(finance).get(f"/lanting/billing/counter/?q={bill.reference}").content.decode()
    assert page.count("/counter/") >= 2
    assert f"/counter/{bill.household_id}/{bill.payer_id}/" in page
    assert found_at_counter(client_of(finance), bill.reference) == [(bill.room_label, "Owner", 53280)]


@pytest.mark.parametrize("kind", [Occupancy.Kind.TENANT, Occupancy.Kind.FAMILY_MEMBER])
def test_counter_finds_the_payer_by_room_and_by_who_lives_there(client_of, finance, household, bill, kind):
    make_resident(household, kind, name="Somebody Else")
    client = client_of(finance)
    assert found_at_counter(client, bill.room_label)[0] == (bill.room_label, "Owner", 53280)
    assert found_at_counter(client, "body els") == [(bill.room_label, "Owner", 53280)]


def test_counter_finds_a_room_whose_owner_is_not_known(client_of, finance, community, run):
    with company_scope(run.company_id):
        place = make_household(community, area=50)
        label = place.room.label
    client = client_of(finance)
    assert found_at_counter(client, label)[0] == (label, None, 0)
    assert client.get(f"/lanting/billing/counter/{place.pk}/0/").status_code == 200


def test_counter_finds_who_moved_out_with_a_debt(client_of, finance, household, bill):
    with company_scope(bill.company_id):
        Occupancy.objects.filter(household=household).update(ends_on=date(2026, 4, 8))
    make_resident(household, name="Buyer", starts_on=date(2026, 4, 8))
    rows = found_at_counter(client_of(finance), bill.room_label)
    assert rows[:2] == [(bill.room_label, "Owner", 53280), (bill.room_label, "Buyer", 0)]


@pytest.mark.parametrize("wanted", ["nobody at all", "2026-999999", "\0", "%", "9" * 60])
def test_counter_without_a_match_says_so(client_of, finance, run, wanted):
    answer = client_of(finance).get("/lanting/billing/counter/", {"q": wanted})
    assert answer.status_code == 200
    assert "Nobody found" in answer.content.decode() or "Who is paying?" in answer.content.decode()


def test_counter_of_a_stranger_is_not_there(client_of, finance, bill, neighbours):
    with company_scope(bill.company_id):
        stranger = Person.objects.get(user=neighbours[0][1])
    assert client_of(finance).get(f"/lanting/billing/counter/{bill.household_id}/{stranger.pk}/").status_code == 404


def test_payment_is_reversed_at_the_counter(client_of, finance, owner, bill, paid):
    client, page = client_of(finance), f"/lanting/billing/receipts/{paid.receipt}/"
    assert f"{page}reverse/" in client.get(page).content.decode()
    assert client.post(f"{page}reverse/", {"reason": ""}).status_code == 422
    assert client.post(f"{page}reverse/", {"reason": "booked to the wrong flat"}).status_code == 302
    for user in (finance, owner):
        shown = client_of(user).get(page).content.decode()
        assert "booked to the wrong flat" in shown
        assert "Finance" in shown
        assert "reverse/" not in shown
    answer = client.post(f"{page}reverse/", {"reason": "kept words"})
    assert answer.status_code == 422
    assert "kept words" in answer.content.decode()
    assert client_of(owner).get(f"/lanting/billing/receipts/{paid.receipt}/pdf/").content.startswith(b"%PDF-")
    told = client_of(owner).get(f"/lanting/billing/bills/{bill.reference}/").content.decode()
    assert "Taken off the bill" in told
    assert "¥532.80" in told


@pytest.mark.parametrize("who", ["owner", "manager", "agent", "rival_owner"])
def test_others_reverse_no_payment(client_of, paid, who, request):
    user = request.getfixturevalue(who)
    answer = client_of(user).post(f"/lanting/billing/receipts/{paid.receipt}/reverse/", {"reason": "mine"})
    assert answer.status_code == 403
    with company_scope(paid.company_id):
        assert paid.reversal is None


def test_payments_are_listed_by_day_and_exported(client_of, finance, paid):
    client, page = client_of(finance), "/lanting/billing/payments/"
    today = timezone.localdate()
    for wanted in ("", f"?day={today}", f"?q={paid.receipt}", "?q=Owner"):
        assert paid.receipt in client.get(page + wanted).content.decode()
    for other in (f"?day={today - timedelta(days=1)}", "?q=2026-000099", "?q=nobody"):
        assert paid.receipt not in client.get(page + other).content.decode()
    assert "540.00" in b"".join(client.get(f"{page}?export=csv&day={today}").streaming_content).decode("utf-8-sig")
    assert client.get(page, {"day": "yesterday"}).status_code == 200


def test_reversed_payment_is_left_out_of_the_days_sum(client_of, finance, paid):
    client = client_of(finance)
    assert [row["total"] for row in client.get("/lanting/billing/payments/").context["sums"]] == [54000]
    client.post(f"/lanting/billing/receipts/{paid.receipt}/reverse/", {"reason": "wrong"})
    answer = client.get("/lanting/billing/payments/")
    assert answer.context["sums"] == []
    assert "reversed" in answer.content.decode()


def test_history_is_ones_own(client_of, owner, rival_owner, bill, paid):
    shown = client_of(owner).get("/lanting/billing/history/").content.decode()
    assert bill.reference in shown
    assert paid.receipt in shown
    assert "−¥7.20" in shown
    assert bill.reference not in client_of(rival_owner).get("/lanting/billing/history/").content.decode()


@pytest.mark.parametrize(
    "page", ["runs/", "arrears/", "counter/", "trial-balance/", "income/", "agreements/", "credit-notes/", "payments/"]
)
def test_owner_and_agent_open_no_books(client_of, owner, agent, page):
    for user in (owner, agent):
        assert client_of(user).get(f"/lanting/billing/{page}").status_code == 403


def read_back(kind: str, body: bytes) -> list[dict[str, str]]:
    if kind == "csv":
        return list(csv.DictReader(io.StringIO(body.decode("utf-8-sig"))))
    heading, *rows = load_workbook(io.BytesIO(body)).active.values
    return [dict(zip(heading, map(str, row), strict=True)) for row in rows]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_trial_balance_is_exported(client_of, finance, paid, kind):
    answer = client_of(finance).get(f"/lanting/billing/trial-balance/?export={kind}")
    assert "trial-balance-" in answer["Content-Disposition"]
    rows = read_back(kind, b"".join(answer.streaming_content))
    found = {row["Account"]: (Decimal(row["Debit balance"]), Decimal(row["Credit balance"])) for row in rows}
    with company_scope(paid.company_id):
        owed = Decimal(sum(bill.owed for bill in Bill.objects.all())) / 100
        billed = Decimal(sum(bill.amount for bill in Bill.objects.all())) / 100
    assert found == {
        "Receivables": (owed, 0),
        "Revenue": (0, billed),
        "Cash": (Decimal("540.00"), 0),
        "Owner credit": (0, Decimal("7.20")),
    }
    assert sum(Decimal(row["Debits"]) - Decimal(row["Credits"]) for row in rows) == 0


def test_trial_balance_that_does_not_agree_says_so(client_of, finance, run, monkeypatch):
    from billing.views import books

    rows = [{"community__name": "W", "kind": "cash", "currency": "CNY", "debited": 5, "credited": 4, "accounts": 1}]
    monkeypatch.setattr(books, "trial_balance", lambda: rows)
    assert "do not agree" in client_of(finance).get("/lanting/billing/trial-balance/").content.decode()


def test_run_and_its_export(client_of, finance, run, bill):
    client = client_of(finance)
    assert bill.reference in client.get(f"/lanting/billing/runs/{run.pk}/").content.decode()
    export = b"".join(client.get(f"/lanting/billing/runs/{run.pk}/?export=csv").streaming_content)
    assert "532.80" in export.decode("utf-8-sig")


def test_result_is_for_the_community(client_of, owner, finance, company, counted):
    page = "/lanting/billing/results/willow-garden/2026Q1/"
    assert "92.5 %" in client_of(owner).get(page).content.decode()
    assert client_of(finance).get(page).status_code == 200
    from tests.factories import make_community

    elsewhere = make_resident(make_household(make_community(company)), name="Elsewhere")
    assert client_of(elsewhere).get(page).status_code == 404


def test_public_page_needs_no_sign_in(client, counted):
    page = client.get("/lanting/public/willow-garden/satisfaction/").content.decode()
    assert "92.5 %" in page
    assert "9.0" in page


def test_agreement_is_previewed_proposed_and_signed(client_of, manager, community, company):
    client, page = client_of(manager), "/lanting/billing/agreements/willow-garden/propose/"
    terms = {name: value for name, value in client.get(page).context["form"].initial.items() if value is not None} | {
        "starts_quarter": "2027Q1",
        "price": "2.60",
        "floor_bp": "80",
        "cap_bp": "100",
        "default_bp": "90",
        "preview": "1",
    }
    terms.pop("terms"), terms.pop("price_cents"), terms.pop("dead_band_from_bp", None)
    preview = client.post(page, terms)
    assert preview.status_code == 200
    assert "¥590.30" in preview.content.decode()  # 94.60 x 2.60 x 3 x 80 %
    terms.pop("preview")
    answer = client.post(page, {**terms, "propose": "1"})
    assert answer.status_code == 302
    with company_scope(company.pk):
        version = FeeAgreement.objects.order_by("-version").first()
        assert version is not None
        member = Person.objects.get(name="Committee 0").user
    assert (version.version, version.price, version.signed_at) == (2, 260, None)
    signing = client_of(member)
    assert signing.get(f"/lanting/billing/agreements/{version.pk}/").status_code == 200
    assert signing.post(f"/lanting/billing/agreements/{version.pk}/sign/").status_code == 302
    with company_scope(company.pk):
        version.refresh_from_db()
        assert version.signed_at is not None
        assert AgreementSignature.objects.filter(agreement=version).count() == 1


def test_contradicting_terms_get_an_answer(client_of, manager):
    client, page = client_of(manager), "/lanting/billing/agreements/willow-garden/propose/"
    sent = {"starts_quarter": "soon", "price": "x", "items": "A | 500", "floor_bp": "90", "cap_bp": "80", "propose": "1"}
    answer = client.post(page, sent)
    assert answer.status_code == 422
    assert "A | 500" in answer.content.decode()


def test_manager_cannot_sign(client_of, manager, agreement):
    assert client_of(manager).post(f"/lanting/billing/agreements/{agreement.pk}/sign/").status_code == 403


def test_committee_of_another_community_cannot_sign(client_of, company, agreement):
    from tests.factories import make_community

    stranger = make_committee(make_community(company))[0]
    assert client_of(stranger).post(f"/lanting/billing/agreements/{agreement.pk}/sign/").status_code == 404


def test_member_whose_term_ends_later_reads_and_signs(client_of, manager, company, community, agreement):
    from propman.community.models import CommitteeMember

    with company_scope(company.pk):
        member = Person.objects.get(name="Committee 0").user
        CommitteeMember.objects.filter(person__user=member).update(ends_on=timezone.localdate() + timedelta(days=1))
    page = f"/lanting/billing/agreements/{agreement.pk}/"
    assert client_of(member).get(page).status_code == 200
    assert community.name in client_of(member).get("/lanting/billing/agreements/").content.decode()
    with company_scope(company.pk):
        CommitteeMember.objects.filter(person__user=member).update(ends_on=timezone.localdate())
    assert client_of(member).get(page).status_code == 404


def test_tenant_whose_lease_ends_later_sees_the_result(client_of, household, company, counted):
    tenant = make_resident(household, Occupancy.Kind.TENANT, name="Tenant")
    with company_scope(company.pk):
        Occupancy.objects.filter(person__user=tenant).update(ends_on=timezone.localdate() + timedelta(days=1))
    assert client_of(tenant).get("/lanting/billing/results/willow-garden/2026Q1/").status_code == 200


def test_home_says_what_waits(client_of, owner, bill):
    assert f"/billing/bills/{bill.reference}/" in client_of(owner).get("/lanting/").content.decode()


def test_credit_notes_are_listed_and_exported(client_of, finance, bill):
    client = client_of(finance)
    client.post(
        f"/lanting/billing/bills/{bill.reference}/correct/", {"way": "credit", "amount": "10", "reason": "=lift stood still"}
    )
    assert "lift stood still" in client.get("/lanting/billing/credit-notes/").content.decode()
    export = b"".join(client.get("/lanting/billing/credit-notes/?export=csv").streaming_content).decode("utf-8-sig")
    assert "'=lift stood still" in export


def test_bills_of_a_run_come_page_by_page_and_none_twice(client_of, finance, run, monkeypatch):
    monkeypatch.setattr("billing.views.books.PAGE", 2)
    client, address, seen = client_of(finance), f"/lanting/billing/runs/{run.pk}/", []
    query = ""
    while True:
        page = client.get(f"{address}{query}").context["page"]
        seen += [bill.number for bill in page.rows]
        if not (query := page.next_url):
            break
    with company_scope(run.company_id):
        assert seen == sorted(Bill.objects.filter(run=run).values_list("number", flat=True))
    assert len(seen) > 2
