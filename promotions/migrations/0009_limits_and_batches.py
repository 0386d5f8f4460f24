"""Use limits with their counters, holds that run out, batches and files of codes."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

# What a process compiled is old as soon as a limit is set, lowered or switched off
FORWARD = """
CREATE TRIGGER uselimit_changes_offers
    AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON promotions_uselimit
    FOR EACH STATEMENT EXECUTE FUNCTION promotions_raise_version();
"""
BACKWARD = "DROP TRIGGER uselimit_changes_offers ON promotions_uselimit"


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0008_campaign_guards"),
    ]

    operations = [
        migrations.CreateModel(
            name="CodeBatch",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                (
                    "pattern",
                    models.CharField(
                        help_text="# stands for a letter or digit that nobody confuses: SPRING-####-####.",
                        max_length=40,
                    ),
                ),
                ("amount", models.PositiveIntegerField()),
                ("made", models.PositiveIntegerField(default=0, editable=False)),
                (
                    "max_redemptions",
                    models.PositiveIntegerField(
                        blank=True,
                        default=1,
                        help_text="Uses of each code. Empty: not limited.",
                        null=True,
                    ),
                ),
                (
                    "per_shopper_limit",
                    models.PositiveSmallIntegerField(blank=True, default=1, null=True),
                ),
                (
                    "ends_at",
                    models.DateTimeField(
                        blank=True,
                        help_text="From this moment its codes are over; empty: with the campaign.",
                        null=True,
                    ),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting"),
                            ("running", "being made"),
                            ("done", "done"),
                            ("stopped", "stopped"),
                        ],
                        default="waiting",
                        editable=False,
                        max_length=7,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("finished_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "verbose_name_plural": "code batches",
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="CodeImport",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("file_name", models.CharField(max_length=120)),
                ("is_dry_run", models.BooleanField(default=True)),
                ("good", models.PositiveIntegerField(default=0)),
                ("bad", models.PositiveIntegerField(default=0)),
                (
                    "reasons",
                    models.JSONField(
                        default=dict, help_text="How many rows were refused, by reason."
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="LimitCounter",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(blank=True, max_length=40)),
                ("period", models.CharField(blank=True, max_length=10)),
                ("uses", models.BigIntegerField(default=0)),
                ("spent_minor", models.BigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="LimitUse",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("uses", models.PositiveIntegerField()),
                ("spent_minor", models.BigIntegerField()),
            ],
        ),
        migrations.CreateModel(
            name="RefusedCode",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line", models.PositiveIntegerField()),
                ("text", models.CharField(max_length=200)),
                ("reason", models.CharField(max_length=40)),
            ],
            options={
                "ordering": ["line"],
            },
        ),
        migrations.CreateModel(
            name="UseLimit",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "entity",
                    models.CharField(
                        choices=[
                            ("global", "everybody together"),
                            ("code", "each code"),
                            ("shopper", "each shopper"),
                            ("order", "each order"),
                            ("channel", "each channel"),
                        ],
                        default="global",
                        max_length=7,
                    ),
                ),
                (
                    "period",
                    models.CharField(
                        choices=[
                            ("none", "for good"),
                            ("day", "each day"),
                            ("week", "each week"),
                            ("month", "each month"),
                        ],
                        default="none",
                        max_length=5,
                    ),
                ),
                (
                    "counted",
                    models.CharField(
                        choices=[("uses", "offers in orders"), ("units", "pieces sold")],
                        default="uses",
                        max_length=5,
                    ),
                ),
                ("max_uses", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "max_minor",
                    models.BigIntegerField(
                        blank=True, help_text="Minor units of the campaign's currency.", null=True
                    ),
                ),
                ("is_active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["pk"],
            },
        ),
        migrations.AddField(
            model_name="campaign",
            name="returns_give_back",
            field=models.BooleanField(
                db_default=True,
                default=True,
                help_text="A return in full gives uses and budget back; otherwise they stay used.",
            ),
        ),
        migrations.AddField(
            model_name="redemption",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="coupon",
            name="created_at",
            field=models.DateTimeField(
                auto_now_add=True, db_default=django.db.models.functions.datetime.Now()
            ),
        ),
        migrations.AlterField(
            model_name="coupon",
            name="external_ref",
            field=models.CharField(blank=True, max_length=60, null=True),
        ),
        migrations.AlterField(
            model_name="coupon",
            name="is_active",
            field=models.BooleanField(db_default=True, default=True),
        ),
        migrations.AlterField(
            model_name="coupon",
            name="offer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="coupons",
                to="promotions.offer",
            ),
        ),
        migrations.AlterField(
            model_name="coupon",
            name="redeemed",
            field=models.PositiveIntegerField(
                db_default=0, default=0, editable=False, help_text="Uses held or committed."
            ),
        ),
        migrations.AlterField(
            model_name="redemption",
            name="state",
            field=models.CharField(
                choices=[
                    ("held", "held"),
                    ("committed", "committed"),
                    ("released", "released"),
                    ("expired", "hold ran out"),
                ],
                default="held",
                max_length=9,
            ),
        ),
        migrations.AddIndex(
            model_name="redemption",
            index=models.Index(
                condition=models.Q(("state", "held")),
                fields=["expires_at"],
                name="redemption_held_until",
            ),
        ),
        migrations.AddField(
            model_name="codebatch",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="code_batches",
                to="promotions.offer",
            ),
        ),
        migrations.AddField(
            model_name="coupon",
            name="batch",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="codes",
                to="promotions.codebatch",
            ),
        ),
        migrations.AddIndex(
            model_name="coupon",
            index=models.Index(
                condition=models.Q(("batch__isnull", True)),
                fields=["offer", "id"],
                name="coupon_offer_single",
            ),
        ),
        migrations.AddIndex(
            model_name="coupon",
            index=models.Index(
                condition=models.Q(("batch__isnull", False)),
                fields=["batch", "id"],
                name="coupon_batch",
            ),
        ),
        migrations.AddConstraint(
            model_name="coupon",
            constraint=models.UniqueConstraint(
                fields=("external_ref",), name="coupon_external_ref"
            ),
        ),
        migrations.AddField(
            model_name="codeimport",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="promotions.offer"
            ),
        ),
        migrations.AddField(
            model_name="limituse",
            name="counter",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="uses_by",
                to="promotions.limitcounter",
            ),
        ),
        migrations.AddField(
            model_name="limituse",
            name="redemption",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="limit_uses",
                to="promotions.redemption",
            ),
        ),
        migrations.AddField(
            model_name="refusedcode",
            name="code_import",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="refused",
                to="promotions.codeimport",
            ),
        ),
        migrations.AddField(
            model_name="uselimit",
            name="campaign",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="limits",
                to="promotions.campaign",
            ),
        ),
        migrations.AddField(
            model_name="uselimit",
            name="offer",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="limits",
                to="promotions.offer",
            ),
        ),
        migrations.AddField(
            model_name="limitcounter",
            name="limit",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="counters",
                to="promotions.uselimit",
            ),
        ),
        migrations.AddConstraint(
            model_name="codebatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("made__lte", models.F("amount"))), name="codebatch_not_too_many"
            ),
        ),
        migrations.AddConstraint(
            model_name="codebatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="codebatch_some"
            ),
        ),
        migrations.AddConstraint(
            model_name="limituse",
            constraint=models.UniqueConstraint(
                fields=("redemption", "counter"), name="limituse_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="uselimit",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("campaign__isnull", False), ("offer__isnull", True)),
                    models.Q(("campaign__isnull", True), ("offer__isnull", False)),
                    _connector="OR",
                ),
                name="uselimit_one_scope",
            ),
        ),
        migrations.AddConstraint(
            model_name="uselimit",
            constraint=models.CheckConstraint(
                condition=models.Q(("max_uses__gt", 0), ("max_minor__gt", 0), _connector="OR"),
                name="uselimit_limits_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="limitcounter",
            constraint=models.UniqueConstraint(
                fields=("limit", "key", "period"), name="limitcounter_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="limitcounter",
            constraint=models.CheckConstraint(
                condition=models.Q(("uses__gte", 0), ("spent_minor__gte", 0)),
                name="limitcounter_not_negative",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
