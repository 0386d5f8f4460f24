"""Readable tags: rules with thresholds taken from the shoppers themselves, and what is likely."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.features.core import VALUE_NAMES
from profiles.segments.core.prediction_questions import QUESTIONS
from profiles.segments.core.predictions import PredictionModel, tag_chances
from profiles.values import FeatureRow
from shop.ground.kernel.translation import gettext_noop

FloatArray = NDArray[np.float64]

ENOUGH_ORDERS = 1.0  # decayed: about three orders in the last half year
FRESH_WORDS = frozenset({"produce", "meat", "seafood", "deli", "pastry", "bakery", "salad"})
NEW_DAYS = 30.0
LAST_DIGITS = 1e-9


@dataclass(frozen=True, slots=True)
class TagRule:
    """A tag that holds beyond a quantile of one feature, among who ordered enough.

    `quantile` above one half means "at least", below "at most". `least` is a bound that holds
    whatever the quantile: "fresh-food regular" must never describe who buys 3 % fresh.
    """

    code: str
    name: str
    feature: str
    quantile: float
    least: float = 0.0

    @property
    def threshold_name(self) -> str:
        """The name its threshold is stored under."""
        return f"{self.code}:{self.feature}"


RULES = (
    TagRule("fresh_food", gettext_noop("fresh-food regular"), "fresh_share", 0.75, least=0.15),
    TagRule("weekend", gettext_noop("weekend shopper"), "weekend_share", 0.75, least=0.4),
    TagRule("regular", gettext_noop("weekly regular"), "orders", 0.75),
    TagRule("full_basket", gettext_noop("full baskets"), "basket_lines", 0.8),
    TagRule("quick_trip", gettext_noop("quick trips"), "basket_lines", 0.2),
    TagRule("brand_loyal", gettext_noop("loyal to few brands"), "brand_focus", 0.8),
    TagRule("explorer", gettext_noop("all over the store"), "category_breadth", 0.8),
    TagRule("finer", gettext_noop("finer choices"), "price_level", 0.85),
    TagRule("thrifty", gettext_noop("thrifty choices"), "price_level", 0.15),
)
TAG_NAMES: dict[str, str] = {
    **{rule.code: rule.name for rule in RULES},
    "new_here": gettext_noop("new here"),
    **{question.code: question.name for question in QUESTIONS},
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
    row: FeatureRow,
    thresholds: Mapping[str, float],
    fresh_categories: Collection[int],
    chances: tuple[PredictionModel, ...] = (),
) -> tuple[str, ...]:
    """Return the codes of the tags that hold for a shopper, in the order of the rules.

    What is more likely than not comes last: `chances` are the questions that proved themselves.
    """
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
    return (*tags, *tag_chances(chances, values))


def _holds(rule: TagRule, value: float, threshold: float | None) -> bool:
    """A threshold is some shopper's own value, whose sums differ in the last digits by their order:
    online and by night, who is on it has the same tags.

    >>> _holds(RULES[2], 2.0 - 1e-13, 2.0), _holds(RULES[2], 1.99, 2.0)
    (True, False)
    """
    if threshold is None:
        return False
    above = value - threshold if rule.quantile > 0.5 else threshold - value
    return above >= -LAST_DIGITS * max(1.0, abs(threshold))
