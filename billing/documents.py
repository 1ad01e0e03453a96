"""What a bill and a receipt say on paper, in the reader's language."""

from collections.abc import Sequence

from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from billing.formula import percent
from billing.models import Bill, Payment, Transfer
from billing.pdf import Document
from billing.quarters import Quarter
from propman.common.money import in_figures
from propman.tenancy.models import Company

Y_M_D = "Y-m-d"


def area(hundredths: int) -> str:
    """9460 is 94.60."""
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def quarter_in_words(quarter: Quarter) -> str:
    """2026Q3 is "third quarter 2026"."""
    words = {
        1: pgettext("of a year", "first quarter"),
        2: pgettext("of a year", "second quarter"),
        3: pgettext("of a year", "third quarter"),
        4: pgettext("of a year", "fourth quarter"),
    }
    return _("%(quarter)s %(year)s") % {"quarter": words[quarter.number], "year": quarter.year}


def bill_document(bill: Bill, company: Company, moves: Sequence[Transfer], *, language: str) -> Document:
    """A bill with every figure that its sum was made from."""
    run = bill.run
    with override(language):
        rate = percent(run.rate)
        lines = [
            (
                _("Service fee"),
                _("%(area)s m² × %(price)s a month × %(months)s months")
                % {"area": area(bill.area), "price": in_figures(bill.price, bill.currency), "months": bill.months},
                in_figures(bill.whole_base),
            )
        ]
        if bill.days < bill.quarter_days:
            lines.append(
                (
                    _("Your days"),
                    _("%(days)s of %(all)s days of the quarter") % {"days": bill.days, "all": bill.quarter_days},
                    in_figures(bill.base - bill.whole_base),
                )
            )
        lines.append(
            (
                _("Satisfaction %(rate)s %%") % {"rate": rate},
                _("%(points)s of %(maximum)s points; the company gets %(share)s %% of its fee")
                % {"points": run.rate_points, "maximum": run.rate_maximum, "share": percent(run.share)},
                in_figures(bill.amount - bill.base),
            )
        )
        lines += [(move.get_kind_display(), reason_of(move, company), in_figures(-signed(move))) for move in moves]
        facts = [
            (_("To"), bill.payer.name if bill.payer else _("The owner of %(room)s") % {"room": bill.room_label}),
            (_("Room"), bill.room_label),
            (_("Quarter"), f"{quarter_in_words(bill.period)} ({bill.period.first_day} – {bill.period.last_day})"),
            (pgettext("document", "Issued"), day(bill.issued_at, company)),
            (_("To pay by"), bill.due_on.isoformat()),
        ]
        if bill.cancelled_at:
            facts.append((_("Cancelled"), day(bill.cancelled_at, company)))
        return Document(
            title=_("Bill %(number)s") % {"number": bill.reference},
            lang=language[:2],
            company=company.name,
            community=bill.community.name,
            facts=facts,
            lines=lines,
            total=(_("To pay"), in_figures(bill.owed, bill.currency)),
            notes=[_("Every sum is rounded half up to the cent, and the next step goes on from the sum shown.")],
            footer=f"{company.name} · {bill.reference}",
        )


def receipt_document(payment: Payment, company: Company, moves: Sequence[Transfer], *, language: str) -> Document:
    """A receipt with what the payment paid."""
    with override(language):
        lines = [
            (
                _("Bill %(number)s") % {"number": move.bill.reference} if move.bill else _("Owner credit, for later bills"),
                quarter_in_words(move.bill.period) if move.bill else "",
                in_figures(move.amount),
            )
            for move in moves
        ]
        left, taken_back = payment.amount, []
        if reversal := payment.reversal:
            left = 0
            lines.append((_("Payment reversed"), reversal.reason, in_figures(-payment.amount)))
            taken_back = [(_("Reversed"), f"{day(reversal.reversed_at, company)}, {reversal.reversed_by.name}")]
        return Document(
            title=_("Receipt %(number)s") % {"number": payment.receipt},
            lang=language[:2],
            company=company.name,
            community=payment.community.name,
            facts=[
                (_("From"), payment.payer.name if payment.payer else payment.household.room.label),
                (_("Room"), payment.household.room.label),
                (pgettext("day", "Received"), day(payment.taken_at, company)),
                (_("Paid by"), str(payment.get_method_display())),
                (_("Taken by"), payment.taken_by.name),
                *([(_("Reference"), payment.reference)] if payment.reference else []),
                *taken_back,
            ],
            lines=lines,
            total=(_("Received"), in_figures(left, payment.currency)),
            notes=[],
            footer=f"{company.name} · {payment.receipt}",
        )


def reason_of(move: Transfer, company: Company) -> str:
    """When a transfer moved a bill, and the paper that says why."""
    said = day(move.at, company)
    if move.payment:
        return f"{said}, " + _("receipt %(number)s") % {"number": move.payment.receipt}
    if paper := move.credit_note:
        return f"{said}, {paper.reference}: {paper.reason}"
    return f"{said}: {move.reversal.reason}" if move.reversal else said


def signed(move: Transfer) -> int:
    """What a transfer takes off a bill; a negative amount opens it again."""
    return -move.amount if move.kind in {Transfer.Kind.RELEASED, Transfer.Kind.UNALLOCATED} else move.amount


def day(at, company: Company) -> str:  # type: ignore[no-untyped-def]
    return format_date(timezone.localtime(at, company.timezone), Y_M_D)
