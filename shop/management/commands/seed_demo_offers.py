"""A few segments and live campaigns, so that a new demo has something to offer."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from profiles.segments.api import seed_demo_segments
from promotions.demo.api import (
    seed_demo_loyalty,
    seed_demo_offers,
    seed_demo_personal,
    seed_demo_plans,
)
from shop.ground.kernel.clock import utc_now


class Command(BaseCommand):
    """`manage.py seed_demo_offers`."""

    help = "Create the demo's segments and campaigns; changes nothing the second time."

    def handle(self, *args: Any, **options: Any) -> None:
        """Create what is missing and say how much that was."""
        now = utc_now()
        segments = seed_demo_segments(now=now)
        created = seed_demo_offers(market_code=settings.MARKET_CODE, now=now)
        created += seed_demo_loyalty(market_code=settings.MARKET_CODE, now=now)
        created += seed_demo_personal(market_code=settings.MARKET_CODE, now=now)
        created += seed_demo_plans(market_code=settings.MARKET_CODE, now=now)
        self.stdout.write(f"{created} new campaigns, {segments} new segments")
