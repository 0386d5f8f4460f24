"""The fitted recommender as served, and what it recommends."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from profiles.features.core.derive import rank_prices
from profiles.fitted import Fitted
from profiles.recommend.core.fitting import fit_recommender, recommender_from_arrays
from profiles.recommend.core.products import (
    DAY,
    FloatArray,
    IntArray,
    Purchases,
    SimilarityModel,
    find_places,
)
from profiles.recommend.core.score_features import Recommender, fill_up, weigh_appeal
from profiles.recommend.models import SimilarityVersion
from profiles.values import FeatureRow, Recommendation
from shop.ground.catalog.core.values import VariantArrays
from shop.ground.catalog.selectors import list_sold_out, load_variant_arrays
from shop.ground.database.packed import Packed, fetch_packed

YEAR = timedelta(days=365)
_LINES = """
FROM profiles_event
WHERE kind = 'purchase' AND occurred_at > %(start)s AND occurred_at <= %(end)s
    AND variant_id IS NOT NULL AND (%(shopper)s::int8 IS NULL OR shopper_id = %(shopper)s)
"""
_LINE_COLUMNS = (
    Packed("shopper", ">i8", "int8send(shopper_id)"),
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed(
        "at", ">f8", "float8send(extract(epoch FROM occurred_at AT TIME ZONE %(zone)s)::float8)"
    ),
)

_recommender = Fitted(SimilarityVersion, recommender_from_arrays)


def get_recommender() -> Recommender | None:
    """Return what recommends, None before the first fit (of this form). One query every 5 s."""
    return _recommender.get()


def get_similarity_model() -> SimilarityModel | None:
    """Return what is bought by the same shoppers, None before the first fit. No query of its own
    beyond that of `get_recommender`."""
    recommender = get_recommender()
    return None if recommender is None else recommender.similar


def forget_recommender() -> None:
    """Drop what is in memory: the next read sees what was just activated."""
    _recommender.forget()


def load_purchases(as_of: datetime, *, shopper_id: int | None = None) -> Purchases:
    """Return the lines that everybody, or one shopper, bought in the year before `as_of`, sorted,
    in local time. One query."""
    parameters = {
        "start": as_of - YEAR,
        "end": as_of,
        "shopper": shopper_id,
        "zone": settings.BUSINESS_TIME_ZONE,
    }
    rows = fetch_packed(_LINE_COLUMNS, _LINES, parameters)
    return Purchases(
        rows["shopper"].astype(np.int64),
        rows["variant"].astype(np.int64),
        rows["at"].astype(np.float64),
    ).sort()


def local_seconds(moment: datetime) -> float:
    """Return a moment as `Purchases.at` has it: what the clocks of the business show, in seconds.

    >>> from datetime import UTC
    >>> local_seconds(datetime(1970, 1, 2, 12, tzinfo=UTC)) % 3_600
    0.0
    """
    local = moment.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE))
    return local.replace(tzinfo=UTC).timestamp()


# Interest is counted in acts: a purchase counts for three, and fades by half in 90 days.
PER_PURCHASE, HALF_LIFE_DAYS, LEAST_SEEN = 3.0, 90.0, 0.05
# Popular products beyond those asked for, in case that some are sold out or left out.
SPARE = 500


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What a market may show: `popular` ids in order; what belongs to its products (m,)."""

    arrays: VariantArrays
    learned: Recommender | None
    model: Recommender
    popular: IntArray
    allowed: NDArray[np.bool_]
    row: IntArray
    price_rank: FloatArray


_shelves: dict[str, _Shelf] = {}


def recommend_variants(
    row: FeatureRow | None,
    limit: int,
    exclude: frozenset[int] = frozenset(),
    *,
    shopper_id: int | None = None,
    novelty: float = 1.0,
    market: str = "",
) -> list[Recommendation]:
    """Return up to `limit` variants of a market (home by default) worth showing, best first;
    without a row the popular ones.

    Pass no row where the shopper did not agree to recommendations: the list is then the same for
    everybody. `novelty` multiplies how likely products count that the shopper never bought: 0 shows
    familiar ones alone. Restricted, sensitive and sold-out products are never recommended; who
    wants more than there are gets popular ones. One query for a shopper's purchases, none without.
    """
    shelf = _get_shelf(market)
    gone = np.concatenate([list_sold_out(), np.fromiter(exclude, np.int64, len(exclude))])
    popular = shelf.popular[: limit + len(gone) + SPARE]
    shown = popular[~np.isin(popular, gone)].tolist()
    if row is None:
        return fill_up([], shown, limit)
    bought = _read_purchases(row, shopper_id)
    now = local_seconds(row.as_of)
    scores = shelf.model.score(bought, now, _find_seen(row.variant_affinity, bought, now))
    allowed = shelf.allowed.copy()
    place = shelf.model.goods.find(gone)
    allowed[place[place >= 0]] = False
    appeal = _find_appeal(shelf, row.values.get("price_level", 0.5))
    ranked = scores.rank(limit, allowed=allowed, appeal=appeal, novelty=novelty)
    return fill_up(ranked, shown, limit)


def list_bought_together(
    variant_ids: Collection[int], limit: int, *, market: str = ""
) -> list[int]:
    """Return up to `limit` variants that the same shoppers buy, the strongest tie first; [] before
    the first fit.

    The same for everybody. Restricted, sensitive and sold-out products are left out, and these
    variants themselves. No query of its own.
    """
    shelf = _get_shelf(market)
    ids = shelf.model.goods.variant_id
    wanted = np.array(sorted(variant_ids), dtype=np.int64)
    scores = shelf.model.similar.suggest_among(ids, wanted, np.ones(len(wanted)))
    place = shelf.model.goods.find(np.concatenate([list_sold_out(), wanted]))
    scores[~shelf.allowed] = 0.0
    scores[place[place >= 0]] = 0.0
    best = np.lexsort((ids, -scores))[:limit]
    found: list[int] = ids[best[scores[best] > 0.0]].tolist()
    return found


def _read_purchases(row: FeatureRow, shopper_id: int | None) -> Purchases:
    if shopper_id is None:
        return Purchases.none()
    return load_purchases(row.as_of, shopper_id=shopper_id)


def _find_seen(affinity: Mapping[int, float], bought: Purchases, now: float) -> dict[int, float]:
    """Return the interest beyond purchases, counted in purchases."""
    faded = 0.5 ** ((now - bought.at) / DAY / HALF_LIFE_DAYS)
    ids, line = np.unique(bought.variant, return_inverse=True)
    own = dict(zip(ids.tolist(), np.bincount(line, faded, len(ids)).tolist(), strict=True))
    beyond = {pk: value / PER_PURCHASE - own.get(pk, 0.0) for pk, value in affinity.items()}
    return {pk: value for pk, value in beyond.items() if value > LEAST_SEEN}


def _find_appeal(shelf: _Shelf, level: float) -> FloatArray:
    arrays, row = shelf.arrays, shelf.row
    return weigh_appeal(
        arrays.list_minor[row], arrays.cost_minor[row], shelf.price_rank[row], level
    )


def _get_shelf(market: str) -> _Shelf:
    arrays, learned = load_variant_arrays(market), get_recommender()
    known = _shelves.get(market)
    if known is None or known.arrays is not arrays or known.learned is not learned:
        known = _shelves[market] = _lay_shelf(arrays, learned)
    return known


def _lay_shelf(arrays: VariantArrays, learned: Recommender | None) -> _Shelf:
    order = np.lexsort((arrays.variant_id, -arrays.popularity))
    model = learned or _begin(arrays)
    place = find_places(arrays.variant_id, model.goods.variant_id)
    row = np.maximum(place, 0)
    allowed = place >= 0
    allowed[allowed] = ~arrays.never_picked[place[allowed]]
    return _Shelf(
        arrays=arrays,
        learned=learned,
        model=model,
        popular=arrays.variant_id[order][~arrays.never_picked[order]],
        allowed=allowed,
        row=row,
        price_rank=rank_prices(arrays.category_id, arrays.list_minor),
    )


def _begin(arrays: VariantArrays) -> Recommender:
    """Return what recommends before the first night: it knows products, but no sales."""
    kinds = np.unique(arrays.category_id, return_inverse=True)[1]
    return fit_recommender(Purchases.none(), arrays.variant_id, kinds, now=0.0)[0]
