"""The note beside the threshold says what it looks at."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0009_gifts_and_delivery_cuts"),
    ]

    operations = [
        migrations.AlterField(
            model_name="deliverymethod",
            name="free_from_minor",
            field=models.BigIntegerField(
                blank=True,
                help_text="Free for goods that cost everybody at least this, before any offer.",
                null=True,
            ),
        ),
    ]
