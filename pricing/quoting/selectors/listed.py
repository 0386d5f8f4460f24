"""Of any variant, sold or not: the prices set last, and what its demand rests on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
from django.db import connection

from pricing.demand.selectors.versions import load_active_model
from pricing.learning.selectors.evidence import add_evidence
from pricing.ledger.models.ledger import PublicPrice
from shop.ground.catalog.selectors import list_categories, load_variant_arrays


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
