"""Plausibility checks of the prices in a competitor feed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.arrays import FloatArray

# Further than this factor from our list price is a mistake: another pack, cents for dollars.
ABSURD_FACTOR = 5.0
# A source whose own price moved by more than this since its last fresh word is not believed.
JUMP_FACTOR = 3.0
# A feed whose typical price is this far from ours is in another unit or currency.
FEED_FACTOR = 3.0
LEAST_FOR_FEED = 10
# Iglewicz and Hoaglin 1993: modified z-scores above 3.5 are outliers; here 6, of a log ratio.
OUTLIER_SCORE = 6.0
MAD_TO_SD = 1.4826
LEAST_OUTLIER = 2.5


@dataclass(frozen=True, slots=True)
class Screened:
    """What is wrong with each of n prices: a code, "" where it is believed."""

    problem: NDArray[np.str_]


def screen_prices(price: FloatArray, ours: FloatArray, before: FloatArray) -> Screened:
    """Return which of n prices to believe, beside our list prices and the source's last ones.

    All (n,) in one unit; `before` is NaN where the source said nothing fresh. A price is "scale"
    where it is ABSURD_FACTOR times off ours; "feed_scale" is everything in a feed whose median
    ratio is FEED_FACTOR off; "jump" is JUMP_FACTOR off the source's last word; "outlier" lies
    OUTLIER_SCORE robust deviations and LEAST_OUTLIER times off the feed's median ratio.

    >>> price = np.array([4.1, 4.0e6, 5.0, np.nan])
    >>> screen_prices(price, np.full(4, 4.0), np.array([np.nan, np.nan, 1.0, np.nan])).problem
    array(['', 'scale', 'jump', 'no_price'], dtype='<U10')
    """
    with np.errstate(all="ignore"):
        ratio = np.log(price / ours)
        jump = np.abs(np.log(price / before))
    is_price = np.isfinite(ratio)
    problem = np.full(len(price), "", dtype="<U10")
    problem[~is_price] = "no_price"
    typical = float(np.median(ratio[is_price])) if is_price.any() else 0.0
    if is_price.sum() >= LEAST_FOR_FEED and abs(typical) > np.log(FEED_FACTOR):
        problem[is_price] = "feed_scale"
        return Screened(problem)
    away = np.abs(ratio - typical)
    spread = MAD_TO_SD * float(np.median(away[is_price])) if is_price.any() else 0.0
    limit = max(OUTLIER_SCORE * spread, float(np.log(LEAST_OUTLIER)))
    # The gravest is written last.
    if is_price.sum() >= LEAST_FOR_FEED:
        problem[is_price & (away > limit)] = "outlier"
    problem[is_price & (jump > np.log(JUMP_FACTOR))] = "jump"
    problem[is_price & (np.abs(ratio) > np.log(ABSURD_FACTOR))] = "scale"
    return Screened(problem)
