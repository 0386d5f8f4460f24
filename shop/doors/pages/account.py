"""Data of the account page: own profile and newest orders."""

from __future__ import annotations

from orders.order.api import count_orders, list_orders
from profiles.features.api import LONG_HALF_LIFE, SHORT_HALF_LIFE, monthly_rate
from profiles.segments.api import (
    OnlineUnavailable,
    compute_feature_rows,
    list_segments,
    read_online_profiles,
)
from profiles.shoppers.api import find_shopper
from profiles.values import FeatureRow, OnlineProfile, SegmentValue, ShopperValue
from promotions.loyalty.api import find_balance
from shop.doors.pages.checkout import last_contact
from shop.doors.pages.context import PageContext
from shop.doors.pages.values import AccountPage
from shop.ground.catalog.core.values import CategoryNode
from shop.ground.catalog.selectors import list_categories

NEWEST_ORDERS = 5
SHOWN_AFFINITIES = 8
HALF_LIVES = {
    "activity": SHORT_HALF_LIFE,
    "cart_adds": SHORT_HALF_LIFE,
    "purchases": LONG_HALF_LIFE,
    "orders": LONG_HALF_LIFE,
    "discounted": LONG_HALF_LIFE,
}


def account(ctx: PageContext) -> AccountPage:
    """Return the own profile: contact, points, choices, newest orders, segment, tags, interests.
    Some ten queries."""
    shopper = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    if shopper is None:
        return AccountPage(shopper=None)
    profile = _read_profile(ctx, shopper)
    row = profile.feature_row if profile else None
    if row is None:  # Redis is down or still warming up: the table knows the same
        row = next(compute_feature_rows([shopper.id], ctx.now), None)
    balance = find_balance(shopper_id=shopper.id, now=ctx.now)
    return AccountPage(
        shopper=shopper,
        segment=_find_segment(row.segment if row else None),
        tags=row.tags if row else (),
        affinities=_rank_affinities(ctx, row),
        monthly=_count_monthly(row),
        orders=tuple(
            list_orders(shopper_id=shopper.id, limit=NEWEST_ORDERS, language=ctx.language)
        ),
        order_count=count_orders(shopper_id=shopper.id),
        contact=last_contact(ctx),
        points=balance.available if balance else None,
    )


def _count_monthly(row: FeatureRow | None) -> dict[str, float]:
    """Return how often a month the shopper does what the features count."""
    if row is None:
        return {}
    tenure = row.values.get("tenure_days", 0.0)
    return {
        name: monthly_rate(row.values[name], half_life, tenure)
        for name, half_life in HALF_LIVES.items()
        if name in row.values
    }


def _read_profile(ctx: PageContext, shopper: ShopperValue) -> OnlineProfile | None:
    try:
        return read_online_profiles([shopper.pseudonym], ctx.now).get(shopper.pseudonym)
    except OnlineUnavailable:
        return None


def _find_segment(code: str | None) -> SegmentValue | None:
    if code is None:
        return None
    return next((segment for segment in list_segments() if segment.code == code), None)


def _rank_affinities(
    ctx: PageContext, row: FeatureRow | None
) -> tuple[tuple[CategoryNode, float], ...]:
    """Return the strongest interests with their share of the strongest one, in (0, 1]."""
    if row is None:
        return ()
    nodes = list_categories(ctx.language).nodes
    known = [(nodes[i], weight) for i, weight in row.category_affinity.items() if i in nodes]
    ranked = sorted(known, key=lambda pair: (-pair[1], pair[0].category_id))[:SHOWN_AFFINITIES]
    top = ranked[0][1] if ranked and ranked[0][1] > 0 else 1.0
    return tuple((node, weight / top) for node, weight in ranked if weight > 0)
