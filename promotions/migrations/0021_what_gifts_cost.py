"""Uses keep what their gift cost and what they took off the delivery; partners share both."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0020_offer_digests"),
    ]

    operations = [
        migrations.AddField(
            model_name="redemption",
            name="gift_minor",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                help_text="Worth of what it gave away: part of the amount.",
            ),
        ),
        migrations.AddField(
            model_name="redemption",
            name="gift_cost_minor",
            field=models.BigIntegerField(
                db_default=0, default=0, help_text="What that cost the shop then."
            ),
        ),
        migrations.AddField(
            model_name="redemption",
            name="delivery_minor",
            field=models.BigIntegerField(
                db_default=0,
                default=0,
                help_text="Taken off the delivery: part of the amount.",
            ),
        ),
        migrations.AddField(
            model_name="partnerentry",
            name="is_delivery",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Taken off the delivery: of no line.",
            ),
        ),
    ]
