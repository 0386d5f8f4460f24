"""Public prices and their limits set by hand, for a time and for a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction
from django.utils.translation import gettext as _

from pricing.base.core.price_points import share_down
from pricing.base.core.values import IntArray, Policy
from pricing.learning.selectors.publishing import load_past, load_shelf
from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.models.proposals import PriceOverride
from pricing.ledger.selectors.references import load_series
from pricing.ledger.services import publish_on_commit
from pricing.optimum.core.publish import NO_LIMIT, floor_prices
from pricing.policy.core import PublicBounds, apply_public_gate
from pricing.policy.selectors import load_active_policy
from pricing.publishing.core.publishing import bound_prices
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.kernel.errors import FairtagError
from shop.ground.outbox.services import write_fact

LONGEST = timedelta(days=366)


class OverrideRefused(FairtagError):
    """The price, the period or the reason of an override cannot stand."""

    code = "override_refused"


def set_override(
    *,
    variant_id: int,
    amount_minor: int,
    expires_at: datetime,
    reason: str,
    by_id: int | None,
    now: datetime,
    kind: str = "price",
    starts_at: datetime | None = None,
    market: str = "us",
    channel: str = "online",
) -> int:
    """Fix the public price of a variant until `expires_at`, or a minimum, a maximum, or (`clear`)
    how far it may fall so that the stock is gone by then.

    Return the override's id. The publisher obeys from the next book on, a step a day, inside floor
    and ceiling; when the time is over the price returns by itself. An override of the same kind
    still in force is replaced, and the same one set twice is one. Fact PriceOverrideSet. Raises
    OverrideRefused.
    """
    begins = starts_at or now
    _check(amount_minor, (begins, expires_at), reason, now)
    said = {"amount_minor": amount_minor, "expires_at": expires_at, "reason": reason.strip()}
    where = {"variant_id": variant_id, "market_id": market, "channel": channel}
    with transaction.atomic():
        # The price's row is the lock: two people who set an override at once stand in line.
        prices = PublicPrice.objects.select_related("variant__product")
        price = prices.select_for_update(of=("self",)).filter(**where).first()
        _check_price(price, kind, amount_minor)
        same = PriceOverride.objects.filter(
            ended_at__isnull=True, expires_at__gt=now, kind=kind, **where
        )
        known = same.filter(**said).first()
        if known is not None:
            return int(known.pk)
        same.filter(starts_at__lte=begins).update(ended_at=begins, ended_by_id=by_id)
        row = PriceOverride.objects.create(
            **where, **said, kind=kind, starts_at=begins, created_at=now, created_by_id=by_id
        )
        _tell(row, now)
    return int(row.pk)


def end_override(*, override_id: int, by_id: int | None, now: datetime) -> bool:
    """End an override before its time; return whether it was still in force or to come.

    The price returns with the next book. Fact PriceOverrideSet. Raises OverrideRefused.
    """
    with transaction.atomic():
        row = PriceOverride.objects.select_for_update().filter(pk=override_id).first()
        if row is None:
            raise OverrideRefused(_("There is no such override."))
        if row.ended_at is not None or row.expires_at <= now:
            return False
        row.ended_at, row.ended_by_id = now, by_id
        row.save(update_fields=["ended_at", "ended_by"])
        _tell(row, now)
    return True


def check_override(
    *,
    variant_id: int,
    amount_minor: int,
    period: tuple[datetime, datetime],
    reason: str,
    kind: str,
    place: tuple[str, str],
    now: datetime,
) -> None:
    """Raise OverrideRefused where `set_override` would: a form can say so before anything is lost.

    `period` is from when until when, `place` market and channel.
    """
    _check(amount_minor, period, reason, now)
    prices = PublicPrice.objects.select_related("variant__product")
    price = prices.filter(variant_id=variant_id, market_id=place[0], channel=place[1]).first()
    _check_price(price, kind, amount_minor)


def find_bounds(*, price: PublicPrice) -> tuple[int, int]:
    """Return floor and ceiling of a variant's public price, minor units, as the gate knows them."""
    policy, products = load_active_policy(), load_variant_arrays(price.market_id)
    at = int(np.searchsorted(products.variant_id, price.variant_id))
    is_known = at < len(products.variant_id) and int(products.variant_id[at]) == price.variant_id
    cost = products.cost_minor[[at]] if is_known else np.array([-1])
    listed, anchor = np.array([price.list_minor]), np.array([price.anchor_minor])
    floor = int(floor_prices(cost, listed, anchor, policy)[0][0])
    return floor, max(int(share_down(listed, 1.0 + policy.ceiling_over_list)[0]), floor)


def _check(
    amount_minor: int, period: tuple[datetime, datetime], reason: str, now: datetime
) -> None:
    begins, expires_at = period
    if amount_minor <= 0:
        raise OverrideRefused(_("A price must be above zero."))
    if expires_at <= max(begins, now):
        raise OverrideRefused(_("It must end after it begins, and not in the past."))
    if expires_at > now + LONGEST:
        raise OverrideRefused(_("An override may last a year at most."))
    if not reason.strip():
        raise OverrideRefused(_("Give a reason: it is stored with the price."))


def _check_price(price: PublicPrice | None, kind: str, amount_minor: int) -> None:
    """Refuse a price that the gate would never let through: say so now, not silently later."""
    if price is None:
        raise OverrideRefused(_("This variant has no public price here yet."))
    if not (price.variant.is_active and price.variant.product.is_active):
        raise OverrideRefused(
            _("This variant is archived. Bring it back before you set its price.")
        )
    if kind not in (PriceOverride.Kind.PRICE, PriceOverride.Kind.CLEAR):
        return
    floor, ceiling = find_bounds(price=price)
    if not floor <= amount_minor <= ceiling:
        raise OverrideRefused(
            _("The price must be between the floor and the ceiling."), floor=floor, ceiling=ceiling
        )


def _tell(row: PriceOverride, now: datetime) -> None:
    payload = {"override": row.pk, "variant": row.variant_id}
    write_fact(kind="PriceOverrideSet", payload=payload, occurred_at=now)
    publish_on_commit()


# A price that is not there by then is on its way for longer than anybody plans.
MOST_DAYS = 30


def plan_override(
    *, variant_id: int, amount_minor: int, place: tuple[str, str], now: datetime
) -> tuple[int, ...]:
    """Return the public price of today and of each day after it until a fixed price is reached.

    One price, the amount itself: it is reached at once. A last price that is not the amount: never
    within MOST_DAYS. Nothing for a variant that is not sold. For pages of staff only.
    """
    policy, shelf = load_active_policy(), load_shelf(place=place)
    shelf = shelf.take(np.flatnonzero(shelf.variants.variant_id == variant_id))
    if not len(shelf):
        return ()
    floor, _ = floor_prices(shelf.variants.cost_minor, shelf.list_minor, shelf.anchor_minor, policy)
    series = load_series(variant_id=shelf.variants.variant_id, now=now, place=place)
    past = load_past(shelf=shelf, series=series, policy=policy, now=now, place=place)
    bounds = bound_prices(past, shelf.list_minor, floor, NO_LIMIT, policy)
    return _walk(bounds, np.array([amount_minor]), policy)


def _walk(bounds: PublicBounds, asked: IntArray, policy: Policy) -> tuple[int, ...]:
    """Return the prices day by day; from the second on nothing but the last step is remembered.

    >>> one = np.array([230])
    >>> bounds = PublicBounds(one, one - 90, one, one, one, one * 0, one < 0, one * 1000)
    >>> _walk(bounds, np.array([199]), Policy())
    (207, 199)
    """
    prices = list[int]()
    while len(prices) < MOST_DAYS:
        price = apply_public_gate(asked, bounds, policy).minor
        prices.append(int(price[0]))
        is_stuck = len(prices) > 1 and prices[-1] == prices[-2]
        if price[0] == asked[0] or is_stuck:
            break
        bounds = replace(
            bounds,
            current_minor=price,
            highest_24h=price,
            lowest_24h=price,
            changes_24h=np.zeros_like(price),
            is_held=np.zeros(1, dtype=np.bool_),
        )
    return tuple(prices)
