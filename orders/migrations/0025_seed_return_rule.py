"""The shop's default: 30 days, the shopper pays the postage. Staff change the row."""

from __future__ import annotations

from typing import Any

from django.db import migrations


def seed(apps: Any, schema_editor: Any) -> None:
    """Write the default rule, unless there is one."""
    apps.get_model("orders", "ReturnRule").objects.get_or_create(
        category_path="",
        defaults={
            "window_days": 30,
            "payer": "shopper",
            "instruction": "Send the parcel to the sender's address on the parcel you got from us.",
            "instruction_zh": "请将包裹寄回我们发货包裹上的寄件地址。",
        },
    )


class Migration(migrations.Migration):
    dependencies = [("orders", "0024_returns")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
