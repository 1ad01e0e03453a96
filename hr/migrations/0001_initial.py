import django.contrib.postgres.constraints
import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import propman.tenancy.base
import propman.tenancy.constraints
import propman.tenancy.operations


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("community", "0001_initial"),
        ("tenancy", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AppraisalQuarter",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.SmallIntegerField()),
                ("number", models.SmallIntegerField()),
                ("period", models.IntegerField()),
                ("opened_at", models.DateTimeField()),
                ("closes_at", models.DateTimeField()),
                ("lock_at", models.DateTimeField()),
                ("next_due_at", models.DateTimeField(null=True)),
                ("locked_at", models.DateTimeField(null=True)),
                ("digest", models.CharField(blank=True, max_length=64)),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company"
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Appraisal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("post", models.CharField(blank=True, max_length=80, verbose_name="post")),
                (
                    "sex",
                    models.CharField(choices=[("female", "Female"), ("male", "Male"), ("not_said", "Not said")], max_length=10),
                ),
                ("age", models.SmallIntegerField(null=True)),
                ("contract", models.CharField(blank=True, max_length=40)),
                ("days", models.SmallIntegerField()),
                ("leave_days", models.SmallIntegerField(default=0)),
                ("elsewhere_days", models.SmallIntegerField(default=0)),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "Ranked"),
                            ("few_days", "Too few days in the quarter"),
                            ("leave", "On leave"),
                            ("probation", "On probation"),
                            ("transfer", "Moved between departments"),
                        ],
                        max_length=10,
                    ),
                ),
                ("contacts", models.IntegerField(default=0)),
                ("verified", models.IntegerField(default=0)),
                ("due", models.IntegerField(default=0)),
                ("on_time", models.IntegerField(default=0)),
                ("reopened", models.IntegerField(default=0)),
                ("breaches", models.IntegerField(default=0)),
                ("score1", models.SmallIntegerField(null=True)),
                ("score2", models.SmallIntegerField(null=True)),
                ("score3", models.SmallIntegerField(null=True)),
                ("score4", models.SmallIntegerField(null=True)),
                ("score5", models.SmallIntegerField(null=True)),
                (
                    "total",
                    models.GeneratedField(
                        db_persist=True,
                        expression=django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("score1"), "+", models.F("score2")
                                    ),
                                    "+",
                                    models.F("score3"),
                                ),
                                "+",
                                models.F("score4"),
                            ),
                            "+",
                            models.F("score5"),
                        ),
                        output_field=models.SmallIntegerField(),
                    ),
                ),
                ("fact", models.CharField(blank=True, max_length=300, verbose_name="fact")),
                (
                    "answer",
                    models.CharField(
                        blank=True, choices=[("", "No answer"), ("agreed", "Agreed"), ("objected", "Objected")], max_length=10
                    ),
                ),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company"
                    ),
                ),
                (
                    "department",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.department",
                    ),
                ),
                (
                    "employee",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.employee",
                    ),
                ),
                (
                    "quarter",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hr.appraisalquarter",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AppraisalStandard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("published_at", models.DateTimeField()),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company"
                    ),
                ),
                (
                    "published_by",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name="appraisalquarter",
            name="standard",
            field=propman.tenancy.base.Link(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="hr.appraisalstandard",
            ),
        ),
        migrations.CreateModel(
            name="AppraisalUnit",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "stage",
                    models.CharField(
                        choices=[("head", "Head"), ("deputy", "Deputy"), ("manager", "General manager")],
                        default="head",
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("open", "being scored"),
                            ("submitted", "with the employees"),
                            ("missed", "not scored in time"),
                        ],
                        default="open",
                        max_length=10,
                    ),
                ),
                ("due_at", models.DateTimeField()),
                ("reminders", models.SmallIntegerField(default=0)),
                ("submitted_at", models.DateTimeField(null=True)),
                ("answers_until", models.DateTimeField(null=True)),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company"
                    ),
                ),
                (
                    "department",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.department",
                    ),
                ),
                (
                    "quarter",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="units",
                        to="hr.appraisalquarter",
                    ),
                ),
                (
                    "scorer",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.employee",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AppraisalResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period", models.IntegerField()),
                ("is_heads", models.BooleanField()),
                ("total", models.SmallIntegerField()),
                ("unit_n", models.IntegerField()),
                ("unit_sum", models.IntegerField()),
                ("company_n", models.IntegerField()),
                ("company_sum", models.IntegerField()),
                ("numerator", models.BigIntegerField()),
                ("denominator", models.BigIntegerField()),
                ("unit_rank", models.IntegerField(null=True)),
                ("company_rank", models.IntegerField(null=True)),
                (
                    "appraisal",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="results",
                        to="hr.appraisal",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company"
                    ),
                ),
                (
                    "department",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.department",
                    ),
                ),
                (
                    "employee",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.employee",
                    ),
                ),
                (
                    "quarter",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hr.appraisalquarter",
                    ),
                ),
                (
                    "unit",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hr.appraisalunit",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddField(
            model_name="appraisal",
            name="unit",
            field=propman.tenancy.base.Link(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="appraisals",
                to="hr.appraisalunit",
            ),
        ),
        migrations.CreateModel(
            name="Criterion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("position", models.SmallIntegerField()),
                ("name", models.CharField(max_length=40, verbose_name="criterion")),
                ("meaning", models.CharField(max_length=300, verbose_name="what is looked at")),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company"
                    ),
                ),
                (
                    "standard",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="criteria",
                        to="hr.appraisalstandard",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Deputy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company"
                    ),
                ),
                (
                    "department",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.department",
                    ),
                ),
                (
                    "employee",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.employee",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="EmploymentSpan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("leave", "Leave"), ("probation", "Probation")], max_length=10, verbose_name="kind"
                    ),
                ),
                ("starts_on", models.DateField(verbose_name="from")),
                ("ends_on", models.DateField(verbose_name="until")),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company"
                    ),
                ),
                (
                    "employee",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.employee",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="OfficeResult",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("period", models.IntegerField()),
                ("contacts", models.IntegerField()),
                ("on_time", models.IntegerField()),
                ("verified", models.IntegerField()),
                ("reopened", models.IntegerField()),
                ("ratings", models.IntegerField()),
                ("rating_sum", models.IntegerField()),
                ("people", models.IntegerField()),
                ("company_numerator", models.BigIntegerField()),
                ("company_denominator", models.BigIntegerField()),
                ("numerator", models.BigIntegerField()),
                ("denominator", models.BigIntegerField()),
                ("rank", models.IntegerField(null=True)),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company"
                    ),
                ),
                (
                    "department",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.department",
                    ),
                ),
                (
                    "quarter",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hr.appraisalquarter",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="Transfer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("moved_on", models.DateField(verbose_name="on")),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company"
                    ),
                ),
                (
                    "employee",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.employee",
                    ),
                ),
                (
                    "from_department",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.department",
                    ),
                ),
                (
                    "to_department",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.department",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "objects",
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.CreateModel(
            name="AppraisalObjection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("words", models.TextField(max_length=2000, verbose_name="objection")),
                ("filed_at", models.DateTimeField()),
                (
                    "verdict",
                    models.CharField(
                        blank=True, choices=[("kept", "Scores kept"), ("changed", "Scores changed")], max_length=10
                    ),
                ),
                ("reply", models.TextField(blank=True, max_length=2000, verbose_name="reason")),
                ("replied_at", models.DateTimeField(null=True)),
                ("scores_before", django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), size=5)),
                (
                    "appraisal",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="objections",
                        to="hr.appraisal",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company"
                    ),
                ),
                (
                    "reviewer",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="community.employee",
                    ),
                ),
                (
                    "quarter",
                    propman.tenancy.base.Link(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="hr.appraisalquarter",
                    ),
                ),
            ],
            options={
                "abstract": False,
                "base_manager_name": "unscoped",
                "default_manager_name": "objects",
                "indexes": [
                    models.Index(
                        condition=models.Q(("replied_at", None)),
                        fields=["company", "reviewer"],
                        name="hr_appraisalobjection_open",
                    ),
                    models.Index(fields=["company", "quarter"], name="hr_appraisalobjection_quarter"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("company", "appraisal"), name="hr_appraisalobjection_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("replied_at", None), ("reply", ""), ("verdict", "")),
                            models.Q(
                                ("replied_at__isnull", False),
                                ("verdict__in", ["kept", "changed"]),
                                models.Q(("reply", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="hr_appraisalobjection_replied",
                    ),
                    models.UniqueConstraint(fields=("company", "id"), name="hr_appraisalobjection_company_id"),
                    propman.tenancy.constraints.CompanyPolicy(name="hr_appraisalobjection_policy"),
                    propman.tenancy.constraints.AppGrants(
                        delete=False,
                        insert=True,
                        name="hr_appraisalobjection_grants",
                        update=["reviewer_id", "verdict", "reply", "replied_at"],
                    ),
                    propman.tenancy.constraints.CompanyForeignKey(
                        column="quarter_id", name="hr_appraisalobjection_quarter_id_fk", to="hr_appraisalquarter"
                    ),
                    propman.tenancy.constraints.CompanyForeignKey(
                        column="appraisal_id", name="hr_appraisalobjection_appraisal_id_fk", to="hr_appraisal"
                    ),
                    propman.tenancy.constraints.CompanyForeignKey(
                        column="reviewer_id", name="hr_appraisalobjection_reviewer_id_fk", to="community_employee"
                    ),
                ],
            },
            managers=[
                ("objects", django.db.models.manager.Manager()),
                ("unscoped", django.db.models.manager.Manager()),
            ],
        ),
        migrations.AddIndex(
            model_name="appraisalstandard",
            index=models.Index(fields=["company", "published_at"], name="hr_appraisalstandard_time"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalstandard",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="hr_appraisalstandard_company_id"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalstandard",
            constraint=propman.tenancy.constraints.CompanyPolicy(name="hr_appraisalstandard_policy"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalstandard",
            constraint=propman.tenancy.constraints.AppGrants(
                delete=False, insert=True, name="hr_appraisalstandard_grants", update=False
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalstandard",
            constraint=propman.tenancy.constraints.ForbidRewriting(columns=[], name="hr_appraisalstandard_forever"),
        ),
        migrations.AddIndex(
            model_name="appraisalquarter",
            index=models.Index(condition=models.Q(("locked_at", None)), fields=["next_due_at"], name="hr_appraisalquarter_due"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalquarter",
            constraint=models.UniqueConstraint(fields=("company", "period"), name="hr_appraisalquarter_period"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalquarter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("number__gte", 1),
                    ("number__lte", 4),
                    (
                        "period",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                django.db.models.expressions.CombinedExpression(models.F("year"), "*", models.Value(4)),
                                "+",
                                models.F("number"),
                            ),
                            "-",
                            models.Value(1),
                        ),
                    ),
                ),
                name="hr_appraisalquarter_number",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalquarter",
            constraint=models.CheckConstraint(
                condition=models.Q(("opened_at__lt", models.F("closes_at")), ("closes_at__lt", models.F("lock_at"))),
                name="hr_appraisalquarter_times",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalquarter",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("digest", ""), ("locked_at", None)),
                    models.Q(("locked_at__isnull", False), ("next_due_at", None), models.Q(("digest", ""), _negated=True)),
                    _connector="OR",
                ),
                name="hr_appraisalquarter_locked",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalquarter",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="hr_appraisalquarter_company_id"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalquarter",
            constraint=propman.tenancy.constraints.CompanyPolicy(name="hr_appraisalquarter_policy"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalquarter",
            constraint=propman.tenancy.constraints.AppGrants(
                delete=False, insert=True, name="hr_appraisalquarter_grants", update=["next_due_at", "locked_at", "digest"]
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalquarter",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="standard_id", name="hr_appraisalquarter_standard_id_fk", to="hr_appraisalstandard"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalunit",
            constraint=models.UniqueConstraint(
                fields=("company", "quarter", "department"), name="hr_appraisalunit_one", nulls_distinct=False
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalunit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answers_until__isnull", False), ("state", "submitted"), ("submitted_at__isnull", False)),
                    models.Q(("answers_until", None), ("state__in", ["open", "missed"]), ("submitted_at", None)),
                    _connector="OR",
                ),
                name="hr_appraisalunit_state",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalunit",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="hr_appraisalunit_company_id"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalunit",
            constraint=propman.tenancy.constraints.CompanyPolicy(name="hr_appraisalunit_policy"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalunit",
            constraint=propman.tenancy.constraints.AppGrants(
                delete=False,
                insert=True,
                name="hr_appraisalunit_grants",
                update=["scorer_id", "stage", "state", "due_at", "reminders", "submitted_at", "answers_until"],
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalunit",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="quarter_id", name="hr_appraisalunit_quarter_id_fk", to="hr_appraisalquarter"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalunit",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="department_id", name="hr_appraisalunit_department_id_fk", to="community_department"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalunit",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="scorer_id", name="hr_appraisalunit_scorer_id_fk", to="community_employee"
            ),
        ),
        migrations.AddIndex(
            model_name="appraisalresult",
            index=models.Index(
                fields=["company", "quarter", "is_heads", "company_rank", "id"], name="hr_appraisalresult_order"
            ),
        ),
        migrations.AddIndex(
            model_name="appraisalresult",
            index=models.Index(fields=["company", "department", "period"], name="hr_appraisalresult_unit"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalresult",
            constraint=models.UniqueConstraint(fields=("company", "appraisal"), name="hr_appraisalresult_once"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalresult",
            constraint=models.UniqueConstraint(fields=("company", "employee", "period"), name="hr_appraisalresult_trend"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalresult",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("company_rank", None), ("unit_n__lt", 5), ("unit_rank", None)),
                    models.Q(("company_rank__isnull", False), ("unit_n__gte", 5), ("unit_rank__isnull", False)),
                    _connector="OR",
                ),
                name="hr_appraisalresult_small_unit",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalresult",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="hr_appraisalresult_company_id"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalresult",
            constraint=propman.tenancy.constraints.CompanyPolicy(name="hr_appraisalresult_policy"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalresult",
            constraint=propman.tenancy.constraints.AppGrants(
                delete=False, insert=True, name="hr_appraisalresult_grants", update=False
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalresult",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="quarter_id", name="hr_appraisalresult_quarter_id_fk", to="hr_appraisalquarter"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalresult",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="unit_id", name="hr_appraisalresult_unit_id_fk", to="hr_appraisalunit"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalresult",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="appraisal_id", name="hr_appraisalresult_appraisal_id_fk", to="hr_appraisal"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalresult",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="employee_id", name="hr_appraisalresult_employee_id_fk", to="community_employee"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalresult",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="department_id", name="hr_appraisalresult_department_id_fk", to="community_department"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisalresult",
            constraint=propman.tenancy.constraints.ForbidRewriting(columns=[], name="hr_appraisalresult_forever"),
        ),
        migrations.AddIndex(
            model_name="appraisal",
            index=models.Index(fields=["company", "unit"], name="hr_appraisal_unit"),
        ),
        migrations.AddIndex(
            model_name="appraisal",
            index=models.Index(fields=["company", "employee"], name="hr_appraisal_employee"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=models.UniqueConstraint(fields=("company", "quarter", "employee"), name="hr_appraisal_once"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=models.CheckConstraint(
                condition=models.Q(("score1", None), models.Q(("score1__gte", 1), ("score1__lte", 5)), _connector="OR"),
                name="hr_appraisal_score1",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=models.CheckConstraint(
                condition=models.Q(("score2", None), models.Q(("score2__gte", 1), ("score2__lte", 5)), _connector="OR"),
                name="hr_appraisal_score2",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=models.CheckConstraint(
                condition=models.Q(("score3", None), models.Q(("score3__gte", 1), ("score3__lte", 5)), _connector="OR"),
                name="hr_appraisal_score3",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=models.CheckConstraint(
                condition=models.Q(("score4", None), models.Q(("score4__gte", 1), ("score4__lte", 5)), _connector="OR"),
                name="hr_appraisal_score4",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=models.CheckConstraint(
                condition=models.Q(("score5", None), models.Q(("score5__gte", 1), ("score5__lte", 5)), _connector="OR"),
                name="hr_appraisal_score5",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reason", ""),
                    models.Q(("score1", None), ("score2", None), ("score3", None), ("score4", None), ("score5", None)),
                    _connector="OR",
                ),
                name="hr_appraisal_not_ranked_not_scored",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at", None)),
                    models.Q(models.Q(("answer", ""), _negated=True), ("answered_at__isnull", False)),
                    _connector="OR",
                ),
                name="hr_appraisal_answer",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="hr_appraisal_company_id"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=propman.tenancy.constraints.CompanyPolicy(name="hr_appraisal_policy"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=propman.tenancy.constraints.AppGrants(
                delete=False,
                insert=True,
                name="hr_appraisal_grants",
                update=["score1", "score2", "score3", "score4", "score5", "fact", "answer", "answered_at"],
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="quarter_id", name="hr_appraisal_quarter_id_fk", to="hr_appraisalquarter"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="unit_id", name="hr_appraisal_unit_id_fk", to="hr_appraisalunit"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="employee_id", name="hr_appraisal_employee_id_fk", to="community_employee"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="appraisal",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="department_id", name="hr_appraisal_department_id_fk", to="community_department"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="criterion",
            constraint=models.UniqueConstraint(fields=("company", "standard", "position"), name="hr_criterion_position"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="criterion",
            constraint=models.CheckConstraint(
                condition=models.Q(("position__gte", 1), ("position__lte", 5)), name="hr_criterion_five"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="criterion",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="hr_criterion_company_id"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="criterion",
            constraint=propman.tenancy.constraints.CompanyPolicy(name="hr_criterion_policy"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="criterion",
            constraint=propman.tenancy.constraints.AppGrants(
                delete=False, insert=True, name="hr_criterion_grants", update=False
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="criterion",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="standard_id", name="hr_criterion_standard_id_fk", to="hr_appraisalstandard"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="criterion",
            constraint=propman.tenancy.constraints.ForbidRewriting(columns=[], name="hr_criterion_forever"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="deputy",
            constraint=models.UniqueConstraint(fields=("company", "department"), name="hr_deputy_one", nulls_distinct=False),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="deputy",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="hr_deputy_company_id"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="deputy",
            constraint=propman.tenancy.constraints.CompanyPolicy(name="hr_deputy_policy"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="deputy",
            constraint=propman.tenancy.constraints.AppGrants(
                delete=False, insert=True, name="hr_deputy_grants", update=["employee_id"]
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="deputy",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="department_id", name="hr_deputy_department_id_fk", to="community_department"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="deputy",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="employee_id", name="hr_deputy_employee_id_fk", to="community_employee"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="employmentspan",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__gt", models.F("starts_on"))), name="hr_employmentspan_days"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="employmentspan",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["leave", "probation"])), name="hr_employmentspan_kind"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="employmentspan",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[
                    ("company", "="),
                    ("employee", "="),
                    ("kind", "="),
                    (models.Func("starts_on", "ends_on", function="daterange"), "&&"),
                ],
                name="hr_employmentspan_once",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="employmentspan",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="hr_employmentspan_company_id"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="employmentspan",
            constraint=propman.tenancy.constraints.CompanyPolicy(name="hr_employmentspan_policy"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="employmentspan",
            constraint=propman.tenancy.constraints.AppGrants(
                delete=True, insert=True, name="hr_employmentspan_grants", update=["ends_on"]
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="employmentspan",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="employee_id", name="hr_employmentspan_employee_id_fk", to="community_employee"
            ),
        ),
        migrations.AddIndex(
            model_name="officeresult",
            index=models.Index(fields=["company", "quarter", "rank", "id"], name="hr_officeresult_order"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="officeresult",
            constraint=models.UniqueConstraint(fields=("company", "department", "period"), name="hr_officeresult_trend"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="officeresult",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="hr_officeresult_company_id"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="officeresult",
            constraint=propman.tenancy.constraints.CompanyPolicy(name="hr_officeresult_policy"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="officeresult",
            constraint=propman.tenancy.constraints.AppGrants(
                delete=False, insert=True, name="hr_officeresult_grants", update=False
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="officeresult",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="quarter_id", name="hr_officeresult_quarter_id_fk", to="hr_appraisalquarter"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="officeresult",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="department_id", name="hr_officeresult_department_id_fk", to="community_department"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="officeresult",
            constraint=propman.tenancy.constraints.ForbidRewriting(columns=[], name="hr_officeresult_forever"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="transfer",
            constraint=models.UniqueConstraint(fields=("company", "employee", "moved_on"), name="hr_transfer_day"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_department", models.F("to_department")), _negated=True), name="hr_transfer_elsewhere"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="transfer",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="hr_transfer_company_id"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="transfer",
            constraint=propman.tenancy.constraints.CompanyPolicy(name="hr_transfer_policy"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="transfer",
            constraint=propman.tenancy.constraints.AppGrants(
                delete=False, insert=True, name="hr_transfer_grants", update=False
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="transfer",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="employee_id", name="hr_transfer_employee_id_fk", to="community_employee"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="transfer",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="from_department_id", name="hr_transfer_from_department_id_fk", to="community_department"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="transfer",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="to_department_id", name="hr_transfer_to_department_id_fk", to="community_department"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="transfer",
            constraint=propman.tenancy.constraints.ForbidRewriting(columns=[], name="hr_transfer_forever"),
        ),
    ]
