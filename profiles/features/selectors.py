"""What features are computed from: the catalogue, and columns of events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from profiles.features.core.derive import rank_prices
from profiles.features.core.registry import KIND_CODES, KINDS, EventColumns, SensitiveProducts
from shop.ground.catalog.core.values import SensitiveIds, VariantArrays
from shop.ground.catalog.selectors import load_sensitive_ids, load_variant_arrays
from shop.ground.database.packed import Packed, fetch_packed


@dataclass(frozen=True, slots=True)
class VariantFacts:
    """Category, brand and price rank of a variant now."""

    category_id: int
    brand_id: int
    price_rank: float


@dataclass(frozen=True, slots=True)
class _Lookup:
    arrays: VariantArrays
    facts: Mapping[int, VariantFacts]
    ranks: NDArray[np.float64]


_cache: dict[str, _Lookup] = {}
_sensitive: list[tuple[SensitiveIds, SensitiveProducts]] = []


def lookup_variants() -> Mapping[int, VariantFacts]:
    """Return facts of all active variants by id. No query while the catalogue is unchanged."""
    return _lookup().facts


def load_price_ranks() -> tuple[VariantArrays, NDArray[np.float64]]:
    """Return all active variants and the price rank of each, as parallel arrays."""
    lookup = _lookup()
    return lookup.arrays, lookup.ranks


def sensitive_products() -> SensitiveProducts:
    """Return the products no feature may see. No query while the catalogue is unchanged."""
    ids = load_sensitive_ids()
    if not _sensitive or _sensitive[0][0] is not ids:
        _sensitive[:] = [(ids, SensitiveProducts(ids.category_id, ids.variant_id))]
    return _sensitive[0][1]


def _lookup() -> _Lookup:
    arrays = load_variant_arrays()
    known = _cache.get("lookup")
    # The catalogue hands out one object per version, so identity tells whether it changed.
    if known is None or known.arrays is not arrays:
        known = _cache["lookup"] = _build(arrays)
    return known


def _build(arrays: VariantArrays) -> _Lookup:
    ranks = rank_prices(arrays.category_id, arrays.list_minor)
    rows = zip(
        arrays.variant_id.tolist(),
        arrays.category_id.tolist(),
        arrays.brand_id.tolist(),
        ranks.tolist(),
        strict=True,
    )
    facts = {
        variant: VariantFacts(category_id=category, brand_id=brand, price_rank=rank)
        for variant, category, brand, rank in rows
    }
    return _Lookup(arrays=arrays, facts=facts, ranks=ranks)


FOREVER = datetime.max.replace(tzinfo=UTC)

# PostgreSQL sends a timestamp as microseconds since 2000-01-01 UTC.
_POSTGRES_EPOCH = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
# Purchases first: they are most of the table.
_KIND_CASE = "CASE kind {} END".format(
    " ".join(
        f"WHEN '{kind}' THEN {KIND_CODES[kind]}"
        for kind in sorted(KINDS, key=lambda kind: kind != "purchase")
    )
)
_COLUMNS = (
    Packed("shopper", ">i8", "int8send(shopper_id)"),
    Packed("id", "V16", "uuid_send(id)"),
    Packed("at", ">i8", "timestamptz_send(occurred_at)"),
    Packed("kind", ">i2", f"int2send(({_KIND_CASE})::int2)"),
    Packed("variant", ">i8", "int8send(coalesce(variant_id, -1))"),
    Packed("category", ">i8", "int8send(coalesce(category_id, -1))"),
    Packed("brand", ">i8", "int8send(coalesce(brand_id, -1))"),
    Packed("quantity", ">i4", "int4send(quantity)"),
    Packed("paid", ">i8", "int8send(coalesce(paid_minor, 0))"),
    Packed("list", ">i8", "int8send(coalesce(list_minor, 0))"),
    Packed("is_discounted", "u1", "boolsend(is_discounted)"),
    Packed("price_rank", ">f8", "float8send(coalesce(price_rank, 'NaN'))"),
    # Only events with a messenger of their own can be late; an import has none.
    Packed(
        "is_recent",
        "u1",
        "boolsend(received_at > %(recent)s AND source IN ('device', 'shop', 'simulated'))",
    ),
)
_SOURCE = "FROM profiles_event WHERE shopper_id = ANY(%(shoppers)s) AND occurred_at <= %(as_of)s"


@dataclass(frozen=True, slots=True)
class ShopperEvents:
    """Events of some shoppers as parallel arrays (n,): whose, which, and the columns.

    `event_id` holds the 16 bytes of the UUID; `is_recent` marks those received lately.
    """

    shopper_id: NDArray[np.int64]
    event_id: NDArray[np.void]
    is_recent: NDArray[np.bool_]
    columns: EventColumns


def load_shopper_events(
    shopper_ids: Sequence[int], *, as_of: datetime = FOREVER, recent_since: datetime = FOREVER
) -> ShopperEvents:
    """Return the events of `shopper_ids` at or before `as_of`. One query, one snapshot.

    Events received after `recent_since` are marked recent.
    """
    parameters = {
        "shoppers": list(shopper_ids),
        "as_of": as_of,
        "recent": recent_since,
    }
    rows = fetch_packed(_COLUMNS, _SOURCE, parameters)
    return ShopperEvents(
        shopper_id=rows["shopper"].astype(np.int64),
        event_id=rows["id"],
        is_recent=rows["is_recent"].astype(np.bool_),
        columns=EventColumns(
            kind=rows["kind"].astype(np.int16),
            at=rows["at"].astype(np.float64) / 1e6 + _POSTGRES_EPOCH,
            variant_id=rows["variant"].astype(np.int64),
            category_id=rows["category"].astype(np.int64),
            brand_id=rows["brand"].astype(np.int64),
            quantity=rows["quantity"].astype(np.int64),
            paid_minor=rows["paid"].astype(np.int64),
            list_minor=rows["list"].astype(np.int64),
            is_discounted=rows["is_discounted"].astype(np.bool_),
            price_rank=rows["price_rank"].astype(np.float64),
        ),
    )
