"""The age that alcohol and tobacco ask for, by market: 21 in the United States."""

from typing import Any

from django.db import migrations, models


def set_ages(apps: Any, schema_editor: Any) -> None:
    """Write 21 where the market is American; elsewhere the default of 18 holds."""
    apps.get_model("shop", "Market").objects.filter(country="US").update(minimum_age=21)


class Migration(migrations.Migration):
    dependencies = [("shop", "0012_approvals")]

    operations = [
        migrations.AddField(
            model_name="market",
            name="minimum_age",
            field=models.PositiveSmallIntegerField(
                db_default=18,
                default=18,
                help_text="In years, to buy what is in an age-restricted category (alcohol, tobacco).",
            ),
        ),
        migrations.RunPython(set_ages, migrations.RunPython.noop),
    ]
