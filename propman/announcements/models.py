from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from propman.community.models import Building, Community, Department, Entrance, Household
from propman.tenancy.base import CompanyManager, CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting

from .querysets import AnnouncementQuerySet
from .workflow import ICONS, LONGEST_REASON, LONGEST_TEXT, LONGEST_TITLE, Kind, State, state_at

FACTS = [
    "company_id", "kind", "title", "text", "starts_at", "ends_at", "is_urgent", "publish_at", "remind_at", "written_by_id",
    "written_at", "department_id", "corrects_id", "correction", "clears_id",
]  # fmt: skip


class AnnouncementManager(CompanyManager.from_queryset(AnnouncementQuerySet)):  # type: ignore[misc]
    """Announcements of the current company."""


class Announcement(CompanyModel):
    """What residents are told: that something holds in [starts_at, ends_at), or until further notice.

    Its words never change. A correction is another announcement that takes its place and says why, an all-clear one that
    ends it; an announcement has one of each. `due_at` is the next moment at which the clock has something to do: publish, or
    remind.
    """

    # facts
    kind = models.CharField(_("about"), max_length=10, choices=Kind.choices)
    title = models.CharField(_("in a few words"), max_length=LONGEST_TITLE)
    text = models.TextField(_("what residents should know"), max_length=LONGEST_TEXT)
    starts_at = models.DateTimeField(pgettext_lazy("of a time", "from"))
    ends_at = models.DateTimeField(pgettext_lazy("of a time", "until"), null=True)
    is_urgent = models.BooleanField(default=False)
    publish_at = models.DateTimeField()
    remind_at = models.DateTimeField(null=True)
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    written_at = models.DateTimeField()
    department = Link(Department, related_name="+")  # who speaks, and can be asked
    corrects = Link("announcements.Announcement", null=True, related_name="corrections")
    correction = models.CharField(max_length=LONGEST_REASON, blank=True)  # what was wrong
    clears = Link("announcements.Announcement", null=True, related_name="all_clears")

    # state
    due_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    accounts = models.IntegerField(default=0)  # how many people were sent a notice
    reminded_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    withdrawal = models.CharField(max_length=LONGEST_REASON, blank=True)
    replaced_at = models.DateTimeField(null=True)
    cleared_at = models.DateTimeField(null=True)

    objects: ClassVar[AnnouncementManager] = AnnouncementManager()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="announcements_announcement_kind"),
            models.CheckConstraint(condition=~Q(title="") & ~Q(text=""), name="announcements_announcement_words"),
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("starts_at")), name="announcements_announcement_window"
            ),
            models.CheckConstraint(
                condition=Q(remind_at=None) | Q(remind_at__lt=F("starts_at"), remind_at__gt=F("publish_at")),
                name="announcements_announcement_reminder",
            ),
            models.CheckConstraint(
                condition=(Q(corrects=None) & Q(correction="")) | (Q(corrects__isnull=False) & ~Q(correction="")),
                name="announcements_announcement_corrects",
            ),
            models.CheckConstraint(
                condition=(Q(withdrawn_at=None) & Q(withdrawal="")) | (Q(withdrawn_at__isnull=False) & ~Q(withdrawal="")),
                name="announcements_announcement_withdrawn",
            ),
            # Nothing that nobody was told is reminded of, corrected or over.
            models.CheckConstraint(
                condition=Q(published_at__isnull=False) | Q(reminded_at=None, replaced_at=None, cleared_at=None, accounts=0),
                name="announcements_announcement_told_first",
            ),
            models.UniqueConstraint(
                fields=["company", "corrects"],
                condition=Q(corrects__isnull=False),
                name="announcements_announcement_one_correction",
            ),
            models.UniqueConstraint(
                fields=["company", "clears"],
                condition=Q(clears__isnull=False, withdrawn_at=None),
                name="announcements_announcement_one_clear",
            ),
            *company_constraints(
                "announcements_announcement",
                references={
                    "department_id": "community_department",
                    "corrects_id": "announcements_announcement",
                    "clears_id": "announcements_announcement",
                },
                update=[
                    "due_at", "published_at", "accounts", "reminded_at", "withdrawn_at", "withdrawn_by_id", "withdrawal",
                    "replaced_at", "cleared_at",
                ],
            ),
            ForbidRewriting(name="announcements_announcement_forever", columns=FACTS),
        ]  # fmt: skip
        indexes = [
            models.Index(fields=["due_at"], name="announcements_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["company", "publish_at", "id"], name="announcements_time"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def icon(self) -> str:
        return "circle-check" if self.clears_id else ICONS[self.kind]

    def state_at(self, at: datetime) -> State:
        return state_at(
            at,
            published_at=self.published_at,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            withdrawn_at=self.withdrawn_at,
            replaced_at=self.replaced_at,
            cleared_at=self.cleared_at,
        )


class Audience(CompanyModel):
    """A place whose households are told: a whole community, a building or an entrance of it."""

    announcement = Link(Announcement, related_name="audience")
    community = Link(Community, related_name="+")
    building = Link(Building, null=True, related_name="+")
    entrance = Link(Entrance, null=True, related_name="+")

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(building=None) | Q(entrance=None), name="announcements_audience_one_place"),
            models.UniqueConstraint(
                fields=["company", "announcement", "community", "building", "entrance"],
                nulls_distinct=False,
                name="announcements_audience_once",
            ),
            *company_constraints(
                "announcements_audience",
                references={
                    "announcement_id": "announcements_announcement",
                    "community_id": "community_community",
                    "building_id": "community_building",
                    "entrance_id": "community_entrance",
                },
                update=False,
            ),
            ForbidRewriting(name="announcements_audience_forever"),
        ]
        indexes = [models.Index(fields=["company", "community", "building", "entrance"], name="announcements_audience_place")]


class Reach(CompanyModel):
    """How many households an announcement was for when it was published, entrance by entrance.

    `reached` have somebody with an account; for the others there is paper on the door.
    """

    announcement = Link(Announcement, related_name="reach")
    community = Link(Community, related_name="+")
    building = Link(Building, related_name="+")
    entrance = Link(Entrance, related_name="+")
    households = models.IntegerField()
    reached = models.IntegerField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(households__gt=0, reached__gte=0, reached__lte=F("households")), name="announcements_reach_counts"
            ),
            models.UniqueConstraint(fields=["company", "announcement", "entrance"], name="announcements_reach_once"),
            *company_constraints(
                "announcements_reach",
                references={
                    "announcement_id": "announcements_announcement",
                    "community_id": "community_community",
                    "building_id": "community_building",
                    "entrance_id": "community_entrance",
                },
                update=False,
            ),
            ForbidRewriting(name="announcements_reach_forever"),
        ]


class Reading(CompanyModel):
    """When somebody of a household first saw an announcement; offices see counts of it, never whose it is."""

    announcement = Link(Announcement, related_name="readings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    household = Link(Household, related_name="+")
    at = models.DateTimeField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["company", "announcement", "household", "user"], name="announcements_reading_first"
            ),
            *company_constraints(
                "announcements_reading",
                references={"announcement_id": "announcements_announcement", "household_id": "community_household"},
                update=False,
            ),
            ForbidRewriting(name="announcements_reading_forever"),
        ]
        indexes = [models.Index(fields=["company", "user", "announcement"], name="announcements_reading_of")]
