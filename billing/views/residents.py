"""What I owe and why, my sheets, my receipts; the results of the quarter."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods

from billing.documents import bill_document, receipt_document
from billing.forms import answers_from
from billing.formula import percent
from billing.models import Bill, CreditNote, Survey, Transfer
from billing.pdf import typeset
from billing.permissions import BOOKS, READERS, bill_for, communities_of, community_for, payment_for, sheet_for
from billing.selectors.money import bills_of, credit_of
from billing.selectors.results import result_of, results_by_community, results_of
from billing.selectors.statement import statement_of
from billing.selectors.surveys import items_of, open_sheets, own_sheet
from billing.services.surveys import NotYourSheet, SheetClosed, save_sheet
from propman.accounts.models import User
from propman.accounts.permissions import role_required
from propman.accounts.roles import RESIDENTS, Role
from propman.common.keyset import listed
from propman.community.models import Community
from propman.tenancy.middleware import company_of

EARLIER_BILLS, ENTRIES = 12, 50


@role_required(*RESIDENTS)
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What I owe, what waits to be scored, and everything before."""
    user, company, now = person(request), company_of(request), timezone.now()
    unpaid = list(bills_of(user).open().oldest_first())
    earlier = bills_of(user).exclude(pk__in=[bill.pk for bill in unpaid])
    shown = {
        "unpaid": unpaid,
        "page": listed(request, earlier, by=("-quarter", "-year", "-number"), size=EARLIER_BILLS),
        "owed": sum(bill.owed for bill in unpaid),
        "credit": credit_of(user),
        "currency": company.currency,
        "sheets": open_sheets(user, at=now),
        "communities": Community.objects.filter(pk__in=communities_of(user, roles(request))).order_by("name"),
    }
    return render(request, "billing/home.html", shown)


@role_required(*RESIDENTS)
@require_GET
def history(request: HttpRequest) -> HttpResponse:
    """Every movement of my account, with what I owed after it."""
    entries = statement_of(person(request))
    page = Paginator(entries, ENTRIES).get_page(request.GET.get("page"))
    return render(request, "billing/history.html", {"page": page})


@role_required(*READERS)
@require_GET
def bill(request: HttpRequest, reference: str) -> HttpResponse:
    """One bill: how its sum is made."""
    found = bill_for(person(request), roles(request), reference)
    shown = {
        "bill": found,
        "run": found.run,
        "rate": percent(found.run.rate),
        "share": percent(found.run.share),
        "floor": f"{found.run.agreement.floor_bp / 100:g}",
        "fell": found.amount - found.base,
        "your_days": found.base - found.whole_base,
        "notes": CreditNote.objects.filter(bill=found).order_by("pk"),
        "moves": moves_of(found),
        "is_open": found.cancelled_at is None and found.owed > 0,
        "may_correct": Role.FINANCE_OFFICER in roles(request),
        "is_own": found.payer is not None and found.payer.user_id == person(request).pk,
    }
    return render(request, "billing/bill.html", shown)


def moves_of(bill: Bill) -> list[Transfer]:
    """What came in on a bill and what went back."""
    reasons = ("payment", "credit_note", "reversal__payment")
    moves = Transfer.objects.filter(bill=bill).exclude(kind=Transfer.Kind.BILL).select_related(*reasons)
    return list(moves.order_by("pk"))


@role_required(*READERS)
@require_GET
def bill_pdf(request: HttpRequest, reference: str) -> HttpResponse:
    found = bill_for(person(request), roles(request), reference)
    document = bill_document(found, company_of(request), moves_of(found), language=get_language() or "en")
    return pdf_response(typeset(document), f"bill-{found.reference}.pdf")


@role_required(*READERS)
@require_GET
def receipt(request: HttpRequest, reference: str) -> HttpResponse:
    """One payment and what it paid."""
    payment = payment_for(person(request), roles(request), reference)
    shown = {
        "payment": payment,
        "moves": Transfer.objects.filter(payment=payment).select_related("bill").order_by("pk"),
        "may_read_books": bool(roles(request).intersection(BOOKS)),
        "may_reverse": Role.FINANCE_OFFICER in roles(request) and payment.reversal is None,
    }
    return render(request, "billing/receipt.html", shown)


@role_required(*READERS)
@require_GET
def receipt_pdf(request: HttpRequest, reference: str) -> HttpResponse:
    payment = payment_for(person(request), roles(request), reference)
    moves = list(Transfer.objects.filter(payment=payment).select_related("bill").order_by("pk"))
    document = receipt_document(payment, company_of(request), moves, language=get_language() or "en")
    return pdf_response(typeset(document), f"receipt-{payment.receipt}.pdf")


def pdf_response(pdf: bytes, name: str) -> HttpResponse:
    return HttpResponse(
        pdf,
        content_type="application/pdf",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )


@role_required(Role.OWNER, Role.TENANT)
@require_http_methods(["GET", "POST"])
def sheet(request: HttpRequest, survey: int, household: int) -> HttpResponse:
    """Score the quarter: saved with every tap, or with the button where there is no script.

    Neither a message nor an answer to a repeated request is stored: both would tell that somebody answered.
    """
    now = timezone.now()
    found, place = sheet_for(person(request), survey, household, at=now)
    items = items_of(found)
    if request.method == "GET":
        return sheet_page(request, found, place, items, is_saved="saved" in request.GET)
    answers, errors = answers_from(request.POST, items)
    try:
        save_sheet(survey=found, household=place, by=person(request), answers=answers, at=now)
    except (SheetClosed, NotYourSheet):
        return sheet_page(request, found, place, items, status=409)
    if errors:
        return sheet_page(request, found, place, items, errors=errors, status=422)
    if request.headers.get("HX-Request"):
        return render(request, "billing/_saved.html")
    return redirect(f"{reverse('billing:sheet', args=[found.pk, place.pk])}?saved=1")


def sheet_page(request, survey: Survey, place, items, *, errors=None, is_saved=False, status=200) -> HttpResponse:  # type: ignore[no-untyped-def]
    now = timezone.now()
    given = own_sheet(survey, place, person(request), at=now)
    typed = request.POST
    lines = [
        {
            "item": item,
            "given": item.pk in given,
            "score": typed.get(f"score-{item.pk}") or score_text(given.get(item.pk)),
            "comment": typed.get(f"comment-{item.pk}", given[item.pk].comment if item.pk in given else ""),
            "error": (errors or {}).get(item.pk),
        }
        for item in items
    ]
    first = next((line for line in lines if not line["score"]), None)
    scores = [int(line["score"]) for line in lines if str(line["score"]).isdigit()]
    shown = {
        "survey": survey,
        "household": place,
        "lines": lines,
        "first": first,
        "done": sum(1 for line in lines if line["score"]),
        "fill": f"{100 * sum(1 for line in lines if line['score']) / max(1, len(lines)):.0f}",
        "mean": f"{sum(scores) / len(scores):.1f}" if scores else "–",
        "is_open": survey.counted_at is None and now < survey.closes_at,
        "is_saved": is_saved,
        "errors": errors,
        "scale": range(11),
    }
    return render(request, "billing/sheet.html", shown, status=status)


def score_text(answer) -> str:  # type: ignore[no-untyped-def]
    if answer is None:
        return ""
    return "skip" if answer.score is None else str(answer.score)


@role_required(*READERS)
@require_GET
def results(request: HttpRequest) -> HttpResponse:
    """The communities whose results I may read, each with its last rate."""
    communities = Community.objects.filter(pk__in=communities_of(person(request), roles(request))).order_by("name")
    page = listed(request, communities, by="name")
    outcomes = results_by_community([community.pk for community in page.rows])
    rows = [(community, outcomes.get(community.pk, [])) for community in page.rows]
    return render(request, "billing/results.html", {"rows": rows, "page": page})


@role_required(*READERS)
@require_GET
def result(request: HttpRequest, community: str, quarter: str) -> HttpResponse:
    """The frozen result of a quarter: rate, three ways of counting, items over time, comments."""
    place = community_for(person(request), roles(request), community)
    found = result_of(place.pk, quarter, with_comments=True)
    if found is None:
        return render(request, "billing/no_result.html", {"community": place, "quarter": quarter}, status=404)
    return render(request, "billing/result.html", result_words(found) | {"earlier": results_of(place.pk)})


def result_words(found) -> dict[str, object]:  # type: ignore[no-untyped-def]
    outcome = found.outcome
    ways = outcome.three_ways
    return {
        "result": found,
        "has_comments": any(line.comments for line in found.lines),
        "community": found.survey.community,
        "rate": percent(outcome.rate),
        "ways": {way: percent(share) for way, share in ways.items()} if ways else None,
        "agreed_way": found.survey.agreement.get_non_answers_display(),
    }


def person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise TypeError("LoginRequiredMiddleware lets only users pass.")
    return request.user


def roles(request: HttpRequest) -> frozenset[str]:
    held: frozenset[str] = getattr(request, "roles", frozenset())
    return held
