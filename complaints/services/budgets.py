"""What each department may spend on work orders in a year, line by line."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import Budget
from complaints.workflow import BadInput, NotYours
from propman.accounts.models import Membership
from propman.accounts.roles import Role
from propman.community.models import Department, Employee
from propman.tenancy.events import record_event
from propman.tenancy.models import Company
from propman.tenancy.scope import current_company_id

from .dispatch import LARGEST_SUM
from .moving import cleaned

SETS_BUDGETS = frozenset({Role.FINANCE_OFFICER, Role.GENERAL_MANAGER})


@transaction.atomic
def set_budget(*, department: Department, year: int, line: str, amount: int, by: Employee, at: datetime) -> Budget:
    """Set what the department may spend on the line in that year, in minor units; setting it again changes the sum.

    Every sum that was ever set stays in the line's own chain of events. Raises NotYours unless a finance officer or the
    general manager does it, BadInput for a line without a name, a sum or year out of range, or a closed department.
    """
    if not Membership.objects.filter(user=by.user_id, role__in=SETS_BUDGETS, ended_at=None).exists():
        raise NotYours(_("Only finance and the general manager set budgets."))
    line = cleaned(line, field="line", longest=60)
    company = Company.objects.get(pk=current_company_id())
    if department.closed_on is not None:
        raise BadInput("department", _("%(name)s is closed.") % {"name": department})
    if abs(year - company.today(at).year) > 1:
        raise BadInput("year", _("Choose last year, this year or the next."))
    if not 0 <= amount <= LARGEST_SUM:
        raise BadInput("amount", _("Write an amount such as 654.47."))
    given = {"amount": amount, "currency": company.currency}
    Budget.objects.bulk_create(
        [Budget(company_id=company.pk, department=department, year=year, line=line, **given)], ignore_conflicts=True
    )
    budget: Budget = Budget.objects.select_for_update().get(department=department, year=year, line=line)
    facts = {"department": department.pk, "year": year, "line": line, "amount": amount, "currency": budget.currency}
    record_event("budget.set", budget, by=by.user, at=at, facts=facts)
    if budget.amount != amount:
        budget.amount = amount
        budget.save(update_fields=["amount"])
    return budget
