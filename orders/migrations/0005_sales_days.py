"""Sums of sales by day for the staff's dashboard."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0004_held_and_offered"),
    ]

    operations = [
        migrations.CreateModel(
            name="SalesDay",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("zone", models.CharField(max_length=40)),
                ("day", models.DateField()),
                ("channel", models.CharField(max_length=16)),
                ("orders", models.PositiveIntegerField()),
                ("lines", models.PositiveIntegerField()),
                ("sales_minor", models.BigIntegerField()),
                ("margin_minor", models.BigIntegerField()),
                ("margin_base_minor", models.BigIntegerField()),
                ("personal_lines", models.PositiveIntegerField()),
                ("personal_public_minor", models.BigIntegerField()),
                ("personal_discount_minor", models.BigIntegerField()),
            ],
            options={
                "ordering": ["day", "channel"],
                "constraints": [
                    models.UniqueConstraint(fields=("zone", "day", "channel"), name="salesday_once")
                ],
            },
        ),
    ]
