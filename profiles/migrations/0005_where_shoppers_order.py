"""Shoppers keep where they ordered last: letters bear the label of that place's law."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("profiles", "0004_experiments"),
    ]

    operations = [
        migrations.AddField(
            model_name="shopper",
            name="place_code",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="Where the last order was placed, as law knows places. Empty: not known.",
                max_length=16,
            ),
        ),
    ]
