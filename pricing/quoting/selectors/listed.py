"""Of any variant, sold or not: the prices set last, and what its demand rests on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection

from pricing.base.core.tokens import STREAM
from pricing.demand.selectors.versions import load_active_model
from pricing.learning.selectors.evidence import add_evidence
from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.models.quotes import Quote
from pricing.quoting.selectors.streamed import read_entry
from shop.ground.catalog.selectors import list_categories, load_variant_arrays
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker
from shop.ground.kernel.ids import uuid7_at


def list_set_prices(
    *, variant_ids: Collection[int], market: str, channel: str = "online"
) -> dict[int, tuple[int, int]]:
    """Return (list price, public price) by variant id; who has none is left out. One query.

    The book that shoppers are served from follows within seconds.
    """
    rows = PublicPrice.objects.filter(variant_id__in=variant_ids, market_id=market, channel=channel)
    return {
        variant_id: (listed, public)
        for variant_id, listed, public in rows.values_list(
            "variant_id", "list_minor", "public_minor"
        )
    }


_LOWEST = """
SELECT ledger.variant_id, min(ledger.amount_minor)
FROM pricing_priceledgerentry ledger
WHERE ledger.variant_id = ANY(%(ids)s) AND ledger.market_id = %(market)s
    AND ledger.channel = %(channel)s AND ledger.kind = 'public' AND ledger.valid_from <= %(now)s
    AND ledger.valid_from >= coalesce((
        SELECT max(before.valid_from) FROM pricing_priceledgerentry before
        WHERE before.variant_id = ledger.variant_id AND before.market_id = ledger.market_id
            AND before.channel = ledger.channel AND before.kind = 'public'
            AND before.valid_from <= %(since)s
    ), %(since)s)
GROUP BY 1
"""


def list_lowest(
    *,
    variant_ids: Collection[int],
    since: datetime,
    now: datetime,
    market: str,
    channel: str = "online",
) -> dict[int, int]:
    """Return the lowest public price of each variant that held at any moment since then. One query;
    offers are not in it."""
    asked: dict[str, Any] = {"ids": list(variant_ids), "since": since, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_LOWEST, {**asked, "market": market, "channel": channel})
        return dict(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class DemandBasis:
    """What is known of a variant's demand: `elasticity` is positive, None without a model.

    `source` is "none" (no model was trained), "family" or "all" (a prior, for nothing was sold
    yet), "own" (its own sales). `family_id` is the category whose prior it takes.
    """

    source: str
    family_id: int
    elasticity: float | None = None


def tell_demand_basis(
    *, variant_ids: Sequence[int], category_id: int, market: str, channel: str = "online"
) -> list[DemandBasis]:
    """Return what the prices of a product's variants rest on: own sales, or a prior. Five queries
    at most."""
    node = list_categories("en").nodes.get(category_id)
    family = category_id if node is None or node.parent_id is None else node.parent_id
    active = add_evidence(load_active_model(), (market, channel))
    if active is None:
        return [DemandBasis("none", family)] * len(variant_ids)
    families = np.full(len(variant_ids), family)
    mean, _sd, depth = active[1].elasticities(np.array(variant_ids, dtype=np.int64), families)
    return [
        DemandBasis(("own", "family", "all")[at], family, elasticity)
        for at, elasticity in zip(depth.tolist(), mean.tolist(), strict=True)
    ]


@dataclass(frozen=True, slots=True)
class SeasonBelief:
    """How far demand lies from an ordinary week, by family and week of the year (53), as log: what
    the model of this version believes; no family where it keeps no season."""

    model_version: int
    family_ids: tuple[int, ...]
    effects: tuple[tuple[float, ...], ...]


def read_season() -> SeasonBelief | None:
    """Return what the model in use believes of the season, None without a model. One query.

    Raises UntrustedModel.
    """
    active = load_active_model()
    if active is None:
        return None
    row, served = active
    told = [at for at, effects in enumerate(served.season) if effects.any()]
    return SeasonBelief(
        row.id,
        tuple(served.department_id[told].tolist()),
        tuple(map(tuple, served.season[told].tolist())),
    )


def count_priors(*, market: str) -> tuple[int, int] | None:
    """Return how many variants on sale the model has seen no sale of, and how many are on sale;
    None without a model. Three queries."""
    active = load_active_model()
    if active is None:
        return None
    known = active[1].variant_id
    ids = load_variant_arrays(market).variant_id
    return int((~np.isin(ids, known)).sum()), len(ids)


# A busy shop decides more in a minute than anybody can watch.
MOST_DECISIONS, MOST_ENTRIES = 300, 60
_NAMES = (
    *("issued_at", "shopper_id", "shopper_hash", "variant_id", "currency", "public_minor"),
    *("quoted_minor", "arm", "purpose", "features"),
)


@dataclass(frozen=True, slots=True)
class LiveDecision:
    """A price decided for a shopper: when, of what, how much, and the signals it was made of."""

    quote_id: UUID
    issued_at: datetime
    shopper_id: int | None
    shopper_hash: str
    variant_id: int
    currency: str
    public_minor: int
    quoted_minor: int
    arm: str
    purpose: str
    features: Mapping[str, Any]


def list_live_decisions(*, since: datetime) -> list[LiveDecision]:
    """Return the newest decisions since a moment, newest first, MOST_DECISIONS at most. One query
    and one round trip; without Redis what is stored."""
    rows = Quote.objects.filter(id__gte=uuid7_at(since), issued_at__gte=since, is_complete=True)
    rows = rows.filter(shopper_id__isnull=False).order_by("-id")
    found = {row[0]: LiveDecision(*row) for row in rows.values_list("id", *_NAMES)[:MOST_DECISIONS]}
    for one in _list_streamed(since):
        found.setdefault(one.quote_id, one)
    newest = sorted(found.values(), key=lambda one: (one.issued_at, one.quote_id), reverse=True)
    return newest[:MOST_DECISIONS]


def _list_streamed(since: datetime) -> list[LiveDecision]:
    page: Any = []
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        page = client.xrevrange(STREAM, count=MOST_ENTRIES)
    found = []
    for _key, fields in page:
        with suppress(KeyError, ValueError, TypeError, ObjectDoesNotExist):
            found += [
                LiveDecision(row["id"], *(row[name] for name in _NAMES))
                for row in read_entry(fields)
                if row["issued_at"] >= since and row["shopper_id"] is not None
            ]
    return found
