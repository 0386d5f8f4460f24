"""A line knows what its own checkout holds, and which higher price was shown last."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("orders", "0003_find_order_of_quote")]

    operations = [
        migrations.AddField(
            model_name="cartline",
            name="held_quantity",
            field=models.PositiveIntegerField(
                default=0,
                help_text="Pieces this cart's checkout holds; counts while prices are frozen.",
            ),
        ),
        migrations.AddField(
            model_name="cartline",
            name="offered_minor",
            field=models.BigIntegerField(
                blank=True,
                null=True,
                help_text="The higher price last shown; consent covers no more.",
            ),
        ),
    ]
