"""A redemption remembers whether its campaign's budget paid for it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("promotions", "0002_offer_book")]

    operations = [
        migrations.AddField(
            model_name="redemption",
            name="is_budgeted",
            field=models.BooleanField(
                default=False,
                help_text="Counted in the campaign's budget, so given back to it.",
            ),
        ),
    ]
