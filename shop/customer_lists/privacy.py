"""What lists keep about a person, how it is handed out and how it is forgotten."""

from __future__ import annotations

from profiles.core.privacy import RoomPrivacy, classify
from shop.customer_lists.selectors import export_shopper
from shop.customer_lists.services import erase_rows

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
