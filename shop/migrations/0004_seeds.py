"""Rows that a new shop begins with: its home market, its place of stock, its profile."""

from typing import Any

from django.db import migrations


def create_rows(apps: Any, schema_editor: Any) -> None:
    """Create the market "us", the stock location "online" and the one row of the profile."""
    apps.get_model("shop", "Market").objects.create(
        code="us",
        name="United States",
        currency="USD",
        country="US",
        jurisdiction_code="US-other",
        language="en",
        time_zone="America/New_York",
        minimum_age=21,
        is_home=True,
    )
    apps.get_model("shop", "StockLocation").objects.create(code="online", name="Online store")
    apps.get_model("shop", "StoreProfile").objects.create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("shop", "0003_triggers")]
    operations = [migrations.RunPython(create_rows)]
