"""Counters of use limits: taken and given back by statements whose row count decides.

Locks counter rows in (limit, key, period) order, after coupons and campaigns and before the
redemptions; see docs/adr/0041.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection, transaction
from django.db.models import F, Q

from promotions.coupons.models import BudgetAlert, LimitCounter, LimitUse, Redemption, UseLimit
from promotions.coupons.selectors.limits import limit_value
from promotions.engine.api import (
    AppliedOffer,
    Buyer,
    LimitValue,
    Room,
    Use,
    entity_keys,
    next_period,
    period_key,
)
from promotions.metrics import budget_alerts_total, redemptions_refused_total
from shop.ground.kernel.errors import FairtagError
from shop.ground.outbox.services import write_fact


class UseRefused(FairtagError):
    """A limit or budget was reached by somebody else a moment ago.

    Codes: code_used_up, code_used_by_you, code_disabled, budget_spent, and those of use limits
    (limit_reached, sold_out, used_by_you, ...); `detail["coupon"]` is the code where there is
    one. The caller shows the cart again without the offer.
    """

    code = "coupon_exhausted"


def refuse_use(
    reason: str, coupon: str = "", words: Mapping[str, int | str] | None = None
) -> UseRefused:
    """Return the refusal, counted, for the caller to raise; `words` are what its sentence names."""
    redemptions_refused_total.labels(reason=reason).inc()
    detail = dict(words or {})
    if coupon:
        detail["coupon"] = coupon
    return UseRefused("Somebody else was faster: this offer is gone.", code=reason, **detail)


# The row of the limit is read in the same statement, so a limit that staff lower meanwhile holds
# from the next take on. No row returned: it does not fit.
_TAKE = """
INSERT INTO promotions_limitcounter AS known (limit_id, key, period, uses, spent_minor)
SELECT id, %(key)s, %(period)s, %(uses)s, %(minor)s FROM promotions_uselimit
WHERE id = %(limit)s AND (max_uses IS NULL OR %(uses)s <= max_uses)
  AND (max_minor IS NULL OR %(minor)s <= max_minor)
ON CONFLICT (limit_id, key, period) DO UPDATE
SET uses = known.uses + excluded.uses, spent_minor = known.spent_minor + excluded.spent_minor
WHERE (SELECT (l.max_uses IS NULL OR known.uses + excluded.uses <= l.max_uses)
          AND (l.max_minor IS NULL OR known.spent_minor + excluded.spent_minor <= l.max_minor)
       FROM promotions_uselimit AS l WHERE l.id = known.limit_id)
RETURNING id
"""
_RETAKE = """
UPDATE promotions_limitcounter AS known
SET uses = known.uses + %(uses)s, spent_minor = known.spent_minor + %(minor)s
WHERE known.id = %(counter)s
  AND (SELECT (l.max_uses IS NULL OR known.uses + %(uses)s <= l.max_uses)
          AND (l.max_minor IS NULL OR known.spent_minor + %(minor)s <= l.max_minor)
       FROM promotions_uselimit AS l WHERE l.id = known.limit_id)
"""


@dataclass(frozen=True, slots=True)
class Demand:
    """What one order takes of one counter: (position of the offer, uses, money) in `parts`."""

    limit: LimitValue
    key: str
    period: str
    parts: tuple[tuple[int, int, int], ...]

    @property
    def uses(self) -> int:
        """Return the uses of all parts."""
        return sum(uses for _, uses, _ in self.parts)

    @property
    def spent_minor(self) -> int:
        """Return the money of all parts."""
        return sum(minor for _, _, minor in self.parts)


def list_demands(offers: Sequence[AppliedOffer], buyer: Buyer) -> list[Demand]:
    """Return what `offers` take of which counters, in the order of locks. One query."""
    parts: dict[tuple[int, str, str], list[tuple[int, int, int]]] = defaultdict(list)
    limits: dict[int, LimitValue] = {}
    for row in _limits_on(offers):
        limit = limits[row.pk] = limit_value(row)
        period = period_key(limit.period, buyer.now, buyer.time_zone)
        for position, offer in enumerate(offers):
            if not _counts(row, offer):
                continue
            uses = limit.uses_of(Use(offer.units, offer.amount_minor))
            for key in entity_keys(limit.entity, buyer, offer.coupon_id):
                parts[row.pk, key, period].append((position, uses, offer.amount_minor))
    return [
        Demand(limits[limit_id], key, period, tuple(found))
        for (limit_id, key, period), found in sorted(parts.items())
    ]


def take_limits(demands: Sequence[Demand], buyer: Buyer) -> list[int]:
    """Count `demands`, in order, and return the ids of their counters. Raises UseRefused.

    Locks the counter rows until the caller's transaction ends.
    """
    taken = []
    for demand in demands:
        counter_id = take_limit(demand)
        if counter_id is None:
            raise _refuse(demand, buyer)
        taken.append(counter_id)
    return taken


def note_uses(
    demands: Sequence[Demand], counter_ids: Sequence[int], redemptions: Sequence[Redemption]
) -> None:
    """Write down by how much each redemption moved each counter. One query, none without."""
    LimitUse.objects.bulk_create(
        LimitUse(
            redemption=redemptions[position], counter_id=counter_id, uses=uses, spent_minor=minor
        )
        for demand, counter_id in zip(demands, counter_ids, strict=True)
        for position, uses, minor in demand.parts
    )


def lock_counters(redemption_ids: Collection[int], demands: Sequence[Demand] = ()) -> None:
    """Lock the counters the redemptions moved and those of `demands`, in the order of locks.

    Two queries, or one.
    """
    rows = LimitUse.objects.filter(redemption_id__in=redemption_ids)
    wanted = Q(pk__in=set(rows.values_list("counter_id", flat=True)))
    for demand in demands:
        wanted |= Q(limit_id=demand.limit.limit_id, key=demand.key, period=demand.period)
    if wanted != Q(pk__in=set()):
        ordered = LimitCounter.objects.filter(wanted).order_by("limit_id", "key", "period")
        list(ordered.select_for_update(no_key=True).values_list("pk"))


def give_back_limits(redemption_ids: Collection[int]) -> None:
    """Move the counters, which the caller has locked, back by what the redemptions moved them."""
    for counter_id, (uses, minor) in _moved_by(redemption_ids).items():
        LimitCounter.objects.filter(pk=counter_id).update(
            uses=F("uses") - uses, spent_minor=F("spent_minor") - minor
        )


def retake_limits(redemption_ids: Collection[int]) -> None:
    """Move the counters again by what was given back. Raises UseRefused if it fits no more."""
    with connection.cursor() as cursor:
        for counter_id, (uses, minor) in _moved_by(redemption_ids).items():
            cursor.execute(_RETAKE, {"counter": counter_id, "uses": uses, "minor": minor})
            if not cursor.rowcount:
                raise refuse_use("limit_reached")


def _limits_on(offers: Sequence[AppliedOffer]) -> list[UseLimit]:
    on_offer = Q(offer__in={offer.offer_id for offer in offers})
    on_campaign = Q(campaign__in={offer.campaign_id for offer in offers})
    return list(UseLimit.objects.filter(on_offer | on_campaign, is_active=True))


def _counts(limit: UseLimit, offer: AppliedOffer) -> bool:
    if limit.offer_id is not None:
        return limit.offer_id == offer.offer_id
    return limit.campaign_id == offer.campaign_id


def take_limit(demand: Demand) -> int | None:
    """Count a demand and return the id of its counter, None if it does not fit. One query."""
    wanted: dict[str, int | str] = {
        "limit": demand.limit.limit_id,
        "key": demand.key,
        "period": demand.period,
        "uses": demand.uses,
        "minor": demand.spent_minor,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, wanted)
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _refuse(demand: Demand, buyer: Buyer) -> UseRefused:
    limit = demand.limit
    full = Room(
        limit,
        left_uses=None if limit.max_uses is None else 0,
        left_minor=None if limit.max_minor is None else 0,
        again_on=next_period(limit.period, buyer.now, buyer.time_zone),
    )
    failure = full.refusal()
    if failure is None:
        return refuse_use("limit_reached")
    return refuse_use(failure.reason_code, words=failure.detail)


def _moved_by(redemption_ids: Collection[int]) -> dict[int, tuple[int, int]]:
    """Return, by counter in the order of ids, by how much it was moved. One query."""
    moved: dict[int, tuple[int, int]] = {}
    rows = LimitUse.objects.filter(redemption_id__in=redemption_ids).order_by("counter_id")
    for counter_id, uses, minor in rows.values_list("counter_id", "uses", "spent_minor"):
        before = moved.get(counter_id, (0, 0))
        moved[counter_id] = before[0] + uses, before[1] + minor
    return moved


log = logging.getLogger("fairtag.promotions")
MOST_AT_ONCE = 500


@transaction.atomic
def announce_budget_alerts(*, now: datetime) -> int:
    """Announce alerts that a trigger raised and nobody announced; return how many.

    Each becomes the fact BudgetShareReached, a line of the log and a count of the metric. Safe to
    run twice at once: rows are taken with SKIP LOCKED and marked in the same transaction.
    """
    rows = BudgetAlert.objects.filter(announced_at__isnull=True).select_related("campaign")
    due = list(rows.select_for_update(skip_locked=True, of=["self"]).order_by("at")[:MOST_AT_ONCE])
    for alert in due:
        payload = {
            "campaign_id": alert.campaign_id,
            "percent": alert.percent,
            "budget_minor": alert.budget_minor,
            "spent_minor": alert.spent_minor,
        }
        write_fact(kind="BudgetShareReached", payload=payload, occurred_at=alert.at)
        log.warning("Campaign %s has spent %s %% of its budget", alert.campaign.code, alert.percent)
        budget_alerts_total.labels(percent=str(alert.percent)).inc()
    BudgetAlert.objects.filter(pk__in=[alert.pk for alert in due]).update(announced_at=now)
    return len(due)
