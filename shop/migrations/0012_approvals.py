"""Requests for the decision of a second person; their trail is append-only."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION shop_keep_approvals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- The account may be forgotten; what was done and when stays.
    IF TG_OP = 'UPDATE' AND NEW.by_id IS NULL
       AND to_jsonb(OLD) - 'by_id' = to_jsonb(NEW) - 'by_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the trail of approvals is append-only' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON shop_approvalevent
    FOR EACH ROW EXECUTE FUNCTION shop_keep_approvals();
"""
BACKWARD = """
DROP TRIGGER append_only ON shop_approvalevent;
DROP FUNCTION shop_keep_approvals();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("shop", "0011_market_time_zone"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalRequest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(help_text="The label of the model of the row.", max_length=60),
                ),
                ("object_id", models.BigIntegerField()),
                (
                    "name",
                    models.CharField(
                        help_text="What the row was called when asked.", max_length=200
                    ),
                ),
                (
                    "permission",
                    models.CharField(help_text="The right of whoever may decide.", max_length=100),
                ),
                (
                    "page",
                    models.CharField(
                        help_text="The address name of the row's staff page.", max_length=100
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waits for a second person"),
                            ("approved", "approved"),
                            ("sent_back", "sent back"),
                            ("withdrawn", "withdrawn"),
                        ],
                        default="waiting",
                        max_length=9,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("asked_at", models.DateTimeField()),
                (
                    "deadline",
                    models.DateTimeField(help_text="When the decision comes too late.", null=True),
                ),
                ("decided_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": [
                    models.OrderBy(models.F("deadline"), nulls_last=True),
                    "asked_at",
                    "id",
                ],
            },
        ),
        migrations.CreateModel(
            name="ApprovalEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "act",
                    models.CharField(
                        choices=[
                            ("wrote", "wrote it"),
                            ("asked", "asked"),
                            ("agreed", "agreed to a first step"),
                            ("approved", "approved"),
                            ("sent_back", "sent back"),
                            ("withdrawn", "withdrew it"),
                        ],
                        max_length=9,
                    ),
                ),
                ("at", models.DateTimeField()),
                ("reason", models.TextField(blank=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "request",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="shop.approvalrequest",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AddIndex(
            model_name="approvalrequest",
            index=models.Index(fields=["kind", "object_id", "-id"], name="approval_of_row"),
        ),
        migrations.AddConstraint(
            model_name="approvalrequest",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")),
                fields=("kind", "object_id"),
                name="approval_one_waits",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalrequest",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "approved"), _negated=True),
                    ("decided_by__isnull", True),
                    ("asked_by__isnull", True),
                    models.Q(("decided_by", models.F("asked_by")), _negated=True),
                    _connector="OR",
                ),
                name="approval_second_person",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
