"""Export and erasure of a person's data in customer lists."""

from __future__ import annotations

from profiles.privacy.api import RoomPrivacy, classify
from shop.doors.customer_lists.selectors import export_shopper
from shop.doors.customer_lists.services import erase_rows

FIELDS = {
    "ProductImportRow": classify(
        none="id product_import group line handle sku outcome state kept_because",
        link="email",
        personal="before after problems",
    ),
}

PRIVACY = RoomPrivacy(
    room="lists", fields=FIELDS, export_shopper=export_shopper, erase_shopper=erase_rows
)
