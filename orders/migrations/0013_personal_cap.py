"""Orders keep the cap on personal discounts they were made under, so that a replay knows it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0012_gift_choices"),
    ]

    operations = [
        migrations.AddField(
            model_name="order",
            name="personal_cap",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="The cap on personal discounts it was made under, hundredths of a"
                " percent. Empty: none was asked.",
                null=True,
            ),
        ),
    ]
