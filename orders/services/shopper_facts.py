"""What offers may ask about a shopper, looked up only when some live condition does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.db import connection
from django.db.models import Count, F, Max, Q, Sum

from orders.models import Order
from pricing.core.values import QuoteContext
from profiles.selectors import OnlineUnavailable, read_online_profiles
from promotions.core.shoppers import COUNT_IN, SPENT_IN, asks_history, windows_in
from promotions.selectors import OrderHistory, ShopperView
from shop.catalog.selectors import get_market

GONE = (Order.Status.CANCELLED, Order.Status.EXPIRED)
_ORDERED = "SELECT EXISTS (SELECT FROM orders_order WHERE shopper_id = %s AND status <> ALL(%s))"
_KNOWN = (
    "SELECT EXISTS (SELECT FROM orders_order WHERE identity && %s::varchar[]"
    " AND identity <> '{}' AND status <> ALL(%s))"
)
PROFILE_FACTS = frozenset({"segment", "tags"})


def complete_shopper(
    view: ShopperView, facts: frozenset[str], context: QuoteContext
) -> ShopperView:
    """Return `view` with the facts some condition asks for. One query and one profile at most.

    Whether this is the first order is a fact of the contract, asked of everybody. What was
    inferred or observed (segment, tags, recency, frequency, value) needs the shopper's consent to
    its use: without it `is_private` is set and nothing is looked up.
    """
    is_private, has_history = False, asks_history(facts)
    if facts & PROFILE_FACTS or has_history:
        view, is_private = _with_profile(view, context)
    if view.shopper_id is None:
        return replace(view, is_private=is_private)
    if has_history and not is_private:
        history = _read_history(view.shopper_id, facts, context)
        is_first = history.last_at is None and not _is_known(view.identity)
        return replace(view, history=history, is_first_order=is_first)
    if "first_order" in facts:
        is_first = not _has_ordered(view.shopper_id) and not _is_known(view.identity)
        view = replace(view, is_first_order=is_first)
    return replace(view, is_private=is_private)


def _has_ordered(shopper_id: int) -> bool:
    # As text: carts ask it, and building the queryset takes longer than the answer
    with connection.cursor() as cursor:
        cursor.execute(_ORDERED, [shopper_id, list(GONE)])
        return bool(cursor.fetchone()[0])


def _is_known(identity: Sequence[str]) -> bool:
    """Return whether an order was placed with one of these keys, as whatever shopper."""
    if not identity:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [list(identity), list(GONE)])
        return bool(cursor.fetchone()[0])


def _with_profile(view: ShopperView, context: QuoteContext) -> tuple[ShopperView, bool]:
    """Return the view with segment and tags, and whether behaviour may not be looked at."""
    pseudonym = context.shopper_pseudonym
    if not pseudonym or context.gpc:
        return view, True
    try:
        profile = read_online_profiles([pseudonym], context.now).get(pseudonym)
    except OnlineUnavailable:
        return view, True
    # Without consent nothing that was inferred decides what a shopper is offered
    if profile is None or profile.consents is None or not profile.consents.recommendations:
        return view, True
    return replace(view, segment=profile.segment, tags=frozenset(profile.tags)), False


def _read_history(shopper_id: int, facts: frozenset[str], context: QuoteContext) -> OrderHistory:
    """One statement over the shopper's orders, whatever is asked of them."""
    counted, summed = windows_in(facts, COUNT_IN), windows_in(facts, SPENT_IN)
    currency = get_market(context.market).currency
    paid = F("total_minor") - F("refunded_minor")
    wanted = {
        **{f"count_{days}": Count("pk", _since(days, context)) for days in counted},
        **{
            f"spent_{days}": Sum(paid, filter=_since(days, context) & Q(currency=currency))
            for days in summed
        },
    }
    kept = Order.objects.filter(shopper_id=shopper_id).exclude(status__in=GONE)
    found = kept.order_by().aggregate(last_at=Max("placed_at"), **wanted)
    return OrderHistory(
        last_at=found["last_at"],
        counts={days: found[f"count_{days}"] for days in counted},
        spent_minor={days: found[f"spent_{days}"] or 0 for days in summed},
    )


def _since(days: int, context: QuoteContext) -> Q:
    return Q(placed_at__gt=context.now - timedelta(days=days))
