"""Order lines keep what a unit cost the shop when it was bought."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0010_delivery_looks_at_the_public_price"),
    ]

    operations = [
        migrations.AddField(
            model_name="orderline",
            name="cost_minor",
            field=models.BigIntegerField(
                blank=True,
                help_text="What one unit cost the shop then. Empty: not known.",
                null=True,
            ),
        ),
    ]
