"""A decision keeps which share of the shoppers explored when it was made."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0027_campaign_checks"),
    ]

    operations = [
        migrations.AddField(
            model_name="offerdecision",
            name="exploration_share",
            field=models.FloatField(
                blank=True,
                help_text="The plan's share when it was decided: who explores.",
                null=True,
            ),
        ),
    ]
