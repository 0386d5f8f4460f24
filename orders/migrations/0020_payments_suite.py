"""Payments are authorized, captured, voided; refunds have a state; events are kept once."""

from django.db import migrations, models

# What was taken before is captured, what was sent arrived, and what is unanswered is asked about.
KEEP = """
UPDATE orders_payment SET captured_minor = amount_minor WHERE state IN ('succeeded', 'refunded');
UPDATE orders_payment SET due_at = now() WHERE state IN ('started', 'needs_action')
    OR (state = 'failed' AND reason_code = 'provider_down');
UPDATE orders_refund SET state = 'succeeded';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0019_order_name_words"),
    ]

    operations = [
        migrations.CreateModel(
            name="PaymentEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("provider", models.CharField(max_length=40)),
                ("event_id", models.CharField(max_length=120)),
                ("kind", models.CharField(max_length=80)),
                ("provider_ref", models.CharField(blank=True, max_length=120)),
                ("received_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-received_at"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="payment",
            name="payment_refund_within_amount",
        ),
        migrations.RemoveConstraint(
            model_name="payment",
            name="payment_one_success",
        ),
        migrations.RemoveIndex(
            model_name="payment",
            name="payment_unanswered",
        ),
        migrations.AddField(
            model_name="payment",
            name="captured_minor",
            field=models.BigIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="payment",
            name="dispute",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Where a dispute with the cardholder's bank stands. Empty: there is none.",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="due_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="payment",
            name="due_step",
            field=models.CharField(
                blank=True,
                choices=[("", "nothing"), ("capture", "capture"), ("void", "void")],
                db_default="",
                default="",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="is_captured_later",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="The money is reserved first and taken when the order is packed.",
            ),
        ),
        migrations.AddField(
            model_name="payment",
            name="tries",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="refund",
            name="due_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="refund",
            name="failure_code",
            field=models.CharField(blank=True, db_default="", default="", max_length=60),
        ),
        migrations.AddField(
            model_name="refund",
            name="is_reduction",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Taken off before the money was captured.",
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="round",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="refund",
            name="state",
            field=models.CharField(
                choices=[("pending", "being sent"), ("succeeded", "sent"), ("failed", "failed")],
                db_default="succeeded",
                default="pending",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="refund",
            name="tries",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name="payment",
            name="provider_ref",
            field=models.CharField(blank=True, db_index=True, max_length=120),
        ),
        migrations.AlterField(
            model_name="payment",
            name="state",
            field=models.CharField(
                choices=[
                    ("started", "started"),
                    ("needs_action", "waits for the shopper"),
                    ("authorized", "authorized"),
                    ("succeeded", "captured"),
                    ("declined", "declined"),
                    ("failed", "provider failed"),
                    ("voided", "voided"),
                    ("refunded", "refunded in full"),
                ],
                default="started",
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="payment_due"
            ),
        ),
        migrations.AddIndex(
            model_name="refund",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)), fields=["due_at"], name="refund_due"
            ),
        ),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount_minor__gte", 0),
                    ("refunded_minor__gte", 0),
                    ("refunded_minor__lte", models.F("amount_minor")),
                    ("captured_minor__gte", 0),
                    ("captured_minor__lte", models.F("amount_minor")),
                ),
                name="payment_sums_within_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ["authorized", "succeeded"])),
                fields=("order",),
                name="payment_one_secured",
            ),
        ),
        migrations.AddConstraint(
            model_name="refund",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "pending"), _negated=True),
                    ("due_at__isnull", False),
                    _connector="OR",
                ),
                name="refund_pending_is_due",
            ),
        ),
        migrations.AddIndex(
            model_name="paymentevent",
            index=models.Index(fields=["received_at"], name="payment_event_received"),
        ),
        migrations.AddConstraint(
            model_name="paymentevent",
            constraint=models.UniqueConstraint(
                fields=("provider", "event_id"), name="payment_event_once"
            ),
        ),
    ]
