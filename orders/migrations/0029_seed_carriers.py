"""Carriers to choose from, switched off: staff switch on those that bring their parcels."""

from __future__ import annotations

from typing import Any

from django.db import migrations

CARRIERS = {
    "DHL Express": "https://www.dhl.com/en/express/tracking.html?AWB={number}",
    "FedEx": "https://www.fedex.com/fedextrack/?trknbr={number}",
    "Royal Mail": "https://www.royalmail.com/track-your-item#/tracking-results/{number}",
    "UPS": "https://www.ups.com/track?tracknum={number}",
    "USPS": "https://tools.usps.com/go/TrackConfirmAction?tLabels={number}",
}


def seed(apps: Any, schema_editor: Any) -> None:
    """Write those that nobody has added."""
    for name, pattern in CARRIERS.items():
        apps.get_model("orders", "Carrier").objects.get_or_create(
            name=name, defaults={"tracking_pattern": pattern, "is_active": False}
        )


class Migration(migrations.Migration):
    dependencies = [("orders", "0028_parcels_of_before")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
