from fractions import Fraction

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from propman.community.models import Department, Employee
from propman.tenancy.base import CompanyModel, Link, company_constraints
from propman.tenancy.constraints import ForbidRewriting

from .workflow import Answer, QuarterKey, Reason, Stage, UnitState, Verdict

SCORE_FIELDS = ("score1", "score2", "score3", "score4", "score5")


class AppraisalStandard(CompanyModel):
    """The five criteria that quarters beginning after its publication are scored by; every criterion weighs the same."""

    published_at = models.DateTimeField()
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False)

    class Meta(CompanyModel.Meta):
        constraints = [
            *company_constraints("hr_appraisalstandard", update=False),
            ForbidRewriting(name="hr_appraisalstandard_forever"),
        ]
        indexes = [models.Index(fields=["company", "published_at"], name="hr_appraisalstandard_time")]


class Criterion(CompanyModel):
    """One of the five: its name, and what far below, meeting and far above the standard mean."""

    standard = Link(AppraisalStandard, related_name="criteria")
    position = models.SmallIntegerField()
    name = models.CharField(_("criterion"), max_length=40)
    meaning = models.CharField(_("what is looked at"), max_length=300)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "standard", "position"], name="hr_criterion_position"),
            models.CheckConstraint(condition=Q(position__gte=1, position__lte=5), name="hr_criterion_five"),
            *company_constraints("hr_criterion", references={"standard_id": "hr_appraisalstandard"}, update=False),
            ForbidRewriting(name="hr_criterion_forever"),
        ]

    def __str__(self) -> str:
        return self.name


class EmploymentSpan(CompanyModel):
    """Days of leave or probation, [starts_on, ends_on)."""

    class Kind(models.TextChoices):
        LEAVE = "leave", _("Leave")
        PROBATION = "probation", _("Probation")

    employee = Link(Employee, related_name="+")
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"))

    class Meta(CompanyModel.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gt=F("starts_on")), name="hr_employmentspan_days"),
            models.CheckConstraint(condition=Q(kind__in=["leave", "probation"]), name="hr_employmentspan_kind"),
            ExclusionConstraint(
                name="hr_employmentspan_once",
                expressions=[
                    ("company", RangeOperators.EQUAL),
                    ("employee", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    (Func("starts_on", "ends_on", function="daterange"), RangeOperators.OVERLAPS),
                ],
            ),
            *company_constraints(
                "hr_employmentspan", references={"employee_id": "community_employee"}, update=["ends_on"], delete=True
            ),
        ]


class Transfer(CompanyModel):
    """An employee's move to another department, on its first day there."""

    employee = Link(Employee, related_name="+")
    from_department = Link(Department, related_name="+")
    to_department = Link(Department, related_name="+")
    moved_on = models.DateField(_("on"))

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "employee", "moved_on"], name="hr_transfer_day"),
            models.CheckConstraint(condition=~Q(from_department=F("to_department")), name="hr_transfer_elsewhere"),
            *company_constraints(
                "hr_transfer",
                references={
                    "employee_id": "community_employee",
                    "from_department_id": "community_department",
                    "to_department_id": "community_department",
                },
                update=False,
            ),
            ForbidRewriting(name="hr_transfer_forever"),
        ]


class Deputy(CompanyModel):
    """Who scores a department when its head is late; without a department, who scores the heads."""

    department = Link(Department, null=True, related_name="+")
    employee = Link(Employee, related_name="+")

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "department"], name="hr_deputy_one", nulls_distinct=False),
            *company_constraints(
                "hr_deputy",
                references={"department_id": "community_department", "employee_id": "community_employee"},
                update=["employee_id"],
            ),
        ]


class AppraisalQuarter(CompanyModel):
    """One quarter's appraisal of the whole company; unchangeable once `locked_at` is set."""

    year = models.SmallIntegerField()
    number = models.SmallIntegerField()
    period = models.IntegerField()  # counts quarters without a gap
    standard = Link(AppraisalStandard, related_name="+")
    opened_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    lock_at = models.DateTimeField()
    next_due_at = models.DateTimeField(null=True)  # when the clock must look again; empty after the lock
    locked_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64, blank=True)  # of all results

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "period"], name="hr_appraisalquarter_period"),
            models.CheckConstraint(
                condition=Q(number__gte=1, number__lte=4) & Q(period=F("year") * 4 + F("number") - 1),
                name="hr_appraisalquarter_number",
            ),
            models.CheckConstraint(
                condition=Q(opened_at__lt=F("closes_at")) & Q(closes_at__lt=F("lock_at")), name="hr_appraisalquarter_times"
            ),
            models.CheckConstraint(
                condition=Q(locked_at=None, digest="") | (Q(locked_at__isnull=False, next_due_at=None) & ~Q(digest="")),
                name="hr_appraisalquarter_locked",
            ),
            *company_constraints(
                "hr_appraisalquarter",
                references={"standard_id": "hr_appraisalstandard"},
                update=["next_due_at", "locked_at", "digest"],
            ),
        ]
        indexes = [models.Index(fields=["next_due_at"], name="hr_appraisalquarter_due", condition=Q(locked_at=None))]

    def __str__(self) -> str:
        return str(self.key)

    @property
    def key(self) -> QuarterKey:
        return QuarterKey(self.year, self.number)

    @property
    def is_locked(self) -> bool:
        return self.locked_at is not None


class AppraisalUnit(CompanyModel):
    """The sheet of one department in a quarter, or of all heads together (without a department)."""

    quarter = Link(AppraisalQuarter, related_name="units")
    department = Link(Department, null=True, related_name="+")
    scorer = Link(Employee, null=True, related_name="+")
    stage = models.CharField(max_length=10, choices=Stage.choices, default=Stage.HEAD)
    state = models.CharField(max_length=10, choices=UnitState.choices, default=UnitState.OPEN)
    due_at = models.DateTimeField()  # until when the present scorer has time
    reminders = models.SmallIntegerField(default=0)  # sent to the present scorer
    submitted_at = models.DateTimeField(null=True)
    answers_until = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["company", "quarter", "department"], name="hr_appraisalunit_one", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(state="submitted", submitted_at__isnull=False, answers_until__isnull=False)
                | Q(state__in=["open", "missed"], submitted_at=None, answers_until=None),
                name="hr_appraisalunit_state",
            ),
            *company_constraints(
                "hr_appraisalunit",
                references={
                    "quarter_id": "hr_appraisalquarter",
                    "department_id": "community_department",
                    "scorer_id": "community_employee",
                },
                update=["scorer_id", "stage", "state", "due_at", "reminders", "submitted_at", "answers_until"],
            ),
        ]

    @property
    def name(self) -> str:
        return self.department.name if self.department else str(_("Heads of departments"))

    @property
    def is_heads(self) -> bool:
        return self.department_id is None


class Appraisal(CompanyModel):
    """One employee's row: the facts as they stood at the opening, the five scores, the written fact, the employee's answer."""

    quarter = Link(AppraisalQuarter, related_name="+")
    unit = Link(AppraisalUnit, related_name="appraisals")
    employee = Link(Employee, related_name="+")
    department = Link(Department, related_name="+")
    post = models.CharField(_("post"), max_length=80, blank=True)
    # kept as they were, for the report of outcomes
    sex = models.CharField(max_length=10, choices=Employee.Sex.choices)
    age = models.SmallIntegerField(null=True)
    contract = models.CharField(max_length=40, blank=True)
    # days of the quarter
    days = models.SmallIntegerField()
    leave_days = models.SmallIntegerField(default=0)
    elsewhere_days = models.SmallIntegerField(default=0)
    reason = models.CharField(max_length=10, choices=Reason.choices, blank=True)
    # what complaints tell
    contacts = models.IntegerField(default=0)
    verified = models.IntegerField(default=0)
    on_time = models.IntegerField(default=0)
    reopened = models.IntegerField(default=0)
    breaches = models.IntegerField(default=0)
    # the sheet
    score1 = models.SmallIntegerField(null=True)
    score2 = models.SmallIntegerField(null=True)
    score3 = models.SmallIntegerField(null=True)
    score4 = models.SmallIntegerField(null=True)
    score5 = models.SmallIntegerField(null=True)
    total = models.GeneratedField(  # missing while one score is missing
        expression=F("score1") + F("score2") + F("score3") + F("score4") + F("score5"),
        output_field=models.SmallIntegerField(),
        db_persist=True,
    )
    fact = models.CharField(_("fact"), max_length=300, blank=True)
    answer = models.CharField(max_length=10, choices=Answer.choices, blank=True)
    answered_at = models.DateTimeField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "quarter", "employee"], name="hr_appraisal_once"),
            *(
                models.CheckConstraint(
                    condition=Q(**{field: None}) | Q(**{f"{field}__gte": 1, f"{field}__lte": 5}), name=f"hr_appraisal_{field}"
                )
                for field in SCORE_FIELDS
            ),
            models.CheckConstraint(
                condition=Q(reason="") | Q(**dict.fromkeys(SCORE_FIELDS)), name="hr_appraisal_not_ranked_not_scored"
            ),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None) | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="hr_appraisal_answer",
            ),
            *company_constraints(
                "hr_appraisal",
                references={
                    "quarter_id": "hr_appraisalquarter",
                    "unit_id": "hr_appraisalunit",
                    "employee_id": "community_employee",
                    "department_id": "community_department",
                },
                update=[*SCORE_FIELDS, "fact", "answer", "answered_at"],
            ),
        ]
        indexes = [
            models.Index(fields=["company", "unit"], name="hr_appraisal_unit"),
            models.Index(fields=["company", "employee"], name="hr_appraisal_employee"),
            models.Index(fields=["company", "quarter", "post"], name="hr_appraisal_post"),
        ]

    @property
    def scores(self) -> tuple[int | None, ...]:
        return self.score1, self.score2, self.score3, self.score4, self.score5

    @property
    def is_ranked(self) -> bool:
        return not self.reason


class AppraisalObjection(CompanyModel):
    """An employee's objection to his row, answered by somebody who did not score it."""

    quarter = Link(AppraisalQuarter, related_name="+")
    appraisal = Link(Appraisal, related_name="objections")
    words = models.TextField(_("objection"), max_length=2000)
    filed_at = models.DateTimeField()
    reviewer = Link(Employee, null=True, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict.choices, blank=True)
    reply = models.TextField(_("reason"), max_length=2000, blank=True)
    replied_at = models.DateTimeField(null=True)
    scores_before = ArrayField(models.SmallIntegerField(), size=5)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "appraisal"], name="hr_appraisalobjection_once"),
            models.CheckConstraint(
                condition=Q(verdict="", reply="", replied_at=None)
                | (Q(verdict__in=["kept", "changed"], replied_at__isnull=False) & ~Q(reply="")),
                name="hr_appraisalobjection_replied",
            ),
            *company_constraints(
                "hr_appraisalobjection",
                references={
                    "quarter_id": "hr_appraisalquarter",
                    "appraisal_id": "hr_appraisal",
                    "reviewer_id": "community_employee",
                },
                update=["reviewer_id", "verdict", "reply", "replied_at"],
            ),
        ]
        indexes = [
            models.Index(fields=["company", "reviewer"], name="hr_appraisalobjection_open", condition=Q(replied_at=None)),
            models.Index(fields=["company", "quarter"], name="hr_appraisalobjection_quarter"),
        ]


class AppraisalResult(CompanyModel):
    """Where somebody stood when the quarter was locked; the adjusted total is the fraction numerator / denominator."""

    quarter = Link(AppraisalQuarter, related_name="+")
    period = models.IntegerField()
    is_heads = models.BooleanField()
    unit = Link(AppraisalUnit, related_name="+")
    appraisal = Link(Appraisal, related_name="results")
    employee = Link(Employee, related_name="+")
    department = Link(Department, related_name="+")
    total = models.SmallIntegerField()
    unit_n = models.IntegerField()
    unit_sum = models.IntegerField()
    company_n = models.IntegerField()
    company_sum = models.IntegerField()
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()
    unit_rank = models.IntegerField(null=True)
    company_rank = models.IntegerField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "appraisal"], name="hr_appraisalresult_once"),
            models.UniqueConstraint(fields=["company", "employee", "period"], name="hr_appraisalresult_trend"),
            models.CheckConstraint(
                condition=Q(unit_n__lt=5, unit_rank=None, company_rank=None)
                | Q(unit_n__gte=5, unit_rank__isnull=False, company_rank__isnull=False),
                name="hr_appraisalresult_small_unit",
            ),
            *company_constraints(
                "hr_appraisalresult",
                references={
                    "quarter_id": "hr_appraisalquarter",
                    "unit_id": "hr_appraisalunit",
                    "appraisal_id": "hr_appraisal",
                    "employee_id": "community_employee",
                    "department_id": "community_department",
                },
                update=False,
            ),
            ForbidRewriting(name="hr_appraisalresult_forever"),
        ]
        indexes = [
            models.Index(fields=["company", "quarter", "is_heads", "company_rank", "id"], name="hr_appraisalresult_order"),
            models.Index(fields=["company", "department", "period"], name="hr_appraisalresult_unit"),
        ]

    @property
    def adjusted(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)

    @property
    def adjustment(self) -> Fraction:
        return self.adjusted - self.total

    @property
    def unit_mean(self) -> Fraction:
        return Fraction(self.unit_sum, self.unit_n)

    @property
    def company_mean(self) -> Fraction:
        return Fraction(self.company_sum, self.company_n)


class OfficeResult(CompanyModel):
    """Where a management office stood when the quarter was locked: by contacts answered in time and solutions verified."""

    quarter = Link(AppraisalQuarter, related_name="+")
    period = models.IntegerField()
    department = Link(Department, related_name="+")
    contacts = models.IntegerField()
    on_time = models.IntegerField()
    verified = models.IntegerField()
    reopened = models.IntegerField()
    ratings = models.IntegerField()
    rating_sum = models.IntegerField()
    people = models.IntegerField()
    company_numerator = models.BigIntegerField()  # the company's index, 0 to 100
    company_denominator = models.BigIntegerField()
    numerator = models.BigIntegerField()  # the adjusted index, 0 to 100
    denominator = models.BigIntegerField()
    rank = models.IntegerField(null=True)

    class Meta(CompanyModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["company", "department", "period"], name="hr_officeresult_trend"),
            *company_constraints(
                "hr_officeresult",
                references={"quarter_id": "hr_appraisalquarter", "department_id": "community_department"},
                update=False,
            ),
            ForbidRewriting(name="hr_officeresult_forever"),
        ]
        indexes = [models.Index(fields=["company", "quarter", "rank", "id"], name="hr_officeresult_order")]

    @property
    def adjusted(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)

    @property
    def company_mean(self) -> Fraction:
        return Fraction(self.company_numerator, self.company_denominator)
