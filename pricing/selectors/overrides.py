"""Read what staff have said of public prices: overrides in force and approved proposals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import Exists, OuterRef, Q, QuerySet

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.publish import NO_LIMIT
from pricing.models import PriceOverride, PriceProposal, PublicPrice

DECIDED = (PriceProposal.State.APPROVED, PriceProposal.State.EDITED)


@dataclass(frozen=True, slots=True)
class StaffPrices:
    """What staff have said of m variants, arrays (m,) in minor units.

    `fixed_minor` and `approved_minor` are 0 where nothing was said; `least_minor` is a minimum
    price (0: none), `most_minor` a maximum (NO_LIMIT: none). `is_edited` marks approved prices that
    staff chose themselves. `lowest_minor` is how far down what must be gone may go (0: nothing
    must), `gone_by` until when, in seconds since 1970.
    """

    fixed_minor: IntArray
    least_minor: IntArray
    most_minor: IntArray
    approved_minor: IntArray
    is_edited: BoolArray
    lowest_minor: IntArray
    gone_by: FloatArray

    @property
    def has_word(self) -> BoolArray:
        """Where staff have named a price or want the stock gone, (m,)."""
        spoken: BoolArray = (self.fixed_minor > 0) | (self.approved_minor > 0)
        return spoken | (self.lowest_minor > 0)

    @staticmethod
    def nothing(count: int) -> StaffPrices:
        """Return silence about `count` variants."""
        fixed, least, approved, lowest = (np.zeros(count, dtype=np.int64) for _ in range(4))
        return StaffPrices(
            fixed_minor=fixed,
            least_minor=least,
            most_minor=np.full(count, NO_LIMIT),
            approved_minor=approved,
            is_edited=np.zeros(count, dtype=np.bool_),
            lowest_minor=lowest,
            gone_by=np.zeros(count),
        )


def in_force(now: datetime) -> QuerySet[PriceOverride]:
    """Return overrides in force at `now`: begun, not expired, not ended. No job ends them."""
    return PriceOverride.objects.filter(
        Q(ended_at__isnull=True) | Q(ended_at__gt=now), starts_at__lte=now, expires_at__gt=now
    )


def load_staff_prices(
    *, variant_id: IntArray, place: tuple[str, str], now: datetime
) -> StaffPrices:
    """Return what staff have said of variants (m,), ascending by id. Two queries."""
    found = StaffPrices.nothing(len(variant_id))
    columns = {
        PriceOverride.Kind.PRICE: found.fixed_minor,
        PriceOverride.Kind.FLOOR: found.least_minor,
        PriceOverride.Kind.CEILING: found.most_minor,
        PriceOverride.Kind.CLEAR: found.lowest_minor,
    }
    scope = {"market_id": place[0], "channel": place[1]}
    # By id, so that the newest of a kind is written last and wins.
    overrides = in_force(now).filter(**scope).order_by("id")
    fields = ("variant_id", "kind", "amount_minor", "expires_at")
    for variant, kind, amount, ends in overrides.values_list(*fields):
        at = _find(variant_id, variant)
        if at is not None:
            columns[PriceOverride.Kind(kind)][at] = amount
            if kind == PriceOverride.Kind.CLEAR:
                found.gone_by[at] = ends.timestamp()
    decided = PriceProposal.objects.filter(**scope, state__in=DECIDED).order_by("id")
    for variant, amount, state in decided.values_list("variant_id", "final_minor", "state"):
        at = _find(variant_id, variant)
        if at is not None:
            found.approved_minor[at] = amount
            found.is_edited[at] = state == PriceProposal.State.EDITED
    return found


def list_spoken_for(*, place: tuple[str, str], now: datetime, since: datetime) -> list[int]:
    """Return variants to reprice because staff decided, or an override began or ended after
    `since`. Three queries."""
    scope = {"market_id": place[0], "channel": place[1]}
    decided = PriceProposal.objects.filter(**scope, state__in=DECIDED)
    turned = PriceOverride.objects.filter(
        Q(starts_at__gt=since, starts_at__lte=now)
        | Q(expires_at__gt=since, expires_at__lte=now)
        | Q(ended_at__gt=since, ended_at__lte=now),
        **scope,
    )
    ids = {
        one
        for rows in (decided, turned)
        for one in rows.order_by().values_list("variant_id", flat=True)
    }
    # An override that the step cap still keeps from its price goes on day by day.
    reached = PublicPrice.objects.filter(
        **scope, variant_id=OuterRef("variant_id"), public_minor=OuterRef("amount_minor")
    )
    on_its_way = in_force(now).filter(~Exists(reached), **scope, kind=PriceOverride.Kind.PRICE)
    return sorted(ids | set(on_its_way.order_by().values_list("variant_id", flat=True)))


def _find(variant_id: IntArray, wanted: int) -> int | None:
    at = int(np.searchsorted(variant_id, wanted))
    return at if at < len(variant_id) and int(variant_id[at]) == wanted else None
