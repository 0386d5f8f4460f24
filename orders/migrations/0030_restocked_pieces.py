"""How many accepted pieces went back on the shelf, in place of all or none."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.models import F, Q


def count(apps: Any, schema_editor: Any) -> None:
    """Count what went back: all of it, or nothing."""
    for name, column in (("ReturnLine", "accepted_quantity"), ("RefundLine", "quantity")):
        rows = apps.get_model("orders", name).objects.filter(is_restocked=True)
        rows.update(restocked_quantity=F(column))


def tell(apps: Any, schema_editor: Any) -> None:
    """Say of lines of which anything went back that all of it did."""
    for name in ("ReturnLine", "RefundLine"):
        rows = apps.get_model("orders", name).objects.filter(restocked_quantity__gt=0)
        rows.update(is_restocked=True)


class Migration(migrations.Migration):
    dependencies = [("orders", "0029_seed_carriers")]
    operations = [
        migrations.AddField(
            model_name="returnline",
            name="restocked_quantity",
            field=models.PositiveIntegerField(
                default=0,
                help_text="So many accepted pieces went back on the shelf;"
                " the others were written off.",
            ),
        ),
        migrations.AddField(
            model_name="refundline",
            name="restocked_quantity",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.RunPython(count, tell),
        migrations.RemoveField(model_name="returnline", name="is_restocked"),
        migrations.RemoveField(model_name="refundline", name="is_restocked"),
        migrations.AddConstraint(
            model_name="returnline",
            constraint=models.CheckConstraint(
                condition=Q(restocked_quantity=0)
                | Q(restocked_quantity__lte=F("accepted_quantity")),
                name="returnline_restocked",
            ),
        ),
        migrations.AddConstraint(
            model_name="refundline",
            constraint=models.CheckConstraint(
                condition=Q(restocked_quantity__lte=F("quantity")), name="refundline_restocked"
            ),
        ),
    ]
