"""Remaining use limits and budgets, and the budgets that reached a threshold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from django.db import connection
from django.db.models import F, Q

from promotions.campaigns.api import load_offer_book
from promotions.campaigns.models import Campaign
from promotions.coupons.models import BudgetAlert, UseLimit
from promotions.engine.api import (
    Buyer,
    Counted,
    CouponValue,
    Entity,
    LimitValue,
    OfferValue,
    Period,
    Room,
    entity_keys,
    next_period,
    period_key,
)


class Limited(Protocol):
    """Whatever limits are looked up for: an offer compiled, or as a page shows it."""

    @property
    def offer_id(self) -> int:
        """The offer."""

    @property
    def campaign_id(self) -> int:
        """Its campaign."""


@dataclass(frozen=True, slots=True)
class LimitBook:
    """All limits in force at one version of the offer book, by campaign and by offer."""

    version: int
    by_campaign: Mapping[int, tuple[LimitValue, ...]]
    by_offer: Mapping[int, tuple[LimitValue, ...]]

    def limits_of(self, offer: Limited) -> tuple[LimitValue, ...]:
        """Return the limits an offer counts in: its own and its campaign's."""
        own = self.by_offer.get(offer.offer_id, ())
        return own + self.by_campaign.get(offer.campaign_id, ())


_books: dict[str, LimitBook] = {}

# Holds that ran out count no more, whether or not the job gave them back already; there are few,
# and a partial index finds them.
_COUNTED = """
WITH asked AS (
    SELECT * FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS t(limit_id, key, period)
), due AS MATERIALIZED (
    SELECT moved.counter_id, sum(moved.uses) AS uses, sum(moved.spent_minor) AS minor
    FROM promotions_redemption AS held
    JOIN promotions_limituse AS moved ON moved.redemption_id = held.id
    WHERE held.state = 'held' AND held.expires_at <= %s
    GROUP BY moved.counter_id
)
SELECT counter.limit_id, counter.key, counter.period,
       counter.uses - coalesce(due.uses, 0), counter.spent_minor - coalesce(due.minor, 0)
FROM asked JOIN promotions_limitcounter AS counter USING (limit_id, key, period)
LEFT JOIN due ON due.counter_id = counter.id
"""


def limit_value(row: UseLimit) -> LimitValue:
    """Return the row as the evaluator takes it."""
    return LimitValue(
        limit_id=row.pk,
        entity=Entity(row.entity),
        period=Period(row.period),
        counted=Counted(row.counted),
        max_uses=row.max_uses,
        max_minor=row.max_minor,
    )


def load_limits() -> LimitBook:
    """Return the limits in force. No query while the offer book is unchanged, else one.

    A trigger raises the book's version when a limit changes.
    """
    version = load_offer_book().version
    book = _books.get("book")
    if book is None or book.version != version:
        book = _books["book"] = _read_book(version)
    return book


def read_rooms(offers: Sequence[Limited], buyer: Buyer) -> list[tuple[Room, ...]]:
    """Return what the limits of each offer leave. One query, none where no limit is met."""
    return _read_rooms([(offer, None) for offer in offers], buyer)


def add_rooms(
    offers: Sequence[OfferValue], coupons: Sequence[CouponValue], buyer: Buyer
) -> tuple[list[OfferValue], list[CouponValue]]:
    """Return offers and coupons with what their limits leave. One query, none without limits."""
    unlocked = [(i, c) for i, c in enumerate(coupons) if c.offer is not None]
    asked = [(offer, None) for offer in offers]
    asked_by_code = [(c.offer, c.coupon_id) for _, c in unlocked if c.offer is not None]
    rooms = _read_rooms([*asked, *asked_by_code], buyer)
    kept = [replace(o, rooms=rooms[i]) if rooms[i] else o for i, o in enumerate(offers)]
    filled = list(coupons)
    for (i, coupon), found in zip(unlocked, rooms[len(offers) :], strict=True):
        if found and coupon.offer is not None:
            filled[i] = replace(coupon, offer=replace(coupon.offer, rooms=found))
    return kept, filled


def _read_book(version: int) -> LimitBook:
    over = Campaign.Status.ENDED
    rows = UseLimit.objects.filter(is_active=True).exclude(
        Q(campaign__status=over) | Q(offer__campaign__status=over)
    )
    by_campaign: dict[int, list[LimitValue]] = defaultdict(list)
    by_offer: dict[int, list[LimitValue]] = defaultdict(list)
    for row in rows.order_by("pk"):
        if row.campaign_id is not None:
            by_campaign[row.campaign_id].append(limit_value(row))
        elif row.offer_id is not None:
            by_offer[row.offer_id].append(limit_value(row))
    return LimitBook(
        version,
        {key: tuple(limits) for key, limits in by_campaign.items()},
        {key: tuple(limits) for key, limits in by_offer.items()},
    )


def _read_rooms(
    asked: Sequence[tuple[Limited, int | None]], buyer: Buyer
) -> list[tuple[Room, ...]]:
    book = load_limits()
    keys = [
        [(limit, entity_keys(limit.entity, buyer, coupon_id)) for limit in book.limits_of(offer)]
        for offer, coupon_id in asked
    ]
    flat = {(limit, key) for pairs in keys for limit, each in pairs for key in each}
    counted = _read_counts(flat, buyer)
    return [tuple(_room(limit, each, counted, buyer) for limit, each in pairs) for pairs in keys]


def _read_counts(
    pairs: Iterable[tuple[LimitValue, str]], buyer: Buyer
) -> dict[tuple[int, str], tuple[int, int]]:
    asked = [
        (limit.limit_id, key, period_key(limit.period, buyer.now, buyer.time_zone))
        for limit, key in pairs
    ]
    if not asked:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_COUNTED, [*map(list, zip(*asked, strict=True)), buyer.now])
        return {(row[0], row[1]): (int(row[3]), int(row[4])) for row in cursor.fetchall()}


def _room(
    limit: LimitValue,
    keys: Sequence[str],
    counted: Mapping[tuple[int, str], tuple[int, int]],
    buyer: Buyer,
) -> Room:
    """Return what the limit leaves: the least that any of `keys` has left."""
    found = [counted.get((limit.limit_id, key), (0, 0)) for key in keys]
    uses = max((each for each, _ in found), default=0)
    minor = max((each for _, each in found), default=0)
    return Room(
        limit,
        left_uses=None if limit.max_uses is None else limit.max_uses - uses,
        left_minor=None if limit.max_minor is None else limit.max_minor - minor,
        again_on=next_period(limit.period, buyer.now, buyer.time_zone),
    )


MOST = 20


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A running campaign and the highest share of its budget of now that it ever reached, with
    what is spent now: what came back may be less."""

    campaign_id: int
    name: str
    name_zh: str
    percent: int
    reached_at: datetime
    spent_minor: int
    budget_minor: int

    @property
    def is_spent(self) -> bool:
        """Nothing is left: its offers apply to nobody any more."""
        return self.spent_minor >= self.budget_minor


def list_budget_alerts(*, now: datetime) -> list[BudgetRow]:
    """Return the MOST campaigns that spent most of their budget, first the fullest. One query.

    A paused campaign goes on counting: somebody may let it run again.
    """
    alerts = BudgetAlert.objects.filter(
        campaign__status__in=[Campaign.Status.LIVE, Campaign.Status.PAUSED],
        campaign__ends_at__gt=now,
        budget_minor=F("campaign__budget_minor"),
    )
    highest = alerts.order_by("campaign_id", "-percent").distinct("campaign_id")
    rows = [
        BudgetRow(*row)
        for row in highest.values_list(
            "campaign_id",
            "campaign__name",
            "campaign__name_zh",
            "percent",
            "at",
            "campaign__spent_minor",
            "budget_minor",
        )
    ]
    rows.sort(key=lambda row: (-row.spent_minor / max(row.budget_minor, 1), row.campaign_id))
    return rows[:MOST]
