"""Learn to recommend from a year of purchases: what goes together, how products sell, the weights.

The weights are a multinomial logit of which products were in a basket, fitted on the last basket of
each shopper in the last weeks, with similarities learned from before them; every basket counts the
same. They start from, and are held to, USUAL: what the same fit gave on weeks 36 to 43 of the
Complete Journey data, so a shop with a short history serves these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from profiles.recommend.core.products import (
    DAY,
    IntArray,
    Purchases,
    SimilarityModel,
    VariantFeatures,
    describe_products,
    fit_similarity,
    learn_lasting,
)
from profiles.recommend.core.score_features import KNOWN, NEW, Recommender, Weights, build_rows

FloatArray = NDArray[np.float64]

MOST_VARIANTS = 4_000  # that suggest each other: an inverse of so many rows
TAUGHT_DAYS = 28
FADE_DAYS = 365.0
EARLIER_BASKETS = 4
MOST_BASKETS, FEWEST_BASKETS = 2_000, 100
RIVALS = 100  # new products a basket's are told from
STRICTNESS = 3.0  # precision of the prior on the weight of a standardised feature
# Nobody looks at products in that data, so `seen` is chosen, not fitted: a good just looked at
# stands beside those that sell a hundred times a week.
USUAL_KNOWN = {
    "bought": 2.748,
    "times": -1.175,
    "once": -0.391,
    "days_30": 0.194,
    "days_90": -0.746,
    "days_365": 2.441,
    "baskets": 0.038,
    "baskets_ago": -0.115,
    "days_ago": -0.032,
    "overdue": 0.065,
    "lateness": -0.140,
    "usual_gap": -0.116,
    "in_last": -0.035,
    "repeats": 0.369,
    "gap": -0.139,
    "share_of_kind": -0.123,
    "kind": 0.451,
    "kind_goods": -0.374,
    "kind_ago": 0.028,
    "own_hour": 0.226,
    "week": 0.319,
    "month": -0.101,
    "together": -0.733,
}
USUAL_NEW = {
    "together": -1.176,
    "together_late": 3.407,
    "seen": 16.000,
    "week": 0.775,
    "share": 0.244,
    "repeats": -0.866,
    "gap": -0.211,
    "hour": 1.269,
    "kind": -0.832,
    "kind_goods": 1.063,
    "kind_ago": -0.231,
}
USUAL = Weights(
    known=np.array([USUAL_KNOWN[name] for name in KNOWN]),
    new=np.array([USUAL_NEW[name] for name in NEW]),
)


@dataclass(frozen=True, slots=True)
class Lessons:
    """Baskets to learn from, one after the other: features of n products, whether each was in the
    basket (n,), and how many products each of b baskets has, (b,)."""

    features: NDArray[np.float32]
    is_bought: NDArray[np.bool_]
    size: IntArray


def fit_recommender(
    bought: Purchases, variant_id: IntArray, category: IntArray, *, now: float
) -> tuple[Recommender, int]:
    """Return what was learned from lines (sorted) before `now`, and from how many baskets weights
    were: 0 means they are the usual ones.

    `variant_id` (m, ascending) are the products to be recommended, `category` (m,) where they
    stand; the MOST_VARIANTS with most shoppers suggest each other.
    """
    cut = now - TAUGHT_DAYS * DAY
    lessons = _take_lessons(bought, variant_id, category, cut=cut, now=now)
    similar = fit_faded(bought, now)
    lasting = learn_lasting(bought, variant_id)
    products = describe_products(bought, variant_id, category, lasting, now)
    if lessons is None:
        return Recommender(products, similar, USUAL), 0
    return Recommender(products, similar, fit_weights(lessons, USUAL)), len(lessons.size)


def fit_faded(bought: Purchases, now: float) -> SimilarityModel:
    """Return what is bought by the same shoppers; a purchase of a year ago counts half."""
    base = int(bought.variant.max(initial=0)) + 1
    pair, line = np.unique(bought.shopper * base + bought.variant, return_inverse=True)
    count = np.bincount(line, 0.5 ** ((now - bought.at) / DAY / FADE_DAYS), minlength=len(pair))
    return fit_similarity(pair // base, pair % base, count, most=MOST_VARIANTS)


def _take_lessons(
    bought: Purchases,
    variant_id: IntArray,
    category: IntArray,
    *,
    cut: float,
    now: float,
) -> Lessons | None:
    """Return the baskets after `cut` as lessons, seen with what was known before each day."""
    starts, stops = choose_baskets(bought, cut, now)
    if len(starts) < FEWEST_BASKETS:
        return None
    before = bought.take(bought.at < cut)
    similar, lasting = fit_faded(before, cut), learn_lasting(before, variant_id)
    first = np.searchsorted(bought.shopper, bought.shopper[starts])
    features, answers = [], []
    day, usual = np.nan, None
    for at in np.argsort(bought.at[starts], kind="stable"):
        past, basket = slice(first[at], starts[at]), slice(starts[at], stops[at])
        moment = float(bought.at[starts[at]])
        if usual is None or moment // DAY != day:
            day = moment // DAY
            products = describe_products(bought, variant_id, category, lasting, day * DAY)
            usual = Recommender(products, similar, USUAL)
        rows, is_bought = list_rivals(usual, bought.take(past), moment, bought.variant[basket])
        if is_bought.any():
            features.append(rows)
            answers.append(is_bought)
    if len(features) < FEWEST_BASKETS:
        return None
    return Lessons(
        np.concatenate(features), np.concatenate(answers), np.array([len(one) for one in answers])
    )


def choose_baskets(bought: Purchases, cut: float, now: float) -> tuple[IntArray, IntArray]:
    """Return where the last basket in [cut, now) of each shopper starts and stops, of shoppers with
    EARLIER_BASKETS before it; at most MOST_BASKETS, spread evenly over the shoppers."""
    is_first = np.ones(len(bought.at), dtype=bool)
    is_first[1:] = (bought.shopper[1:] != bought.shopper[:-1]) | (bought.at[1:] != bought.at[:-1])
    starts = np.flatnonzero(is_first)
    stops = np.append(starts[1:], len(bought.at))
    who, at = bought.shopper[starts], bought.at[starts]
    earlier = np.arange(len(starts)) - np.searchsorted(who, who)
    fits = np.flatnonzero((at >= cut) & (at < now) & (earlier >= EARLIER_BASKETS))
    is_last = np.append(who[fits][1:] != who[fits][:-1], True)[: len(fits)]
    chosen = fits[is_last]
    if len(chosen) > MOST_BASKETS:
        chosen = chosen[np.linspace(0, len(chosen) - 1, MOST_BASKETS).astype(np.int64)]
    return starts[chosen], stops[chosen]


def list_rivals(
    usual: Recommender, past: Purchases, moment: float, basket: IntArray
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Return features of what was known and of the best new products, (k, len(KNOWN) + len(NEW)),
    and which of them were bought, (k,)."""
    products = usual.goods
    rows = build_rows(products, usual.similar, past, moment, {})
    score = rows.score_new(usual.weights.new)
    score[rows.known] = -np.inf
    count = min(RIVALS, len(score))
    new = np.argpartition(-score, count - 1)[:count]
    new = new[np.isfinite(score[new])]
    joint = np.zeros((len(rows.known) + len(new), len(KNOWN) + len(NEW)), dtype=np.float32)
    joint[: len(rows.known), : len(KNOWN)] = rows.known_features
    joint[len(rows.known) :, len(KNOWN) :] = rows.list_new(new)
    return joint, np.isin(np.concatenate([rows.known, new]), products.find(basket))


def fit_weights(lessons: Lessons, usual: Weights, strictness: float = STRICTNESS) -> Weights:
    """Return the weights of the multinomial logit, held to `usual` by a Gaussian prior."""
    x, starts = lessons.features, np.concatenate([[0], np.cumsum(lessons.size)[:-1]])
    scale = np.maximum(x.std(axis=0), 1e-6)
    z = x / scale
    bought = lessons.is_bought.astype(float)
    target = bought / np.repeat(np.add.reduceat(bought, starts), lessons.size)
    centre = np.concatenate([usual.known, usual.new]) * scale

    def loss(b: FloatArray) -> tuple[float, FloatArray]:
        score = (z @ b.astype(np.float32)).astype(float)
        top = np.maximum.reduceat(score, starts)
        weight = np.exp(score - np.repeat(top, lessons.size))
        total = np.add.reduceat(weight, starts)
        chance = weight / np.repeat(total, lessons.size)
        away = b - centre
        value = float((top + np.log(total)).sum() - target @ score + strictness / 2 * away @ away)
        slope = (chance - target).astype(np.float32) @ z
        return value, slope.astype(float) + strictness * away

    found = (
        scipy.optimize.minimize(
            loss, centre, jac=True, method="L-BFGS-B", options={"maxiter": 150}
        ).x
        / scale
    )
    return Weights(known=found[: len(KNOWN)], new=found[len(KNOWN) :])


def recommender_arrays(model: Recommender) -> dict[str, NDArray[Any]]:
    """Return the model as plain arrays for storage."""
    similar = model.similar
    return {
        **{f"goods_{name}": column for name, column in model.goods.arrays().items()},
        "similar_variant_id": similar.variant_id,
        "similar_neighbor": similar.neighbor,
        "similar_weight": similar.weight,
        "known_weights": model.weights.known,
        "new_weights": model.weights.new,
    }


def recommender_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Recommender | None:
    """Return the model of `recommender_arrays`; None for arrays of another form."""
    known, new = arrays.get("known_weights"), arrays.get("new_weights")
    if known is None or new is None or (len(known), len(new)) != (len(KNOWN), len(NEW)):
        return None
    products = {name[6:]: column for name, column in arrays.items() if name.startswith("goods_")}
    return Recommender(
        goods=VariantFeatures.from_arrays(products),
        similar=SimilarityModel(
            variant_id=arrays["similar_variant_id"],
            neighbor=arrays["similar_neighbor"],
            weight=arrays["similar_weight"],
        ),
        weights=Weights(known=known, new=new),
    )
