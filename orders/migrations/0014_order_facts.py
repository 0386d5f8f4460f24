"""Orders keep what the evaluator was asked, so that they can be judged by what held then."""

import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0013_personal_cap"),
    ]

    operations = [
        migrations.CreateModel(
            name="OrderFacts",
            fields=[
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="facts",
                        serialize=False,
                        to="orders.order",
                    ),
                ),
                ("seen", models.TextField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.BrinIndex(fields=["at"], name="orderfacts_at")
                ],
            },
        ),
    ]
