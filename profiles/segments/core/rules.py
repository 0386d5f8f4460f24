"""Segments that staff define: rows of a feature, a bound and a value, joined in groups.

A shopper is in the segment who fits every row of at least one group. Only registered features may
be asked, tags and found segments (derived from them), and the share of interest in a department
that is not sensitive. Nobody is judged by a trait the registry forbids.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.features.core.derive import VALUE_NAMES
from profiles.features.core.registry import FEATURES, FORBIDDEN_WORDS
from profiles.segments.core.predictions import QUESTIONS, PredictionModel, tag_chances
from profiles.values import FeatureRow
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop, pgettext_noop, translate

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


MOST_GROUPS = 4
MOST_ROWS = 6
LEAST, MOST = "least", "most"
TAG, SEGMENT, DEPARTMENT = "tag", "segment", "department"

# feature: its label and its unit (count, share, money, days)
FIELDS: dict[str, tuple[str, str]] = {
    "orders": (gettext_noop("orders lately"), "count"),
    "spend": (gettext_noop("amount spent lately"), "money"),
    "days_since_order": (gettext_noop("days since the last order"), "days"),
    "order_interval_days": (gettext_noop("days between orders"), "days"),
    "tenure_days": (gettext_noop("days since the first visit"), "days"),
    "basket_value": (gettext_noop("amount per order"), "money"),
    "basket_lines": (gettext_noop("products per order"), "count"),
    "basket_units": (gettext_noop("pieces per order"), "count"),
    "activity": (gettext_noop("visits lately"), "count"),
    "cart_adds": (gettext_noop("additions to the cart lately"), "count"),
    "purchases": (gettext_noop("lines bought lately"), "count"),
    "discounted": (gettext_noop("lines bought on offer lately"), "count"),
    "offer_clicks": (gettext_noop("offers opened lately"), "count"),
    "discount_share": (gettext_noop("share of lines bought on offer"), "share"),
    "savings_share": (gettext_noop("share of the list price saved"), "share"),
    "price_level": (gettext_noop("price level within categories"), "share"),
    "weekend_share": (gettext_noop("share of orders at the weekend"), "share"),
    "return_share": (gettext_noop("share of lines returned"), "share"),
    "brand_focus": (gettext_noop("concentration on few brands"), "share"),
    "category_breadth": (gettext_noop("number of categories bought"), "count"),
    "recency": (gettext_noop("activity (100 % now, half after 14 days away)"), "share"),
}
_AT_LEAST = gettext_noop("{what}: at least {value}")
_AT_MOST = gettext_noop("{what}: at most {value}")
_IS = gettext_noop("is “{what}”")
_IS_NOT = gettext_noop("is not “{what}”")
_INTEREST = gettext_noop("interest in {what}")
_AND = pgettext_noop("rows of a segment", " and ")
_OR = pgettext_noop("groups of a segment", "; or ")


class RuleRefused(FairtagError):
    """A segment that may not be saved: nothing asked, an unknown feature, a protected trait."""

    code = "segment_refused"


@dataclass(frozen=True, slots=True)
class Row:
    """One condition: a feature is at least, or at most, a value.

    A feature is the name of one, or `tag:CODE`, `segment:CODE` (1 or 0) or `department:ID` (the
    share of interest in it).
    """

    feature: str
    comparison: str
    value: float

    @property
    def kind(self) -> str:
        """What is asked: "" for a registered feature."""
        kind, colon, _ = self.feature.partition(":")
        return kind if colon else ""

    @property
    def key(self) -> str:
        """The code or number behind the kind; the feature's own name without one."""
        return self.feature.partition(":")[2] or self.feature

    @property
    def is_yes_or_no(self) -> bool:
        """Whether it asks for a tag or a segment, which need no value."""
        return self.kind in (TAG, SEGMENT)

    @property
    def unit(self) -> str:
        """Unit of the value: count, share, money or days; "" for tags and segments."""
        if self.is_yes_or_no:
            return ""
        return "share" if self.kind == DEPARTMENT else FIELDS[self.feature][1]

    def holds(self, value: float) -> bool:
        """Return whether a value fits."""
        return value >= self.value if self.comparison == LEAST else value <= self.value


type Rule = tuple[tuple[Row, ...], ...]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What rules may name beside features: codes of tags and found segments, ids of departments.

    `departments` holds the categories of each department that is not sensitive.
    """

    tags: Collection[str]
    segments: Collection[str]
    departments: Mapping[int, Collection[int]]


def fits(rule: Rule, row: FeatureRow, departments: Mapping[int, Collection[int]]) -> bool:
    """Return whether a shopper with this row, its segment and tags is in the segment.

    >>> row = FeatureRow("a", None, {"orders": 3.0}, tags=("weekend",))
    >>> fits(((Row("orders", LEAST, 2.0), Row("tag:weekend", LEAST, 1.0)),), row, {})
    True
    """
    return any(
        all(one.holds(_read(one, row, departments)) for one in group) for group in rule if group
    )


def _read(asked: Row, row: FeatureRow, departments: Mapping[int, Collection[int]]) -> float:
    if asked.kind == TAG:
        return float(asked.key in row.tags)
    if asked.kind == SEGMENT:
        return float(asked.key == row.segment)
    if asked.kind == DEPARTMENT:
        return share_of(row.category_affinity, departments.get(int(asked.key), ()))
    return row.values.get(asked.feature, 0.0)


def write_rule(rule: Rule) -> list[list[dict[str, Any]]]:
    """Return the rule as it is kept."""
    return [
        [{"feature": r.feature, "comparison": r.comparison, "value": r.value} for r in group]
        for group in rule
    ]


def read_rule(kept: Sequence[Sequence[Mapping[str, Any]]]) -> Rule:
    """Return a kept rule.

    >>> read_rule([[{"feature": "orders", "comparison": "least", "value": 2}]])
    ((Row(feature='orders', comparison='least', value=2.0),),)
    """
    return tuple(
        tuple(Row(str(r["feature"]), str(r["comparison"]), float(r["value"])) for r in group)
        for group in kept
    )


def check_rule(rule: Rule, known: Vocabulary) -> None:
    """Raise RuleRefused unless the rule asks something, and only what may be asked."""
    if not rule or not all(rule):
        raise RuleRefused("Add a condition to each group.", code="no_condition")
    if len(rule) > MOST_GROUPS or any(len(group) > MOST_ROWS for group in rule):
        raise RuleRefused("The rule is too long.", code="too_long")
    for row in (one for group in rule for one in group):
        if not _may_ask(row, known):
            raise RuleRefused(f"{row.feature} may not be asked.", code="may_not_ask")
        if row.comparison not in (LEAST, MOST) or not math.isfinite(row.value) or row.value < 0:
            raise RuleRefused(f"{row.feature} needs a value.", code="no_value")


def _may_ask(row: Row, known: Vocabulary) -> bool:
    if row.kind == TAG:
        return row.key in known.tags
    if row.kind == SEGMENT:
        return row.key in known.segments
    if row.kind == DEPARTMENT:
        return row.key.isdigit() and int(row.key) in known.departments
    is_allowed = row.feature in FIELDS and row.feature in VALUE_NAMES
    return is_allowed and "analytics" in FEATURES[row.feature].purposes


def check_name(name: str) -> None:
    """Raise RuleRefused for a name that holds a protected trait: it would read as if it were one.

    >>> check_name("Young families")
    Traceback (most recent call last):
    ...
    profiles.segments.core.rules.RuleRefused: A name may not hold a protected trait: families
    """
    for word in re.split(r"[^a-z]+", name.lower()):
        if {word, word.removesuffix("s"), re.sub("ies$", "y", word)} & FORBIDDEN_WORDS:
            raise RuleRefused(
                f"A name may not hold a protected trait: {word}", code="protected_name"
            )


def say_rule(
    rule: Rule, names: Mapping[str, str], show: Callable[[str, float], str], language: str
) -> str:
    """Return a rule in words; `names` are those of tags, segments and departments by feature.

    >>> say_rule(((Row("orders", LEAST, 2.0),),), {}, lambda unit, value: f"{value:g}", "en")
    'orders lately: at least 2'
    """
    groups = (
        translate(_AND, language).join(_say_row(row, names, show, language) for row in group)
        for group in rule
    )
    return translate(_OR, language).join(groups)


def _say_row(
    row: Row, names: Mapping[str, str], show: Callable[[str, float], str], language: str
) -> str:
    named = names.get(row.feature, row.key)
    if row.is_yes_or_no:
        return translate(_IS if row.comparison == LEAST else _IS_NOT, language, what=named)
    if row.kind == DEPARTMENT:
        what = translate(_INTEREST, language, what=named)
    else:
        what = translate(FIELDS[row.feature][0], language)
    said = _AT_LEAST if row.comparison == LEAST else _AT_MOST
    return translate(said, language, what=what, value=show(row.unit, row.value))
