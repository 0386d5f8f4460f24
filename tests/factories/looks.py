"""Looks at prices and what is bought at them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from pricing.api import quote_variants, store_quotes
from pricing.base.core.values import PriceView
from pricing.ledger.models.impressions import PublicLook
from profiles.events.services.events import record_purchase_events, record_return_events
from profiles.models import Segment, ShopperProfile
from profiles.values import PurchasedLine, ShopperValue
from shop.ground.inventory.models import StockLocation, StockRecord
from tests.factories.pricing import NOON, committed, make_shopper, visit


def show(
    shopper: ShopperValue | None, variants: Iterable[int], **changes: Any
) -> dict[int, PriceView]:
    """Show a page of prices to a shopper, or to an anonymous visitor."""
    context = visit(shopper, is_look=True, **changes)
    return quote_variants(context=context, variant_ids=list(variants)).prices


def fill_shelves(variants: Iterable[int]) -> None:
    """Put plenty of pieces of each variant on the shelves of the online shop."""
    online, _ = StockLocation.objects.get_or_create(code="online", defaults={"name": "Online"})
    for one in variants:
        StockRecord.objects.create(variant_id=one, location=online, on_hand=900)


def count_impressions() -> dict[int, int]:
    """Return the counted impressions by variant, over all else they are counted by."""
    sums: dict[int, int] = {}
    for variant, impressions in PublicLook.objects.values_list("variant_id", "looks"):
        sums[variant] = sums.get(variant, 0) + impressions
    return sums


def buy_shown(
    shopper: ShopperValue,
    view: PriceView,
    basket: str,
    quantity: int = 1,
    *,
    now: datetime = NOON,
) -> None:
    """Buy at the public price a page showed at `now`, a minute later."""
    at = now + timedelta(minutes=1)
    with committed():
        record_purchase_events(
            basket_ref=basket,
            lines=[_line(view, quantity)],
            occurred_at=at,
            shopper_id=shopper.id,
            channel="online",
            now=at,
        )


def send_back(shopper: ShopperValue, view: PriceView, basket: str, quantity: int = 1) -> None:
    """Return what was bought, the day after."""
    with committed():
        record_return_events(
            basket_ref=basket,
            lines=[_line(view, quantity)],
            occurred_at=NOON + timedelta(days=1),
            shopper_id=shopper.id,
            channel="online",
            now=NOON + timedelta(days=1),
        )


def _line(view: PriceView, quantity: int) -> PurchasedLine:
    return PurchasedLine(
        variant_id=view.variant_id,
        quantity=quantity,
        paid_minor=view.public_minor * quantity,
        list_minor=view.list_minor * quantity,
        is_discounted=False,
        quote_id=store_quotes(tokens=[view.token])[0],
    )


def give_segment(shopper: ShopperValue) -> str:
    """Put a shopper into the one segment there is; return its code."""
    named = {"name": "Snackers", "created_at": NOON}
    segment, _ = Segment.objects.get_or_create(code="snackers", defaults=named)
    ShopperProfile.objects.update_or_create(
        shopper_id=shopper.id, defaults={"segment": segment, "refreshed_at": NOON}
    )
    return str(segment.code)


def look_and_buy(teas: list[int], moment: datetime, bought: dict[int, int]) -> None:
    """Twelve pages of all teas; on the first of them each tea is bought so many times."""
    for page in range(12):
        views = show(None, teas, now=moment)
        for tea in teas:
            if page < bought[tea]:
                buy_shown(make_shopper(), views[tea], f"{moment:%H%M}-{page}-{tea}", now=moment)
