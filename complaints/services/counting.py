"""How the counting is checked: a version of settings holds from its publication on."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.models import CountingPolicy
from complaints.selectors.counting import RANGES
from complaints.workflow import BadInput
from propman.accounts.models import User
from propman.tenancy.events import record_event


@transaction.atomic
def publish_counting_policy(
    *, call_back_percent: int, match_minutes: int, alarm_per_mille: int, by: User | None, at: datetime
) -> CountingPolicy:
    """A new version: per cent of closings that are called back, minutes between entry and contact, thousandths of the alarm.

    Raises BadInput (with the field) for a value out of range.
    """
    values = {"call_back_percent": call_back_percent, "match_minutes": match_minutes, "alarm_per_mille": alarm_per_mille}
    for name, value in values.items():
        least, most = RANGES[name]
        if not least <= value <= most:
            raise BadInput(name, _("Between %(least)d and %(most)d.") % {"least": least, "most": most})
    newest = CountingPolicy.objects.order_by("-version").first()
    policy: CountingPolicy = CountingPolicy.objects.create(version=newest.version + 1 if newest else 1, valid_from=at, **values)
    record_event("counting_policy.published", policy, by=by, at=at, facts={"version": policy.version, **values})
    return policy
