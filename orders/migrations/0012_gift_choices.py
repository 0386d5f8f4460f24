"""A cart remembers what was chosen among the gifts of an offer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0011_what_units_cost"),
    ]

    operations = [
        migrations.AddField(
            model_name="cart",
            name="gift_choices",
            field=models.JSONField(
                blank=True,
                db_default=models.Value({}, models.JSONField()),
                default=dict,
                help_text="The variant chosen among the gifts of an offer, by the offer's number.",
            ),
        ),
    ]
