"""Rows that a new shop begins with: delivery, tax, returns and carriers. Staff change them."""

import datetime as dt
from typing import Any

from django.db import migrations

METHODS = (
    # code, name, Chinese name, price, free from, days, needs an address
    ("standard", "Standard delivery", "标准配送", 499, 3500, (1, 3), True),
    ("express", "Same-day delivery", "当日达", 999, None, (0, 0), True),
    ("pickup", "Pick up in store", "到店自提", 0, None, (0, 1), False),
)
CARRIERS = {
    "DHL Express": "https://www.dhl.com/en/express/tracking.html?AWB={number}",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr={number}",
    "Royal Mail": "https://www.royalmail.com/track-your-item#/tracking-results/{number}",
    "UPS": "https://www.ups.com/track?tracknum={number}",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
}


def create_terms(apps: Any, schema_editor: Any) -> None:
    """Create the delivery methods and the tax rate of the market "us": groceries are untaxed."""
    methods = apps.get_model("orders", "DeliveryMethod").objects
    for position, (code, name, name_zh, price, free_from, days, needs_address) in enumerate(METHODS):
        methods.create(
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
        market_code="us", percent=0, is_included=True, valid_from=dt.date(2000, 1, 1)
    )


def create_return_rule(apps: Any, schema_editor: Any) -> None:
    """Create the default: 30 days, the shopper pays the postage."""
    apps.get_model("orders", "ReturnRule").objects.create(
        category_path="",
        window_days=30,
        payer="shopper",
        instruction="Send the parcel to the sender's address on the parcel you got from us.",
        instruction_zh="请将包裹寄回我们发货包裹上的寄件地址。",
    )


def create_carriers(apps: Any, schema_editor: Any) -> None:
    """Create carriers to choose from: staff activate those that bring their parcels."""
    for name, pattern in CARRIERS.items():
        apps.get_model("orders", "Carrier").objects.create(
            name=name, tracking_pattern=pattern, is_active=False
        )


class Migration(migrations.Migration):
    dependencies = [("orders", "0002_triggers")]
    operations = [
        migrations.RunPython(create_terms),
        migrations.RunPython(create_return_rule),
        migrations.RunPython(create_carriers),
    ]
