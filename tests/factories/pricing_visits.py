"""Visits that earned something, for the figures that breakers and trials read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from pricing.api import quote_variants
from pricing.base.core.values import PriceView
from pricing.policy.models.breakers import PricedVisit
from profiles.events.services.events import record_purchase_events
from profiles.values import PurchasedLine, ShopperValue
from tests.factories.pricing import NOON, Dairy, committed, look_at, visit

TODAY = NOON.date()


def ask_cheeses(dairy: Dairy, shopper: ShopperValue) -> dict[int, PriceView]:
    """Let a shopper look at four cheeses and ask for their prices."""
    look_at(shopper, dairy.cheeses)
    return quote_variants(context=visit(shopper), variant_ids=dairy.cheeses).prices


def buy_at(shopper: ShopperValue, view: PriceView, minutes: int = 30) -> None:
    """Let a shopper buy one piece so many minutes later, at the quoted price."""
    at = NOON + timedelta(minutes=minutes)
    line = PurchasedLine(
        variant_id=view.variant_id,
        quantity=1,
        paid_minor=view.quoted_minor,
        list_minor=view.list_minor,
        is_discounted=True,
        quote_id=view.quote_id,
    )
    with committed():
        record_purchase_events(
            basket_ref=f"order-{view.quote_id}",
            lines=[line],
            occurred_at=at,
            shopper_id=shopper.id,
            channel="online",
            now=at,
        )


def make_visits(
    margins: Sequence[float] | np.ndarray,
    *,
    day: date = TODAY,
    is_held_out: bool,
    model_version: int = 1,
    first_owner: int = 1,
    market_code: str = "us",
) -> None:
    """Store one visit of a shopper of its own for each margin."""
    PricedVisit.objects.bulk_create(
        PricedVisit(
            day=day,
            owner=first_owner + at,
            market_code=market_code,
            channel="online",
            model_version=model_version,
            is_held_out=is_held_out,
            decisions=2,
            margin_minor=float(margin),
        )
        for at, margin in enumerate(margins)
    )
