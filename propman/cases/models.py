from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from propman.community.models import Department, Employee
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting

from .workflow import Ground, Measure, Part, Source, State, Verdict

LONGEST_TEXT = 4000
MIN_JUDGE_DAYS, MAX_JUDGE_DAYS = 1, 30
FACT_COLUMNS = [
    "company_id", "origin", "source", "ground", "accused_id", "department_id", "about_id", "subject_kind", "subject",
    "occurred_at", "drafted_at",
]  # fmt: skip
STATE_COLUMNS = [
    "state", "is_serious", "judged_at", "judged_by_id", "judgement", "replied_at", "reply", "decided_at", "decided_by_id",
    "measure", "amount", "clause", "reason", "appealed_at", "appeal", "reviewed_at", "reviewed_by_id", "verdict",
    "review_reason", "closed_at", "final_measure", "final_amount",
]  # fmt: skip


class Case(CompanyModel):
    """A case against an employee: what was found, and each step of hearing, deciding and appealing; a step is set once.

    Amounts are minor units of the company's currency.
    """

    # facts
    origin = models.CharField(max_length=120)  # what it was drafted from: nothing drafts twice
    source = models.CharField(_("source"), max_length=12, choices=Source.choices)
    ground = models.CharField(_("ground"), max_length=20, choices=Ground.choices)
    accused = Link(Employee, related_name="+")
    department = Link(Department, related_name="+")  # the responsible unit
    about = Link("cases.Case", null=True, related_name="+")  # of a second case: the draft that its head left lying
    subject_kind = models.CharField(max_length=20, blank=True)
    subject = models.CharField(max_length=40, blank=True)
    occurred_at = models.DateTimeField()
    drafted_at = models.DateTimeField()

    # who has a part
    head = Link(Employee, null=True, related_name="+")
    decider = Link(Employee, null=True, related_name="+")
    reviewer = Link(Employee, null=True, related_name="+")
    due_at = models.DateTimeField(null=True)

    # state
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.DRAFTED)
    is_serious = models.BooleanField(default=False)
    judged_at = models.DateTimeField(null=True)
    judged_by = Link(Employee, null=True, related_name="+")  # nobody: the time ran out
    judgement = models.TextField(max_length=LONGEST_TEXT, blank=True)
    replied_at = models.DateTimeField(null=True)
    reply = models.TextField(max_length=LONGEST_TEXT, blank=True)
    decided_at = models.DateTimeField(null=True)
    decided_by = Link(Employee, null=True, related_name="+")
    measure = models.CharField(_("measure"), max_length=10, choices=Measure.choices, blank=True)
    amount = models.BigIntegerField(default=0)
    clause = models.CharField(max_length=120, blank=True)
    reason = models.TextField(max_length=LONGEST_TEXT, blank=True)
    appealed_at = models.DateTimeField(null=True)
    appeal = models.TextField(max_length=LONGEST_TEXT, blank=True)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = Link(Employee, null=True, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    review_reason = models.TextField(max_length=LONGEST_TEXT, blank=True)
    closed_at = models.DateTimeField(null=True)
    final_measure = models.CharField(max_length=10, choices=Measure.choices, blank=True)
    final_amount = models.BigIntegerField(default=0)
    event_position = models.IntegerField(default=1)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "origin"], name="cases_case_origin"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="cases_case_state"),
            models.CheckConstraint(
                condition=(Q(state="drafted") & Q(judged_at=None)) | (~Q(state="drafted") & Q(judged_at__isnull=False)),
                name="cases_case_judged",
            ),
            models.CheckConstraint(
                condition=(Q(state__in=["drafted", "dropped", "opened", "ready"]) & Q(decided_at=None, measure=""))
                | (
                    Q(state__in=["decided", "appealed", "closed"], decided_at__isnull=False, decided_by__isnull=False)
                    & ~Q(measure="")
                    & ~Q(reason="")
                ),
                name="cases_case_decided",
            ),
            models.CheckConstraint(
                condition=(Q(measure="pay") & Q(amount__gt=0) & ~Q(clause="")) | (~Q(measure="pay") & Q(amount=0, clause="")),
                name="cases_case_amount",
            ),
            models.CheckConstraint(condition=~Q(measure="dismissal") | Q(is_serious=True), name="cases_case_serious"),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) & ~Q(final_measure="")
                | ~Q(state="closed") & Q(closed_at=None, final_measure="", final_amount=0),
                name="cases_case_closed",
            ),
            models.CheckConstraint(
                condition=(Q(final_measure="pay") & Q(final_amount__gt=0)) | (~Q(final_measure="pay") & Q(final_amount=0)),
                name="cases_case_final_amount",
            ),
            # Nobody judges himself, and an appeal goes to somebody who took no part.
            models.CheckConstraint(
                condition=(Q(head=None) | ~Q(head=F("accused"))) & (Q(decider=None) | ~Q(decider=F("accused"))),
                name="cases_case_not_himself",
            ),
            models.CheckConstraint(
                condition=Q(reviewer=None)
                | (
                    ~Q(reviewer=F("accused"))
                    & (Q(head=None) | ~Q(reviewer=F("head")))
                    & (Q(decided_by=None) | ~Q(reviewer=F("decided_by")))
                ),
                name="cases_case_uninvolved",
            ),
            *company_constraints(
                "cases_case",
                references={
                    "accused_id": "community_employee",
                    "department_id": "community_department",
                    "about_id": "cases_case",
                    "head_id": "community_employee",
                    "decider_id": "community_employee",
                    "reviewer_id": "community_employee",
                    "judged_by_id": "community_employee",
                    "decided_by_id": "community_employee",
                    "reviewed_by_id": "community_employee",
                },
                update=["head_id", "decider_id", "reviewer_id", "due_at", "event_position", *STATE_COLUMNS],
            ),
            ForbidRewriting(name="cases_case_forever", columns=FACT_COLUMNS),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="cases_case_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["company", "drafted_at", "id"], name="cases_case_time"),
            models.Index(fields=["company", "accused"], name="cases_case_accused"),
            models.Index(fields=["company", "head"], name="cases_case_head", condition=Q(state="drafted")),
            models.Index(fields=["company", "subject_kind", "subject"], name="cases_case_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.pk}"

    def holder(self, part: Part) -> int | None:
        """The id of the employee who has that part in the case; the clock is nobody."""
        holders: dict[Part, int | None] = {
            Part.HEAD: self.head_id,
            Part.ACCUSED: self.accused_id,
            Part.DECIDER: self.decider_id,
            Part.REVIEWER: self.reviewer_id,
        }
        return holders.get(part)


class CasePolicy(CompanyModel):
    """One version of the time that a head has for a draft; it binds the drafts written while it was the newest."""

    version = models.IntegerField()
    valid_from = models.DateTimeField()
    judge_days = models.PositiveSmallIntegerField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "version"], name="cases_casepolicy_version"),
            models.CheckConstraint(
                condition=Q(judge_days__gte=MIN_JUDGE_DAYS, judge_days__lte=MAX_JUDGE_DAYS), name="cases_casepolicy_days"
            ),
            *company_constraints("cases_casepolicy", update=False),
            ForbidRewriting(name="cases_casepolicy_forever"),
        ]


class Evidence(CompanyModel):
    """One piece of evidence: an event of what the case is about, with its hash, or what somebody wrote down."""

    case = Link(Case, related_name="evidence")
    at = models.DateTimeField()
    event = models.CharField(max_length=60, blank=True)  # the event's name
    event_hash = models.CharField(max_length=64, blank=True)
    text = models.TextField(max_length=LONGEST_TEXT, blank=True)
    added_by = Link(Employee, null=True, related_name="+")
    added_at = models.DateTimeField()

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(condition=~Q(event="") | ~Q(text=""), name="cases_evidence_something"),
            *company_constraints(
                "cases_evidence",
                references={"case_id": "cases_case", "added_by_id": "community_employee"},
                update=False,
            ),
            ForbidRewriting(name="cases_evidence_forever"),
        ]
        indexes = [models.Index(fields=["company", "case", "at", "id"], name="cases_evidence_case")]
