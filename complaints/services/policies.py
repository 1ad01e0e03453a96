"""Limits of the clocks: a new version binds what is received after it."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from complaints.clocks import Clock
from complaints.models import MAX_SILENCE, MIN_SILENCE, Category, ClockPolicy, ClockRule, Severity
from complaints.workflow import BadInput
from propman.accounts.models import User
from propman.tenancy.events import record_event

RuleKey = tuple[Category | None, str, Clock]

# Minutes of each clock when nothing else was agreed.
DEFAULT_MINUTES: dict[str, dict[Clock, int]] = {
    Severity.NORMAL: {Clock.ACCEPT: 60, Clock.FIRST_ANSWER: 240, Clock.NEXT_UPDATE: 1440, Clock.RESOLVE: 4320},
    Severity.URGENT: {Clock.ACCEPT: 30, Clock.FIRST_ANSWER: 60, Clock.NEXT_UPDATE: 240, Clock.RESOLVE: 1440},
    Severity.EMERGENCY: {Clock.ACCEPT: 10, Clock.FIRST_ANSWER: 20, Clock.NEXT_UPDATE: 60, Clock.RESOLVE: 240},
}


def default_rules() -> dict[RuleKey, int]:
    return {
        (None, severity, clock): minutes for severity, limits in DEFAULT_MINUTES.items() for clock, minutes in limits.items()
    }


@transaction.atomic
def publish_policy(*, rules: Mapping[RuleKey, int], by: User | None, at: datetime, silence_days: int = 7) -> ClockPolicy:
    """A new version of the limits, in minutes; complaints received before keep theirs.

    `silence_days` is after how many days without the asker's word a resolved complaint closes itself.

    Raises BadInput when a limit is not positive, longer than a year, or when the rule for the rest misses one.
    """
    for severity in Severity.values:
        for clock in Clock:
            if (None, severity, clock) not in rules:
                raise BadInput("rules", _("The rule for all other categories needs every clock."))
    for minutes in rules.values():
        if not 0 < minutes <= 366 * 24 * 60:
            raise BadInput("rules", _("A limit lies between one minute and a year."))
    if not MIN_SILENCE <= silence_days <= MAX_SILENCE:
        raise BadInput("silence_days", _("Between %(least)d and %(most)d days.") % {"least": MIN_SILENCE, "most": MAX_SILENCE})
    newest = ClockPolicy.objects.order_by("-version").first()
    policy: ClockPolicy = ClockPolicy.objects.create(
        version=newest.version + 1 if newest else 1, valid_from=at, silence_days=silence_days
    )
    ClockRule.objects.bulk_create(
        ClockRule(
            company_id=policy.company_id, policy=policy, category=category, severity=severity, clock=clock, minutes=minutes
        )
        for (category, severity, clock), minutes in rules.items()
    )
    record_event(
        "clock_policy.published", policy, by=by, at=at, facts={"version": policy.version, "silence_days": silence_days}
    )
    return policy


# What most communities complain about, with an icon for the tile.
DEFAULT_CATEGORIES = (
    ("lift", "Lift", "电梯", "elevator"),
    ("water", "Water", "给排水", "droplet"),
    ("power", "Power", "供电照明", "bulb"),
    ("cleaning", "Cleaning", "保洁", "wash"),
    ("safety", "Safety", "安全", "shield-check"),
    ("noise", "Noise", "噪音", "volume"),
    ("parking", "Parking", "停车", "car"),
    ("other", "Other", "其他", "dots"),
)


@transaction.atomic
def set_up_complaints(*, by: User | None, at: datetime) -> ClockPolicy:
    """The usual categories and limits of a new company; what exists already stays."""
    for code, name, name_zh, icon in DEFAULT_CATEGORIES:
        if not Category.objects.filter(code=code).exists():
            add_category(code=code, name=name, name_zh=name_zh, icon=icon, by=by, at=at)
    policy: ClockPolicy | None = ClockPolicy.objects.order_by("-version").first()
    return policy or publish_policy(rules=default_rules(), by=by, at=at)


@transaction.atomic
def add_category(
    *, code: str, name: str, name_zh: str, by: User | None, at: datetime, icon: str = "message-circle"
) -> Category:
    """A category that askers can choose from now on. Raises BadInput when the code is taken."""
    if Category.objects.filter(code=code).exists():
        raise BadInput("code", _("This code is taken."))
    category: Category = Category.objects.create(
        code=code, name=name, name_zh=name_zh, icon=icon, position=Category.objects.count()
    )
    record_event("category.added", category, by=by, at=at, facts={"code": code})
    return category


@transaction.atomic
def retire_category(*, code: str, by: User | None, at: datetime) -> None:
    """Offer the category no longer; complaints that have it keep it. An unknown or retired code changes nothing."""
    category = Category.objects.select_for_update().filter(code=code, retired_at=None).first()
    if category is not None:
        category.retired_at = at
        category.save(update_fields=["retired_at"])
        record_event("category.retired", category, by=by, at=at, facts={"code": code})
