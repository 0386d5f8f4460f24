"""A kill switch says with its flip what public prices are without chance and experiments."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0024_worth_of_a_won_purchase"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChanceReturn",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("holds_from", models.DateTimeField()),
                (
                    "variant_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                (
                    "before_minors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), size=None
                    ),
                ),
                (
                    "public_minors",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.PositiveIntegerField(), size=None
                    ),
                ),
                (
                    "sources",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=10), size=None
                    ),
                ),
                ("settled_at", models.DateTimeField(blank=True, null=True)),
                (
                    "book",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="returns",
                        to="pricing.pricebook",
                    ),
                ),
                (
                    "switch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="returns",
                        to="pricing.killswitch",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "constraints": [
                    models.UniqueConstraint(fields=["book", "switch"], name="chance_return_once"),
                    models.CheckConstraint(
                        condition=Q(variant_ids__len=F("public_minors__len"))
                        & Q(variant_ids__len=F("before_minors__len"))
                        & Q(variant_ids__len=F("sources__len")),
                        name="chance_return_rows",
                    ),
                ],
            },
        ),
    ]
