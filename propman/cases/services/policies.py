"""The company's own time for judging a draft: a new version binds what is drafted after it (rulebook 1.10)."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from propman.accounts.models import User
from propman.tenancy.events import record_event

from ..models import MAX_JUDGE_DAYS, MIN_JUDGE_DAYS, CasePolicy
from ..workflow import JUDGE_DAYS, BadInput


def judge_within(*, drafted_at: datetime) -> timedelta:
    """How long the head of the unit has for a draft of that moment; three days where the company has set nothing."""
    binding = CasePolicy.objects.filter(valid_from__lte=drafted_at).order_by("-version").first()
    return timedelta(days=binding.judge_days if binding else JUDGE_DAYS)


@transaction.atomic
def publish_case_policy(*, judge_days: int, by: User | None, at: datetime) -> CasePolicy:
    """A new version; drafts written before keep their time. Raises BadInput outside one day and thirty."""
    if not MIN_JUDGE_DAYS <= judge_days <= MAX_JUDGE_DAYS:
        told = {"least": MIN_JUDGE_DAYS, "most": MAX_JUDGE_DAYS}
        raise BadInput("judge_days", _("Between %(least)d and %(most)d days.") % told)
    newest = CasePolicy.objects.order_by("-version").first()
    policy: CasePolicy = CasePolicy.objects.create(
        version=newest.version + 1 if newest else 1, valid_from=at, judge_days=judge_days
    )
    record_event("case_policy.published", policy, by=by, at=at, facts={"version": policy.version, "judge_days": judge_days})
    return policy
