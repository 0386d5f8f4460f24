"""Delivery and tax rows a new shop starts with, and a timeline nobody can rewrite."""

from datetime import date
from typing import Any

from django.db import migrations

METHODS = [
    # code, name, Chinese name, price, free from, days, needs an address
    ("standard", "Standard delivery", "标准配送", 499, 3500, (1, 3), True),
    ("express", "Same-day delivery", "当日达", 999, None, (0, 0), True),
    ("pickup", "Pick up in store", "到店自提", 0, None, (0, 1), False),
]

PROTECT = """
CREATE FUNCTION orders_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the timeline of an order is append-only';
END $$;
CREATE TRIGGER orderevent_append_only BEFORE UPDATE ON orders_orderevent
    FOR EACH STATEMENT EXECUTE FUNCTION orders_refuse_change();
"""
UNPROTECT = """
DROP TRIGGER orderevent_append_only ON orders_orderevent;
DROP FUNCTION orders_refuse_change();
"""


def create_terms(apps: Any, schema_editor: Any) -> None:
    """Write the terms of the market "us": groceries untaxed, prices final, delivery from 35.00 free."""
    method = apps.get_model("orders", "DeliveryMethod")
    for position, (code, name, name_zh, price, free_from, days, needs_address) in enumerate(
        METHODS
    ):
        method.objects.create(
            market_code="us",
            code=code,
            name=name,
            name_zh=name_zh,
            price_minor=price,
            free_from_minor=free_from,
            min_days=days[0],
            max_days=days[1],
            needs_address=needs_address,
            position=position,
        )
    apps.get_model("orders", "TaxRate").objects.create(
        market_code="us", percent=0, is_included=True, valid_from=date(2000, 1, 1)
    )


def delete_terms(apps: Any, schema_editor: Any) -> None:
    """Remove the rows of `create_terms`."""
    apps.get_model("orders", "DeliveryMethod").objects.filter(market_code="us").delete()
    apps.get_model("orders", "TaxRate").objects.filter(market_code="us").delete()


class Migration(migrations.Migration):
    dependencies = [("orders", "0001_initial")]

    operations: list[Any] = [
        migrations.RunPython(create_terms, delete_terms),
        migrations.RunSQL(PROTECT, UNPROTECT),
    ]
