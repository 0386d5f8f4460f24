"""Public prices under experiment have a record of their own, and a source in the ledger."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0020_shadows_by_place"),
        ("profiles", "0004_experiments"),
        ("shop", "0011_market_time_zone"),
    ]

    operations = [
        migrations.AlterField(
            model_name="priceledgerentry",
            name="source",
            field=models.CharField(
                choices=[
                    ("import", "imported history"),
                    ("merchant", "set by the merchant"),
                    ("model", "set by the demand model"),
                    ("staff", "set by staff"),
                    ("gate", "moved by a guardrail"),
                    ("shock", "moved by chance for a week, or back"),
                    ("experiment", "an arm of an experiment, or back"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="priceproposal",
            name="cause",
            field=models.CharField(
                choices=[
                    ("model", "demand model"),
                    ("anchor", "the merchant's own price"),
                    ("staff", "staff"),
                    ("gate", "a guardrail"),
                    ("shock", "chance, to learn from"),
                    ("arm", "an experiment, or back from it"),
                ],
                max_length=6,
            ),
        ),
        migrations.CreateModel(
            name="ArmPrice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("channel", models.CharField(default="online", max_length=16)),
                ("arm", models.CharField(max_length=40)),
                ("turn", models.PositiveSmallIntegerField()),
                ("price_factor", models.FloatField()),
                ("base_minor", models.PositiveIntegerField()),
                ("arm_minor", models.PositiveIntegerField()),
                ("shown_minor", models.PositiveIntegerField()),
                (
                    "obstacle",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "none"),
                            ("gate", "a guardrail holds the price for now"),
                            ("staff", "staff set the price"),
                            ("closed", "a kill switch, or goods whose price is left alone"),
                        ],
                        default="",
                        max_length=6,
                    ),
                ),
                ("book_version", models.PositiveIntegerField()),
                ("began_at", models.DateTimeField()),
                ("tried_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "experiment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="profiles.experiment",
                    ),
                ),
                (
                    "market",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="shop.market",
                    ),
                ),
                (
                    "variant",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="shop.variant",
                    ),
                ),
            ],
            options={
                "ordering": ["-began_at", "variant"],
                "indexes": [
                    models.Index(fields=["variant", "-began_at"], name="arm_price_variant")
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at__isnull", True)),
                        fields=("variant", "market", "channel"),
                        name="arm_price_one_running",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("arm_minor__gt", 0),
                            ("base_minor__gt", 0),
                            ("shown_minor__gt", 0),
                            ("arm_minor__lte", models.F("base_minor")),
                            ("price_factor__gt", 0.0),
                            ("price_factor__lte", 1.0),
                        ),
                        name="arm_price_not_above",
                    ),
                ],
            },
        ),
    ]
