"""Sums of sales are kept by currency. They are remade by the next run of the job that keeps them."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models


def forget(apps: Any, schema_editor: Any) -> None:
    """Delete the sums: those of before added up amounts of several currencies."""
    apps.get_model("orders", "SalesDay").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("orders", "0025_seed_return_rule")]
    operations = [
        migrations.RunPython(forget, forget),
        migrations.RemoveConstraint("salesday", "salesday_once"),
        migrations.AddField(
            "salesday",
            "currency",
            models.CharField(max_length=3, default=""),
            preserve_default=False,
        ),
        migrations.AddConstraint(
            "salesday",
            models.UniqueConstraint(
                fields=["zone", "day", "channel", "currency"], name="salesday_once"
            ),
        ),
    ]
