"""Bill and receipt on paper: every figure, in both languages, and they add up."""

from decimal import Decimal

import pytest

from billing.documents import bill_document, receipt_document
from billing.models import Bill, Payment, Transfer
from billing.pdf import Document, typeset
from billing.services.corrections import credit_bill
from billing.services.payments import Customer, reverse_payment, take_payment
from billing.views.residents import moves_of
from propman.common.money import in_figures

from .conftest import COUNTED

WORDS = [
    ("en", ["Bill 2026-", "Service fee", "Satisfaction 92.5 %", "Payment", "Credit note", "To pay", "first quarter 2026"]),
    ("zh-hans", ["账单 2026-", "物业服务费", "满意率 92.5%", "付款", "贷项通知单", "应付", "2026年第一季度"]),
]


@pytest.fixture
def payment(run, household, finance, scope) -> Payment:
    bill = Bill.objects.get(run=run, household=household)
    credit_bill(bill=bill, amount=3000, reason="二号电梯停运", by=finance, at=COUNTED, key="note")
    customer = Customer(household, bill.payer)
    return take_payment(customer=customer, amount=10000, method="cash", by=finance, at=COUNTED, key="part")


@pytest.fixture
def bill(payment, run, household) -> Bill:
    return Bill.objects.select_related("run__agreement", "community", "payer").get(run=run, household=household)


def text_of(document: Document) -> str:
    facts = [" ".join(fact) for fact in document.facts]
    return "\n".join([document.title, *facts, *(" ".join(line) for line in document.lines), " ".join(document.total)])


def figure(text: str) -> Decimal:
    return Decimal(text.replace("−", "-").replace("¥", "").replace(",", ""))


@pytest.mark.parametrize(("language", "words"), WORDS)
def test_bill_on_paper_shows_its_whole_sum(bill, company, language, words):
    document = bill_document(bill, company, moves_of(bill), language=language)
    told = text_of(document)
    assert [word for word in words if word not in told] == []
    assert "二号电梯停运" in told
    figures = [figure(line[2]) for line in document.lines]
    assert figures == [Decimal("576.00"), Decimal("-43.20"), Decimal("-30.00"), Decimal("-100.00")]
    assert sum(figures) == figure(document.total[1]) == Decimal("402.80")
    assert typeset(document).startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("language", "words"), [("en", ["Receipt 2026-000001", "Cash"]), ("zh-hans", ["收据 2026-000001", "现金"])]
)
def test_receipt_on_paper_adds_up(payment, company, language, words):
    moves = list(Transfer.objects.filter(payment=payment).order_by("pk"))
    document = receipt_document(payment, company, moves, language=language)
    assert [word for word in words if word not in text_of(document)] == []
    assert sum(figure(line[2]) for line in document.lines) == figure(document.total[1]) == Decimal("100.00")
    assert b"NotoSansSC" in typeset(document)


def test_receipt_of_a_reversed_payment_says_so(payment, company, finance):
    reverse_payment(payment=payment, reason="wrong flat", by=finance, at=COUNTED)
    moves = list(Transfer.objects.filter(payment=payment).order_by("pk"))
    document = receipt_document(payment, company, moves, language="en")
    assert "wrong flat" in text_of(document)
    assert sum(figure(line[2]) for line in document.lines) == figure(document.total[1]) == 0


@pytest.mark.parametrize("text", ["#panic()", "*bold* $x$ @ref", "<label> // comment", "\\u{0}", '"quoted" ' * 20])
def test_typed_words_are_set_as_words(bill, company, text):
    """Names and reasons are never read as markup."""
    bill.payer.name = text
    document = bill_document(bill, company, moves_of(bill), language="en")
    assert typeset(document).startswith(b"%PDF-")


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_thousands_are_grouped_in_both_languages(language):
    from django.utils.translation import override

    with override(language):
        assert in_figures(123456789, "CNY") == "¥1,234,567.89"
