"""Holds of stock know whose they are while they last, so that they can be bounded."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("shop", "0013_market_minimum_age")]

    operations = [
        migrations.AddField(
            model_name="stockreservation",
            name="person",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.AddField(
            model_name="stockreservation",
            name="address",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
        migrations.AddIndex(
            model_name="stockreservation",
            index=models.Index(
                condition=Q(state="held"), fields=["variant"], name="reservation_held_variant"
            ),
        ),
    ]
