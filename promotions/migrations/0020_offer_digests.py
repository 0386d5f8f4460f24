"""Who had the weekly letter with own offers in which week."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0004_experiments"),
        ("promotions", "0019_exposure_is_in_the_book"),
    ]

    operations = [
        migrations.CreateModel(
            name="OfferDigest",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("week", models.CharField(max_length=8)),
                ("offers", models.PositiveSmallIntegerField(help_text="0: no letter was sent.")),
                ("at", models.DateTimeField()),
                (
                    "shopper",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="profiles.shopper",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("shopper", "week"), name="offerdigest_once_a_week"
                    )
                ],
            },
        ),
    ]
