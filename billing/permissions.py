"""Who sees what of the money and the sheets; the doors to its rows."""

from datetime import date, datetime

from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone

from billing.models import Bill, FeeAgreement, Payment, Survey
from propman.accounts.models import User
from propman.accounts.roles import OFFICIALS, RESIDENTS, STAFF, Role
from propman.community.models import CommitteeMember, Community, Household, Occupancy
from propman.tenancy.numbers import parsed

BOOKS = (Role.FINANCE_OFFICER, Role.GENERAL_MANAGER, Role.COMPANY_ADMINISTRATOR)
COUNTER = (Role.FINANCE_OFFICER,)
READERS = (*RESIDENTS, *STAFF, *OFFICIALS, Role.COMMITTEE_MEMBER)
AGREEMENTS = (*BOOKS, Role.COMMITTEE_MEMBER)


def numbered(reference: str) -> tuple[int, int]:
    """Year and number of YYYY-NNNNNN. Raises Http404 for anything else."""
    if (found := parsed(reference)) is None:
        raise Http404
    return found


def bill_for(user: User, roles: frozenset[str], reference: str) -> Bill:
    """The payer's own bill, or any for finance and management. Raises Http404."""
    year, number = numbered(reference)
    bills = Bill.objects.select_related("run__agreement", "community", "payer", "household__room")
    bill = bills.filter(year=year, number=number).first()
    if bill is None or not (roles.intersection(BOOKS) or (bill.payer and bill.payer.user_id == user.pk)):
        raise Http404
    return bill


def payment_for(user: User, roles: frozenset[str], reference: str) -> Payment:
    """The payer's own payment, or any for finance and management. Raises Http404."""
    year, number = numbered(reference)
    payments = Payment.objects.select_related("community", "payer", "household__room", "taken_by")
    payment = payments.filter(year=year, number=number).first()
    if payment is None or not (roles.intersection(BOOKS) or (payment.payer and payment.payer.user_id == user.pk)):
        raise Http404
    return payment


def holds(day: date, *, at: str = "") -> Q:
    """Not over on that day: a term or lease that ends later still holds."""
    return Q(**{f"{at}ends_on": None}) | Q(**{f"{at}ends_on__gt": day})


def memberships_of(user: User) -> QuerySet[CommitteeMember]:
    """The user's seats on owners' committees today; requests run in the company's time zone."""
    today = timezone.localdate()
    return CommitteeMember.objects.filter(holds(today), holds(today, at="committee__"), person__user=user)


def communities_served(user: User) -> list[int]:
    """The communities on whose committee the user sits."""
    return list(memberships_of(user).values_list("committee__community_id", flat=True))


def communities_of(user: User, roles: frozenset[str]) -> list[int]:
    """The communities whose results the user may read: one's own, or all of them for staff and officials."""
    if roles & (STAFF | OFFICIALS):
        return list(Community.objects.order_by("name").values_list("pk", flat=True))
    lived = Occupancy.objects.filter(holds(timezone.localdate()), person__user=user)
    return sorted({*lived.values_list("household__community_id", flat=True), *communities_served(user)})


def community_for(user: User, roles: frozenset[str], address: str) -> Community:
    """A community whose results the user may read. Raises Http404."""
    community = Community.objects.filter(address=address, pk__in=communities_of(user, roles)).first()
    if community is None:
        raise Http404
    return community


def agreement_for_reader(user: User, roles: frozenset[str], pk: int) -> FeeAgreement:
    """An agreement, for the company's management and the committee of its community. Raises Http404."""
    agreements = FeeAgreement.objects.select_related("community")
    if not roles.intersection(BOOKS):
        agreements = agreements.filter(community__in=communities_served(user))
    if (agreement := agreements.filter(pk=pk).first()) is None:
        raise Http404
    return agreement


def sheet_for(user: User, survey_id: int, household_id: int, *, at: datetime) -> tuple[Survey, Household]:
    """The survey and a household of the user's whose sheet may be filled in. Raises Http404."""
    survey = Survey.objects.select_related("community", "agreement").filter(pk=survey_id, opens_at__lte=at).first()
    household = Household.objects.select_related("room").filter(pk=household_id).first()
    if survey is None or household is None or not may_fill(survey, household, user, at=at):
        raise Http404
    return survey, household


def may_fill(survey: Survey, household: Household, user: User, *, at: datetime) -> bool:
    """Whether the user is owner or tenant of the household, and the household was there when the sheets went out."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT billing_may_fill(%s, %s, %s, %s)", [survey.pk, household.pk, user.pk, at])
        return bool(cursor.fetchone()[0])
