"""Finance: runs, arrears, the counter, corrections, the trial balance; satisfaction against income."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.charts import chart
from billing.forms import CreditForm, DayForm, PaymentForm, RefundForm, ReverseForm, SearchForm
from billing.formula import percent
from billing.models import Account, Bill, BillRun, Payment, Survey
from billing.permissions import BOOKS, COUNTER, bill_for, payment_for
from billing.quarters import midnight
from billing.selectors.counter import customers_like, may_pay, payments_like, position, takings
from billing.selectors.money import (
    AGES,
    arrears,
    bills_in_arrears,
    credit_notes,
    runs_with_sums,
    satisfaction_against_income,
    standing,
    sums_of,
    trial_balance,
)
from billing.selectors.statement import statement_for
from billing.services.books import KeyReused
from billing.services.corrections import NotCreditable, cancel_bill, credit_bill, reissue_bills
from billing.services.payments import (
    CreditTooSmall,
    Customer,
    NotReversible,
    refund_credit,
    reverse_payment,
    take_payment,
)
from propman.accounts.permissions import role_required
from propman.common.exports import Format, file_response
from propman.common.keyset import listed
from propman.common.money import in_figures, plain
from propman.common.text import legible
from propman.community.models import Household, Person
from propman.tenancy.idempotency import FIELD, once
from propman.tenancy.middleware import company_of

from .residents import person, roles

PAGE = 50


@role_required(*BOOKS)
@require_GET
def runs(request: HttpRequest) -> HttpResponse:
    """Every bill run with its sums, and the surveys still running."""
    page = listed(request, runs_with_sums(), by="-quarter", size=PAGE)
    sums = sums_of(page.rows)
    rows = [(run, sums.get(run.pk, {"bills": 0, "total": 0, "owed": 0}), percent(run.rate)) for run in page.rows]
    running = Survey.objects.filter(counted_at=None).select_related("community").order_by("closes_at", "pk")
    shown = {"rows": rows, "page": page, "running": running, "currency": company_of(request).currency}
    return render(request, "billing/runs.html", shown)


@role_required(*BOOKS)
@require_GET
def run(request: HttpRequest, pk: int) -> HttpResponse:
    """The bills of a run."""
    found = get_object_or_404(BillRun.objects.select_related("community", "agreement"), pk=pk)
    bills = Bill.objects.filter(run=found).select_related("payer").order_by("number")
    if wanted := legible(request.GET.get("q", ""))[:60]:
        bills = bills.filter(Q(room_label__icontains=wanted) | Q(payer__name__icontains=wanted))
    if request.GET.get("export") == "csv":
        return bill_export(f"bills-{found.quarter}-{found.community.address}", bills)
    page = listed(request, bills, by="number", size=PAGE)
    kept = f"&{urlencode({'q': wanted})}" if wanted else ""
    shown = {
        "run": found,
        "page": page,
        "q": wanted,
        "keep": kept,
        "rate": percent(found.rate),
        "share": percent(found.share),
    }
    return render(request, "billing/run.html", shown)


def bill_export(name: str, bills) -> Any:  # type: ignore[no-untyped-def]
    heading = [
        _("Number"),
        _("Quarter"),
        _("Room"),
        _("Payer"),
        _("Days"),
        _("Amount"),
        pgettext("amount", "Open"),
        _("Due"),
        _("Cancelled"),
    ]
    rows = [
        [
            bill.reference,
            bill.quarter,
            bill.room_label,
            bill.payer.name if bill.payer else "",
            bill.days,
            plain(bill.amount, bill.currency),
            plain(bill.owed, bill.currency),
            bill.due_on,
            bill.cancelled_at,
        ]
        for bill in bills.iterator()
    ]
    return file_response("csv", name, heading, rows)


@role_required(*BOOKS)
@require_GET
def arrears_by_age(request: HttpRequest) -> HttpResponse:
    """What is open by community and age, and the bills behind it."""
    today = company_of(request).today(timezone.now())
    place, age = legible(request.GET.get("community", ""))[:60], request.GET.get("age", "")
    bills = bills_in_arrears(today=today, community=place, age=age)
    if request.GET.get("export") == "csv":
        return bill_export(f"arrears-{today}", bills)
    rows = arrears(today=today)
    for row in rows:
        row["ages"] = [(name, row[name]) for name in AGES]
    kept = urlencode({name: value for name, value in (("community", place), ("age", age)) if value})
    shown = {
        "rows": rows,
        "totals": totals_of(rows),
        "page": listed(request, bills, by=("due_on", "year", "number"), size=PAGE),
        "heading": _("Open bills that are not due yet") if age == "not_due" else _("Bills past due, oldest first"),
        "keep": f"&{kept}" if kept else "",
    }
    return render(request, "billing/arrears.html", shown)


def totals_of(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The sums of several communities, where they have one currency."""
    if len(rows) < 2 or len({row["currency"] for row in rows}) > 1:
        return None
    return {
        "bills": sum(row["bills"] for row in rows),
        "total": sum(row["total"] for row in rows),
        "ages": [sum(row[age] for row in rows) for age in AGES],
        "currency": rows[0]["currency"],
    }


@role_required(*BOOKS)
@require_GET
def notes(request: HttpRequest) -> Any:
    """Every credit note: what was corrected, why and by whom."""
    found = credit_notes()
    if request.GET.get("export") == "csv":
        heading = [_("Number"), _("Bill"), _("Amount"), _("Reason"), pgettext("document", "Issued"), _("By")]
        rows = [
            [
                note.reference,
                note.bill.reference,
                plain(note.amount, note.bill.currency),
                note.reason,
                note.issued_at,
                note.issued_by,
            ]
            for note in found.iterator()
        ]
        return file_response("csv", "credit-notes", heading, rows)
    page = listed(request, found, by=("-year", "-number"), size=PAGE)
    return render(request, "billing/notes.html", {"page": page})


@role_required(*COUNTER)
@require_GET
def counter(request: HttpRequest) -> HttpResponse:
    """Find who stands at the counter."""
    form = SearchForm(request.GET or None)
    wanted = form.cleaned_data["q"].strip() if form.is_valid() else ""
    found = customers_like(wanted, today=company_of(request).today(timezone.now())) if wanted else []
    shown = {"found": found, "q": wanted, "currency": company_of(request).currency}
    return render(request, "billing/counter.html", shown)


@role_required(*COUNTER)
@require_http_methods(["GET", "POST"])
def customer(request: HttpRequest, household: int, payer: int) -> HttpResponse:
    """Take a payer's money. Two counters that look at the same debt send the same key and book it once."""
    who, company = customer_for(household, payer), company_of(request)
    state = standing(who.household, who.payer, company.currency)
    if request.method == "GET":
        start = {"key": position(who.household, who.payer)}
        if state.owed:
            start["amount"] = plain(state.owed, company.currency)
        return counter_page(request, who, PaymentForm(initial=start), state)
    form = PaymentForm(request.POST)
    if not form.is_valid():
        return counter_page(request, who, form, state, status=422)
    given = form.cleaned_data
    try:
        payment = take_payment(
            customer=who, amount=given["amount"], method=given["method"], reference=given["reference"],
            by=person(request), at=timezone.now(), key=given["key"],
        )  # fmt: skip
    except KeyReused:
        form = PaymentForm({**request.POST.dict(), "key": position(who.household, who.payer)})
        form.add_error(None, _("Somebody else booked a payment of this owner meanwhile. Look at what is open now."))
        return counter_page(request, who, form, standing(who.household, who.payer, company.currency), status=409)
    return redirect("billing:receipt", payment.receipt)


def counter_page(request, who: Customer, form, state, *, refund=None, status=200) -> HttpResponse:  # type: ignore[no-untyped-def]
    shown = {
        "customer": who,
        "form": form,
        "page": statement_for(who.household, who.payer)[:PAGE],
        "standing": state,
        "currency": company_of(request).currency,
        "refund": refund or (RefundForm() if state.credit else None),
    }
    return render(request, "billing/customer.html", shown, status=status)


def customer_for(household: int, payer: int) -> Customer:
    """The household and one of its payers; payer 0 is nobody by name. Raises Http404."""
    place = get_object_or_404(Household.objects.select_related("room", "community"), pk=household)
    if not payer:
        return Customer(place, None)
    who = get_object_or_404(Person, pk=payer)
    if not may_pay(place, who):
        raise Http404
    return Customer(place, who)


@role_required(*COUNTER)
@require_POST
@once
def refund(request: HttpRequest, household: int, payer: int) -> HttpResponse:
    """Pay owner credit out."""
    who, company = customer_for(household, payer), company_of(request)
    form = RefundForm(request.POST)
    if form.is_valid():
        key = request.POST.get(FIELD) or f"refund:{position(who.household, who.payer)}"
        try:
            refund_credit(
                customer=who, amount=form.cleaned_data["amount"], reason=form.cleaned_data["reason"],
                by=person(request), at=timezone.now(), key=key,
            )  # fmt: skip
        except CreditTooSmall:
            form.add_error("amount", _("There is less credit than that."))
        except KeyReused:
            form.add_error(None, _("This refund was paid already."))
        else:
            messages.success(
                request, _("%(amount)s paid out.") % {"amount": in_figures(form.cleaned_data["amount"], company.currency)}
            )
            return redirect("billing:customer", household, payer)
    state = standing(who.household, who.payer, company.currency)
    start = PaymentForm(initial={"key": position(who.household, who.payer)})
    return counter_page(request, who, start, state, refund=form, status=422)


@role_required(*BOOKS)
@require_GET
def payments(request: HttpRequest) -> Any:
    """What was taken, by day, room, payer or receipt, with the day's sums for the till."""
    company, form = company_of(request), DayForm(request.GET)
    given = form.cleaned_data if form.is_valid() else {}
    wanted, on = given.get("q", "").strip(), given.get("day")
    zone = company.timezone
    found = payments_like(wanted, taken=(midnight(on, zone), midnight(on + timedelta(days=1), zone)) if on else None)
    if request.GET.get("export") == "csv":
        return payment_export(f"payments-{on or company.today(timezone.now())}", found)
    sums = [{**row, "label": Payment.Method(row["method"]).label} for row in takings(found)]
    page = listed(request, found, by=("-year", "-number"), size=PAGE)
    kept = urlencode({name: value for name, value in (("q", wanted), ("day", on)) if value})
    shown = {"form": form, "page": page, "sums": sums, "q": wanted, "day": on, "keep": f"&{kept}" if kept else ""}
    return render(request, "billing/payments.html", shown)


def payment_export(name: str, found: QuerySet[Payment]) -> FileResponse:
    heading = [
        _("Receipt"), pgettext("day", "Received"), _("Community"), _("Room"), _("Payer"), _("Paid by"), _("Reference"),
        _("Amount"), _("Taken by"), _("Reversed"),
    ]  # fmt: skip
    rows = [
        [
            payment.receipt, payment.taken_at, payment.community.name, payment.household.room.label,
            payment.payer.name if payment.payer else "", str(payment.get_method_display()), payment.reference,
            plain(payment.amount, payment.currency), payment.taken_by.name,
            payment.reversal.reversed_at if payment.reversal else None,
        ]
        for payment in found.iterator(chunk_size=2000)
    ]  # fmt: skip
    return file_response("csv", name, heading, rows)


@role_required(*COUNTER)
@require_http_methods(["GET", "POST"])
@once
def reverse(request: HttpRequest, reference: str) -> HttpResponse:
    """Take back a payment that was booked to the wrong flat."""
    payment = payment_for(person(request), roles(request), reference)
    if request.method == "GET" and payment.reversal:
        return redirect("billing:receipt", payment.receipt)
    form = ReverseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            reverse_payment(payment=payment, reason=form.cleaned_data["reason"], by=person(request), at=timezone.now())
        except NotReversible as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("The payment was reversed. Book the money where it belongs."))
            return redirect("billing:receipt", payment.receipt)
    status = 422 if request.method == "POST" else 200
    return render(request, "billing/reverse.html", {"payment": payment, "form": form}, status=status)


@role_required(*COUNTER)
@require_http_methods(["GET", "POST"])
@once
def correct(request: HttpRequest, reference: str) -> HttpResponse:
    """Credit a bill, cancel it, or issue it anew."""
    found = bill_for(person(request), roles(request), reference)
    form = CreditForm(request.POST or None, bill=found)
    if request.method == "POST" and form.is_valid():
        try:
            said = correct_bill(request, found, form)
        except (NotCreditable, KeyReused) as error:
            form.add_error(None, str(error) or _("This correction was booked already."))
        else:
            messages.success(request, said)
            return redirect("billing:bill", found.reference)
    status = 422 if request.method == "POST" else 200
    return render(request, "billing/correct.html", {"bill": found, "form": form}, status=status)


def correct_bill(request: HttpRequest, bill: Bill, form: CreditForm) -> str:
    given = form.cleaned_data
    by, now, reason = person(request), timezone.now(), given["reason"]
    if given["way"] == "credit":
        key = request.POST.get(FIELD) or f"credit:{bill.pk}:{bill.credited}"
        note = credit_bill(bill=bill, amount=given["amount"], reason=reason, by=by, at=now, key=key)
        return _("Credit note %(number)s was issued.") % {"number": note.reference}
    if given["way"] == "cancel":
        cancel_bill(bill=bill, reason=reason, by=by, at=now)
        return _("The bill was cancelled.")
    new = reissue_bills(bill=bill, reason=reason, by=by, at=now)
    return _("Issued anew: %(numbers)s.") % {"numbers": ", ".join(one.reference for one in new)}


@role_required(*BOOKS)
@require_GET
def balance(request: HttpRequest) -> Any:
    """The trial balance; debits and credits agree, or the page says so."""
    rows = trial_balance()
    labels = dict(Account.Kind.choices)
    for row in rows:
        row["label"] = labels[row["kind"]]
        difference = row["debited"] - row["credited"]
        row["debit_balance"], row["credit_balance"] = max(difference, 0), max(-difference, 0)
    totals = {name: sum(row[name] for row in rows) for name in ("debited", "credited", "debit_balance", "credit_balance")}
    formats: dict[str, Format] = {"csv": "csv", "xlsx": "xlsx"}
    if kind := formats.get(request.GET.get("export", "")):
        heading = [
            _("Community"),
            _("Account"),
            _("Currency"),
            _("Debits"),
            _("Credits"),
            _("Debit balance"),
            _("Credit balance"),
        ]
        lines = [
            [row["community__name"], str(row["label"]), row["currency"]]
            + [plain(row[name], row["currency"]) for name in totals]
            for row in rows
        ]
        return file_response(kind, f"trial-balance-{company_of(request).today(timezone.now())}", heading, lines)
    shown = {"rows": rows, "totals": totals, "agrees": totals["debited"] == totals["credited"]}
    return render(request, "billing/balance.html", shown)


@role_required(*BOOKS)
@require_GET
def income(request: HttpRequest) -> HttpResponse:
    """Satisfaction against income, quarter by quarter."""
    quarters = list(BillRun.objects.order_by("-quarter").values_list("quarter", flat=True).distinct()[:8])
    chosen = request.GET.get("quarter") or (quarters[0] if quarters else "")
    rows = satisfaction_against_income(chosen) if chosen in quarters else []
    shown = {"rows": rows, "quarters": quarters, "chosen": chosen, "chart": chart(rows)}
    return render(request, "billing/income.html", shown)
