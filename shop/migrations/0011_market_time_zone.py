"""Weekdays, hours and daily limits of offers follow the clock of the market."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("shop", "0010_stock_next_delivery")]

    operations = [
        migrations.AddField(
            model_name="market",
            name="time_zone",
            field=models.CharField(
                default="UTC",
                help_text="Of weekdays, hours and daily limits of offers, such as America/New_York.",
                max_length=40,
            ),
        ),
        migrations.RunSQL(
            "UPDATE shop_market SET time_zone = 'America/New_York' WHERE code = 'us'",
            migrations.RunSQL.noop,
        ),
    ]
