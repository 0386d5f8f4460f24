"""A won purchase is worth its margin and a tenth of the price, where it was three tenths.

Three tenths rested on nothing measured and moved prices down for visits that never come; about a
tenth can be defended (docs/pricing.md).
"""

from typing import Any

from django.db import migrations, models

BEFORE, SINCE = 0.30, 0.10


def lower_the_default(apps: Any, schema_editor: Any) -> None:
    """Only where no price was made yet: elsewhere every price would move, and staff say when."""
    if not apps.get_model("pricing", "PriceBook").objects.exists():
        policies = apps.get_model("pricing", "PricingPolicy").objects
        policies.filter(won_purchase_share=BEFORE).update(won_purchase_share=SINCE)


class Migration(migrations.Migration):
    dependencies = [("pricing", "0023_looks_are_kept")]

    operations = [
        migrations.AlterField(
            "pricingpolicy", "won_purchase_share", models.FloatField(default=SINCE)
        ),
        migrations.RunPython(lower_the_default, migrations.RunPython.noop),
    ]
