"""Readable tags: plain rules on features, with thresholds taken from the shoppers themselves."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.core.features import UNKNOWN_DAYS, VALUE_NAMES
from profiles.core.values import FeatureRow

FloatArray = NDArray[np.float64]

ENOUGH_ORDERS = 1.0  # decayed: about three orders in the last half year
FRESH_WORDS = frozenset({"produce", "meat", "seafood", "deli", "pastry", "bakery", "salad"})
NEW_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class TagRule:
    """A tag that holds beyond a quantile of one feature, among who ordered enough.

    `quantile` above one half means "at least", below "at most". `least` is a bound that holds
    whatever the quantile: "buys on offer" must never describe who buys 3 % on offer.
    """

    code: str
    name: str
    name_zh: str
    feature: str
    quantile: float
    least: float = 0.0

    @property
    def threshold_name(self) -> str:
        """The name its threshold is stored under."""
        return f"{self.code}:{self.feature}"


RULES = (
    TagRule("on_offer", "buys on offer", "爱买特价", "discount_share", 0.75, least=0.25),
    TagRule("fresh_food", "fresh-food regular", "常买生鲜", "fresh_share", 0.75, least=0.15),
    TagRule("weekend", "weekend shopper", "周末购物", "weekend_share", 0.75, least=0.4),
    TagRule("regular", "weekly regular", "每周常客", "orders", 0.75),
    TagRule("full_basket", "full baskets", "大购物篮", "basket_lines", 0.8),
    TagRule("quick_trip", "quick trips", "快速购物", "basket_lines", 0.2),
    TagRule("brand_loyal", "loyal to few brands", "品牌专一", "brand_focus", 0.8),
    TagRule("explorer", "all over the store", "品类广泛", "category_breadth", 0.8),
    TagRule("finer", "finer choices", "偏好优选", "price_level", 0.85),
    TagRule("thrifty", "thrifty choices", "偏好实惠", "price_level", 0.15),
)
_MOMENTARY = (
    ("new_here", "new here", "新顾客"),
    ("long_away", "has been away", "许久未来"),
)
TAG_NAMES: dict[str, tuple[str, str]] = {rule.code: (rule.name, rule.name_zh) for rule in RULES} | {
    code: (name, name_zh) for code, name, name_zh in _MOMENTARY
}
TAG_FEATURES = tuple(sorted({rule.feature for rule in RULES} - {"fresh_share"}))


def share_of(affinity: Mapping[int, float], chosen: Collection[int]) -> float:
    """Return the share of interest that lies in `chosen` ids; 0 without any interest.

    >>> share_of({1: 3.0, 2: 1.0}, {1})
    0.75
    """
    total = sum(affinity.values())
    part = sum(value for key, value in affinity.items() if key in chosen)
    return part / total if total else 0.0


def fit_thresholds(values: FloatArray, fresh_share: FloatArray) -> dict[str, float]:
    """Return the threshold of each rule from features (n, len(VALUE_NAMES)) and (n,) shares.

    Quantiles are over shoppers who ordered enough; with none of them no rule holds.
    """
    is_known = values[:, VALUE_NAMES.index("orders")] >= ENOUGH_ORDERS
    thresholds = {}
    for rule in RULES:
        if rule.feature == "fresh_share":
            column = fresh_share[is_known]
        else:
            column = values[is_known, VALUE_NAMES.index(rule.feature)]
        if len(column):
            cut = float(np.quantile(column, rule.quantile))
            thresholds[rule.threshold_name] = max(cut, rule.least)
    return thresholds


def tag_shopper(
    row: FeatureRow, thresholds: Mapping[str, float], fresh_categories: Collection[int]
) -> tuple[str, ...]:
    """Return the codes of the tags that hold for a shopper, in the order of the rules."""
    values = row.values
    tags = []
    if values["orders"] >= ENOUGH_ORDERS:
        fresh = share_of(row.category_affinity, fresh_categories)
        for rule in RULES:
            value = fresh if rule.feature == "fresh_share" else values[rule.feature]
            if _holds(rule, value, thresholds.get(rule.threshold_name)):
                tags.append(rule.code)
    if values["tenure_days"] <= NEW_DAYS:
        tags.append("new_here")
    days, interval = values["days_since_order"], values["order_interval_days"]
    if interval > 0 and NEW_DAYS < days < UNKNOWN_DAYS and days > 3 * interval:
        tags.append("long_away")
    return tuple(tags)


def _holds(rule: TagRule, value: float, threshold: float | None) -> bool:
    if threshold is None:
        return False
    return value >= threshold if rule.quantile > 0.5 else value <= threshold
