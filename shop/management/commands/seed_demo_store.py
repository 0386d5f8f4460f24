"""The demo shop's own name and texts: data like those of any shop."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from shop.ground.storeinfo.services import introduce_store

NAME = "Fairtag"
FACTS = {
    "tagline": "Good food, with a fair tag on it.",
    "tagline_zh": "好食物，配公道价。",
    "company": "Fairtag Demonstration Shop",
    "address": "1 Example Street\nNew York, NY 10001\nUnited States",
    "email": "shop@fairtag.example",
    "sender_email": "shop@fairtag.example",
    "terms": "# What this is\nA shop to look at. Nothing is sold here, so nothing is owed.",
    "terms_zh": "# 说明\n这是供参观的商店。这里不出售任何商品，因此不产生任何义务。",
    "delivery": "Nothing is sent from this demonstration.",
    "delivery_zh": "此演示不发出任何商品。",
}


class Command(BaseCommand):
    """`manage.py seed_demo_store`."""

    help = "Name the demo's shop; changes nothing once a shop has a name of its own."

    def handle(self, *args: Any, **options: Any) -> None:
        """Name it, and say whether that was still to do."""
        is_new = introduce_store(name=NAME, facts=FACTS)
        self.stdout.write("named the shop" if is_new else "the shop has a name")
