"""A use knows what of its gifts and of the delivery came back with returned units."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0024_offer_beliefs"),
    ]

    operations = [
        migrations.AddField(
            model_name="redemption",
            name="came_back_minor",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                help_text="Of what gifts cost and of the delivery: what came back with returned units.",
            ),
        ),
    ]
