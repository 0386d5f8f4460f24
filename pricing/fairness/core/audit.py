"""The audit of one model: what its inputs and its prices tell of traits, what groups pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np

from pricing.base.core.values import FloatArray
from pricing.fairness.core.groups import (
    FairnessLimits,
    GroupPrices,
    PaidPrices,
    Trait,
    measure_groups,
)
from pricing.fairness.core.proxy import Area, measure_areas, measure_information

Rule = Literal["features_tell_trait", "price_tells_trait", "paid", "offers", "discount"]
# What stops a model; the other rules are told to people.
STOPPING = frozenset({"price_tells_trait", "paid", "offers"})


@dataclass(frozen=True, slots=True)
class Finding:
    """A limit that a group's figure passed. `is_certain`: its interval excludes equal treatment.

    A certain finding of a STOPPING rule stops the model; chance alone must not, and would in some
    of many groups.
    """

    rule: Rule
    trait: str
    group: str
    value: float
    low: float
    high: float
    limit: float
    is_certain: bool

    @property
    def is_stopping(self) -> bool:
        """Whether the model must not be brought into use."""
        return self.is_certain and self.rule in STOPPING


@dataclass(frozen=True, slots=True)
class FairnessReport:
    """What was measured on `people` shoppers who told their traits, and what is wrong with it.

    `small_groups` were too small to be reported. `information` are bits per input and trait.
    """

    people: int
    traits: tuple[str, ...]
    small_groups: int
    feature_areas: tuple[Area, ...]
    price_areas: tuple[Area, ...]
    groups: tuple[GroupPrices, ...]
    information: Mapping[str, Mapping[str, float]]
    findings: tuple[Finding, ...]

    @property
    def is_passed(self) -> bool:
        """Whether nothing stops the model."""
        return not any(finding.is_stopping for finding in self.findings)

    def as_numbers(self) -> dict[str, Any]:
        """Return everything as plain values, for storing; an end that is infinite is None."""
        plain: dict[str, Any] = _without_infinity(asdict(self))
        return plain


def _without_infinity(value: Any) -> Any:
    """Return nested values without the infinities that JSON does not know.

    >>> _without_infinity({"high": float("inf"), "groups": [1.0]})
    {'high': None, 'groups': [1.0]}
    """
    if isinstance(value, dict):
        return {name: _without_infinity(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_without_infinity(one) for one in value]
    return None if isinstance(value, float) and np.isinf(value) else value


def audit_prices(
    features: Mapping[str, FloatArray],
    prices: PaidPrices,
    traits: Sequence[Trait],
    limits: FairnessLimits | None = None,
    *,
    random_state: int = 0,
) -> FairnessReport:
    """Return the report on n people: `features` (n,) by name are what prices are made from.

    >>> from pricing.fairness.core.groups import example_prices, read_traits
    >>> rng = np.random.default_rng(1)
    >>> rows = [(one, "age", "young" if one % 2 else "old") for one in range(400)]
    >>> features = {"activity": rng.gamma(2.0, size=400)}
    >>> fair = audit_prices(features, example_prices(400), read_traits(range(400), rows))
    >>> fair.is_passed, fair.people, len(fair.groups)
    (True, 400, 2)
    """
    limits = limits or FairnessLimits()
    columns = _stack(features, len(prices.paid_ratio))
    measured = [trait for trait in traits if any(trait.members(limits.least_group))]
    tests = sum(1 for trait in measured for _ in trait.members(limits.least_group))
    by_feature, by_price, groups, bits = [], [], [], {}
    for trait in measured:
        kept = {"tests": tests, "random_state": random_state}
        by_feature += measure_areas(columns, trait, limits, **kept)
        by_price += measure_areas(prices.columns(), trait, limits, **kept)
        groups += measure_groups(prices, trait, limits, tests=tests)
        found = measure_information(columns, trait, random_state=random_state)
        bits[trait.name] = dict(zip(features, found.tolist(), strict=True))
    return FairnessReport(
        people=len(prices.paid_ratio),
        traits=tuple(trait.name for trait in measured),
        small_groups=sum(trait.count_small(limits.least_group) for trait in traits),
        feature_areas=tuple(by_feature),
        price_areas=tuple(by_price),
        groups=tuple(groups),
        information=bits,
        findings=(
            *_judge_areas("features_tell_trait", by_feature, limits.most_feature_auc),
            *_judge_areas("price_tells_trait", by_price, limits.most_price_auc),
            *(finding for group in groups for finding in _judge_group(group, limits)),
        ),
    )


def _stack(features: Mapping[str, FloatArray], n: int) -> FloatArray:
    return np.stack(list(features.values()), axis=1) if features else np.zeros((n, 0))


def _judge_areas(rule: Rule, areas: Sequence[Area], limit: float) -> list[Finding]:
    return [
        Finding(
            rule,
            area.trait,
            area.group,
            area.value,
            area.low,
            area.high,
            limit,
            is_certain=area.low > 0.5,
        )
        for area in areas
        if area.value > limit
    ]


def _judge_group(group: GroupPrices, limits: FairnessLimits) -> list[Finding]:
    bounds: tuple[tuple[Rule, Any, float, float], ...] = (
        ("paid", group.paid, limits.least_paid_ratio, limits.most_paid_ratio),
        ("offers", group.offers, limits.least_offer_ratio, np.inf),
        ("discount", group.discount, limits.least_discount_ratio, limits.most_discount_ratio),
    )
    return [
        Finding(
            rule,
            group.trait,
            group.group,
            ratio.value,
            ratio.low,
            ratio.high,
            least if ratio.value < least else most,
            is_certain=not ratio.low <= 1.0 <= ratio.high,
        )
        for rule, ratio, least, most in bounds
        if not least <= ratio.value <= most
    ]


AuditState = Literal["missing", "passed", "failed", "waived"]


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """The newest audit of a model's arrays; `id` 0 and no moment where there is none.

    `reasons` are plain sentences: why the model is stopped, or what people should know of it.

    >>> AuditVerdict(id=0, model=7, state="missing").allows_use
    False
    """

    id: int
    model: int
    state: AuditState
    at: datetime | None = None
    people: int = 0
    compared: int = 0
    is_waivable: bool = False
    waiver_asked_by: int | None = None
    reasons: tuple[str, ...] = ()
    report: Mapping[str, Any] | None = None

    @property
    def allows_use(self) -> bool:
        """Whether the model may be brought into use."""
        return self.state in ("passed", "waived")
