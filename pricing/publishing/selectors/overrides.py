"""Read what staff have said of public prices: overrides in force and approved proposals."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Exists, OuterRef, Q, QuerySet

from pricing.base.core.values import IntArray
from pricing.learning.core.scene import StaffPrices
from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.models.proposals import PriceOverride, PriceProposal

DECIDED = (PriceProposal.State.APPROVED, PriceProposal.State.EDITED)
# What staff approved must happen soon: later it is withdrawn.
APPROVED_FOR = timedelta(days=3)


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
    decided = PriceProposal.objects.filter(
        **scope, state__in=DECIDED, decided_at__gt=now - APPROVED_FOR
    ).order_by("id")
    for variant, amount, state in decided.values_list("variant_id", "final_minor", "state"):
        at = _find(variant_id, variant)
        if at is not None:
            found.approved_minor[at] = amount
            found.is_edited[at] = state == PriceProposal.State.EDITED
    return found


def list_spoken_for(*, place: tuple[str, str], now: datetime, since: datetime) -> list[int]:
    """Return variants to reprice because staff decided, or an override began or ended after
    `since`. Three queries."""
    spoken = find_decided(place=place, now=now, since=since)
    return sorted(spoken.keys() | list_on_their_way(place=place, now=now))


def find_decided(
    *,
    place: tuple[str, str],
    now: datetime,
    since: datetime,
    variant_ids: Collection[int] | None = None,
) -> dict[int, datetime]:
    """Return when staff decided on variants, or an override of them began or ended, where that is
    in no book that was made at `since`. Two queries."""
    scope = _scope(place, variant_ids)
    decided = PriceProposal.objects.filter(**scope, state__in=DECIDED)
    turned = PriceOverride.objects.filter(
        Q(starts_at__gt=since, starts_at__lte=now)
        | Q(expires_at__gt=since, expires_at__lte=now)
        | Q(ended_at__gt=since, ended_at__lte=now),
        **scope,
    )
    rows = decided.order_by().values_list("variant_id", "decided_at")
    found = {variant: now if at is None else at for variant, at in rows}
    for variant, *moments in turned.order_by("id").values_list(
        "variant_id", "starts_at", "expires_at", "ended_at"
    ):
        found[variant] = max(one for one in moments if one is not None and since < one <= now)
    return found


def list_on_their_way(
    *, place: tuple[str, str], now: datetime, variant_ids: Collection[int] | None = None
) -> set[int]:
    """Return variants with a price set by hand that the step cap still keeps from it: it goes on
    day by day. One query."""
    scope = _scope(place, variant_ids)
    reached = PublicPrice.objects.filter(
        **scope, variant_id=OuterRef("variant_id"), public_minor=OuterRef("amount_minor")
    )
    rows = in_force(now).filter(~Exists(reached), **scope, kind=PriceOverride.Kind.PRICE)
    return set(rows.order_by().values_list("variant_id", flat=True))


def _scope(place: tuple[str, str], variant_ids: Collection[int] | None) -> dict[str, Any]:
    chosen = {} if variant_ids is None else {"variant_id__in": variant_ids}
    return {"market_id": place[0], "channel": place[1], **chosen}


def _find(variant_id: IntArray, wanted: int) -> int | None:
    at = int(np.searchsorted(variant_id, wanted))
    return at if at < len(variant_id) and int(variant_id[at]) == wanted else None
