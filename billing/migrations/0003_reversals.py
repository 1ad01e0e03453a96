"""A payment booked to the wrong flat is reversed: the ledger learns two kinds of transfer, and checks them."""

from importlib import import_module

import django.db.models.deletion
import django.db.models.manager
from django.conf import settings
from django.db import migrations, models

import propman.tenancy.base
import propman.tenancy.constraints
import propman.tenancy.operations

# The function of 0002 with the new kinds: a reversal takes back exactly its payment, out of that payer's credit.
KEEP_BALANCES = """
    CREATE OR REPLACE FUNCTION billing_keep_balances() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    BEGIN
        PERFORM 1 FROM billing_account AS account
        WHERE (account.company_id, account.id) IN (
            SELECT company_id, debit_id FROM fresh UNION SELECT company_id, credit_id FROM fresh
        ) ORDER BY account.id FOR NO KEY UPDATE;  -- a plain FOR UPDATE would meet the foreign keys of others, and deadlock
        IF EXISTS (
            SELECT 1 FROM (
                SELECT DISTINCT company_id, kind, debit_id, credit_id FROM fresh
            ) AS moved
            JOIN billing_account AS debit ON debit.company_id = moved.company_id AND debit.id = moved.debit_id
            JOIN billing_account AS credit ON credit.company_id = moved.company_id AND credit.id = moved.credit_id
            WHERE debit.currency <> credit.currency OR debit.community_id <> credit.community_id
                OR (moved.kind, debit.kind, credit.kind) NOT IN (VALUES
                    ('bill', 'receivables', 'revenue'),
                    ('payment', 'cash', 'receivables'),
                    ('overpayment', 'cash', 'owner_credit'),
                    ('credit_used', 'owner_credit', 'receivables'),
                    ('credit_note', 'revenue', 'receivables'),
                    ('released', 'receivables', 'owner_credit'),
                    ('unallocated', 'receivables', 'owner_credit'),
                    ('refund', 'owner_credit', 'cash'),
                    ('reversal', 'owner_credit', 'cash'))
        ) THEN
            RAISE EXCEPTION 'a transfer joins the wrong accounts' USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (
            SELECT 1 FROM fresh
            JOIN billing_account AS debit ON debit.company_id = fresh.company_id AND debit.id = fresh.debit_id
            JOIN billing_bill AS bill ON bill.company_id = fresh.company_id AND bill.id = fresh.bill_id
            WHERE bill.currency <> debit.currency OR bill.community_id <> debit.community_id
                OR (fresh.kind = 'bill' AND (fresh.amount <> bill.amount OR fresh.key <> 'bill:' || bill.id))
        ) THEN
            RAISE EXCEPTION 'a transfer does not agree with its bill' USING ERRCODE = 'check_violation';
        END IF;
        IF EXISTS (
            SELECT 1 FROM fresh
            JOIN billing_paymentreversal AS reversal
                ON reversal.company_id = fresh.company_id AND reversal.id = fresh.reversal_id
            JOIN billing_payment AS payment ON payment.company_id = reversal.company_id AND payment.id = reversal.payment_id
            JOIN billing_account AS holder ON holder.company_id = fresh.company_id
                AND holder.id = CASE fresh.kind WHEN 'reversal' THEN fresh.debit_id ELSE fresh.credit_id END
            WHERE holder.household_id <> payment.household_id OR holder.payer_id IS DISTINCT FROM payment.payer_id
                OR holder.currency <> payment.currency
                OR (fresh.kind = 'reversal'
                    AND (fresh.amount <> payment.amount OR fresh.key <> 'reversal:' || reversal.id))
        ) THEN
            RAISE EXCEPTION 'a transfer does not agree with its reversed payment' USING ERRCODE = 'check_violation';
        END IF;
        UPDATE billing_account AS account
        SET debits = account.debits + moved.debits, credits = account.credits + moved.credits
        FROM (
            SELECT company_id, account_id, sum(debits)::bigint AS debits, sum(credits)::bigint AS credits
            FROM (
                SELECT company_id, debit_id AS account_id, amount AS debits, 0 AS credits FROM fresh
                UNION ALL
                SELECT company_id, credit_id, 0, amount FROM fresh
            ) AS sides GROUP BY company_id, account_id
        ) AS moved
        WHERE account.company_id = moved.company_id AND account.id = moved.account_id;
        UPDATE billing_bill AS bill
        SET settled = bill.settled + moved.settled, credited = bill.credited + moved.credited
        FROM (
            SELECT company_id, bill_id,
                sum(CASE WHEN kind IN ('released', 'unallocated') THEN -amount ELSE amount END)::bigint AS settled,
                sum(CASE WHEN kind = 'credit_note' THEN amount ELSE 0 END)::bigint AS credited
            FROM fresh WHERE bill_id IS NOT NULL AND kind <> 'bill' GROUP BY company_id, bill_id
        ) AS moved
        WHERE bill.company_id = moved.company_id AND bill.id = moved.bill_id;
        RETURN NULL;
    END $$;
"""
BEFORE = (
    import_module("billing.migrations.0002_promises")
    .KEEP_BALANCES.partition("CREATE TRIGGER")[0]
    .replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
)


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_promises"),
        ("tenancy", "0002_answers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="PaymentReversal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("reason", models.CharField(max_length=300, verbose_name="reason")),
                ("reversed_at", models.DateTimeField()),
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
        migrations.RemoveConstraint(
            model_name="transfer",
            name="billing_transfer_reasons",
        ),
        migrations.AlterField(
            model_name="transfer",
            name="kind",
            field=models.CharField(
                choices=[
                    ("bill", "Bill"),
                    ("payment", "Payment"),
                    ("overpayment", "Overpayment"),
                    ("credit_used", "Owner credit used"),
                    ("credit_note", "Credit note"),
                    ("released", "Paid part released"),
                    ("refund", "Refund"),
                    ("unallocated", "Taken off the bill"),
                    ("reversal", "Payment reversed"),
                ],
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="paymentreversal",
            name="company",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="tenancy.company"
            ),
        ),
        migrations.AddField(
            model_name="paymentreversal",
            name="payment",
            field=propman.tenancy.base.Link(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversals",
                to="billing.payment",
            ),
        ),
        migrations.AddField(
            model_name="paymentreversal",
            name="reversed_by",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="transfer",
            name="reversal",
            field=propman.tenancy.base.Link(
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="transfers",
                to="billing.paymentreversal",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="transfer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("bill__isnull", False),
                        ("credit_note__isnull", True),
                        ("kind__in", ("bill", "credit_used")),
                        ("payment__isnull", True),
                        ("refund__isnull", True),
                        ("reversal__isnull", True),
                    ),
                    models.Q(
                        ("bill__isnull", False),
                        ("credit_note__isnull", True),
                        ("kind__in", ("payment",)),
                        ("payment__isnull", False),
                        ("refund__isnull", True),
                        ("reversal__isnull", True),
                    ),
                    models.Q(
                        ("bill__isnull", True),
                        ("credit_note__isnull", True),
                        ("kind__in", ("overpayment",)),
                        ("payment__isnull", False),
                        ("refund__isnull", True),
                        ("reversal__isnull", True),
                    ),
                    models.Q(
                        ("bill__isnull", False),
                        ("credit_note__isnull", False),
                        ("kind__in", ("credit_note", "released")),
                        ("payment__isnull", True),
                        ("refund__isnull", True),
                        ("reversal__isnull", True),
                    ),
                    models.Q(
                        ("bill__isnull", True),
                        ("credit_note__isnull", True),
                        ("kind__in", ("refund",)),
                        ("payment__isnull", True),
                        ("refund__isnull", False),
                        ("reversal__isnull", True),
                    ),
                    models.Q(
                        ("bill__isnull", False),
                        ("credit_note__isnull", True),
                        ("kind__in", ("unallocated",)),
                        ("payment__isnull", True),
                        ("refund__isnull", True),
                        ("reversal__isnull", False),
                    ),
                    models.Q(
                        ("bill__isnull", True),
                        ("credit_note__isnull", True),
                        ("kind__in", ("reversal",)),
                        ("payment__isnull", True),
                        ("refund__isnull", True),
                        ("reversal__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="billing_transfer_reasons",
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="paymentreversal",
            constraint=models.UniqueConstraint(fields=("company", "payment"), name="billing_paymentreversal_once"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="paymentreversal",
            constraint=models.UniqueConstraint(fields=("company", "id"), name="billing_paymentreversal_company_id"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="paymentreversal",
            constraint=propman.tenancy.constraints.CompanyPolicy(name="billing_paymentreversal_policy"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="paymentreversal",
            constraint=propman.tenancy.constraints.AppGrants(
                delete=False, insert=True, name="billing_paymentreversal_grants", update=False
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="paymentreversal",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="payment_id", name="billing_paymentreversal_payment_id_fk", to="billing_payment"
            ),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="paymentreversal",
            constraint=propman.tenancy.constraints.ForbidRewriting(columns=[], name="billing_paymentreversal_forever"),
        ),
        propman.tenancy.operations.AddConstraint(
            model_name="transfer",
            constraint=propman.tenancy.constraints.CompanyForeignKey(
                column="reversal_id", name="billing_transfer_reversal_id_fk", to="billing_paymentreversal"
            ),
        ),
        migrations.RunSQL(KEEP_BALANCES, BEFORE),
    ]
