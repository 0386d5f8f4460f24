"""Gifts have lines of their own, and orders keep what offers took off the delivery."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0008_points"),
    ]

    operations = [
        migrations.AddField(
            model_name="cart",
            name="held_gifts",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Pieces of gifts that this cart's checkout holds, by variant.",
            ),
        ),
        migrations.AddField(
            model_name="order",
            name="delivery_adjustments",
            field=models.JSONField(
                blank=True, db_default=models.Value([], models.JSONField()), default=list
            ),
        ),
        migrations.AddField(
            model_name="orderline",
            name="is_gift",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Given away by an offer: not a sale to learn from.",
            ),
        ),
    ]
