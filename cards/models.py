from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from propman.community.models import Community, Household
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting, OfficialPolicy

from .calendar import COUNT_TIME, REMIND_DAYS, month_name
from .workflow import Card, State, Subject, cards_of

OPINION_LENGTH = 1000


class CardSettings(CompanyModel):
    """When the company's rounds are counted; a change binds the rounds that are issued after it."""

    count_time = models.TimeField(_("count begins at"), default=COUNT_TIME)
    remind_days = models.PositiveSmallIntegerField(
        _("reminder, days before the count"),
        default=REMIND_DAYS,
        validators=[MinValueValidator(1), MaxValueValidator(14)],
    )

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company"], name="cards_cardsettings_one"),
            models.CheckConstraint(condition=Q(remind_days__range=(1, 14)), name="cards_cardsettings_remind_days"),
            *company_constraints("cards_cardsettings", update=["count_time", "remind_days"]),
        ]


class Round(CompanyModel):
    """The cards of one community in one month, from the issue to the signed count.

    `name` is what receipts and signatures are bound to: company/community/YYYY-MM. The moments and roots are written once.
    """

    community = Link(Community, related_name="rounds")
    month = models.DateField(_("month"))  # its first day
    name = models.CharField(max_length=120)
    place = models.CharField(_("community"), max_length=120)  # its name at the issue
    has_committee = models.BooleanField()
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.ISSUING)
    closes_at = models.DateTimeField(_("count begins"))
    issued_at = models.DateTimeField(null=True)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    archived_at = models.DateTimeField(null=True)  # the bulletin's files are written
    households = models.IntegerField(_("households"), default=0)
    public_key = models.CharField(max_length=64)
    issued_root = models.CharField(max_length=64, blank=True)
    cast_root = models.CharField(max_length=64, blank=True)
    void_root = models.CharField(max_length=64, blank=True)
    opinions_root = models.CharField(max_length=64, blank=True)
    opinions = models.IntegerField(default=0)
    root = models.CharField(max_length=64, blank=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "community", "month"], name="cards_round_month"),
            models.UniqueConstraint(fields=["company", "name"], name="cards_round_name"),
            models.CheckConstraint(condition=Q(month__day=1), name="cards_round_first_day"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="cards_round_state"),
            *company_constraints(
                "cards_round",
                references={"community_id": "community_community"},
                update=[
                    "state", "issued_at", "opened_at", "closed_at", "published_at", "archived_at", "households",
                    "issued_root", "cast_root", "void_root", "opinions_root", "opinions", "root",
                ],
            ),
            OfficialPolicy(name="cards_round_officials"),
        ]  # fmt: skip
        indexes = [models.Index(fields=["company", "state"], name="cards_round_by_state")]

    def __str__(self) -> str:
        return self.name

    @property
    def month_name(self) -> str:
        return month_name(self.month)

    @property
    def cards(self) -> list[Card]:
        """The cards that each household holds."""
        return cards_of(has_committee=self.has_committee)

    @property
    def subjects(self) -> list[Subject]:
        return list(Subject) if self.has_committee else [Subject.COMPANY]

    @property
    def issued(self) -> int:
        """How many cards were issued."""
        return self.households * len(self.cards)

    @property
    def is_published(self) -> bool:
        return self.state == State.PUBLISHED


class RoundKey(CompanyModel):
    """The issuer's keys of a round, each encrypted with the key from the environment."""

    round = Link(Round, related_name="keys")
    issuing = models.BinaryField()  # makes the serials
    signing = models.BinaryField()  # seed of the Ed25519 key that signs receipts and counts

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "round"], name="cards_roundkey_one"),
            *company_constraints("cards_roundkey", references={"round_id": "cards_round"}, update=False),
        ]


class RollEntry(CompanyModel):
    """A household of the round's roll, frozen at the issue.

    A million rows are added at once: one look at the set (cards_rollentry_guard) stands for a check of the round at each row.
    """

    company = models.ForeignKey("tenancy.Company", models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    round = Link(Round, related_name="roll")
    household = Link(Household, related_name="+")

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "round", "household"], name="cards_rollentry_key"),
            *company_constraints(
                "cards_rollentry",
                references={"household_id": "community_household"},
                update=False,
                index=False,
            ),
            ForbidRewriting(name="cards_rollentry_forever"),
        ]


class Count(CompanyModel):
    """The open count of a round: how far the cards are dealt. It lives here, so that a broken browser loses nothing."""

    round = Link(Round, related_name="counts")
    started_at = models.DateTimeField()
    dealer = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    witness = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)
    hall = models.PositiveIntegerField(_("owners in the hall"), null=True, blank=True)
    subject = models.CharField(max_length=10, choices=Subject.choices, default=Subject.COMPANY)
    dealt = models.IntegerField(default=0)  # cards dealt in all, of both subjects
    last_hash = models.BinaryField(null=True)
    last_card = models.SmallIntegerField(null=True)
    is_paused = models.BooleanField(default=False)
    finished_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "round"], name="cards_count_one"),
            models.CheckConstraint(condition=Q(witness=None) | ~Q(witness=F("dealer")), name="cards_count_two_people"),
            *company_constraints(
                "cards_count",
                references={"round_id": "cards_round"},
                update=["witness_id", "hall", "subject", "dealt", "last_hash", "last_card", "is_paused", "finished_at"],
            ),
        ]


class Tally(CompanyModel):
    """One card of a round in figures: issued, cast and void; while the count runs, `dealt` of the cast ones."""

    round = Link(Round, related_name="tallies")
    card = models.SmallIntegerField(choices=Card.choices)
    issued = models.IntegerField(default=0)
    dealt = models.IntegerField(default=0)
    void = models.IntegerField(default=0)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "round", "card"], name="cards_tally_card"),
            models.CheckConstraint(condition=Q(card__range=(1, 6)), name="cards_tally_card_range"),
            models.CheckConstraint(
                condition=Q(dealt__gte=0, void__gte=0, issued__gte=F("dealt") + F("void")), name="cards_tally_sum"
            ),
            *company_constraints("cards_tally", references={"round_id": "cards_round"}, update=["dealt", "void"]),
            OfficialPolicy(name="cards_tally_officials"),
        ]

    @property
    def abstained(self) -> int:
        return self.issued - self.dealt - self.void


class CountSignature(CompanyModel):
    """An official's signature under the count: the server signed the root in his name after he gave his second factor."""

    round = Link(Round, related_name="signatures")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", db_index=False)
    role = models.CharField(max_length=30)
    name = models.CharField(max_length=80)
    at = models.DateTimeField()
    signature = models.CharField(max_length=128)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "round", "role"], name="cards_countsignature_role"),
            models.UniqueConstraint(fields=["company", "round", "user"], name="cards_countsignature_user"),
            models.CheckConstraint(
                condition=Q(role__in=["association_official", "government_official"]), name="cards_countsignature_officials"
            ),
            *company_constraints("cards_countsignature", references={"round_id": "cards_round"}, update=False),
            ForbidRewriting(name="cards_countsignature_forever"),
        ]
