"""Price statistics by group of people: paid share of the public price and discounts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np
from scipy.special import ndtri

from pricing.base.core.values import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class FairnessLimits:
    """The limits of one audit; amounts are ratios, shares and areas under a ROC curve.

    `least_group` people and as many outside it make a group that is measured; smaller ones are
    counted, never reported. `most_feature_auc` is how well a trait may be told from the inputs of
    prices before that is noted, `most_price_auc` from the prices themselves before the model is
    stopped. A group's mean paid share of the public price stays within `least_paid_ratio` and
    `most_paid_ratio` times everybody's, its share of products with a discount at
    `least_offer_ratio` times that of the best group at least, its mean discount within
    `least_discount_ratio` and `most_discount_ratio` times everybody's before that is noted.
    Intervals are simultaneous: with probability `confidence` all of one kind hold together.

    >>> FairnessLimits().least_group
    20
    """

    least_group: int = 20
    most_feature_auc: float = 0.60
    most_price_auc: float = 0.55
    least_paid_ratio: float = 0.98
    most_paid_ratio: float = 1.02
    least_offer_ratio: float = 0.80
    least_discount_ratio: float = 0.90
    most_discount_ratio: float = 1.10
    confidence: float = 0.95

    def __post_init__(self) -> None:
        if self.least_group < 20:
            raise ValueError("a group of fewer than 20 people is not reported")
        for item in fields(self):
            if not getattr(self, item.name) > 0:
                raise ValueError(f"{item.name} must be above 0")

    def as_numbers(self) -> dict[str, float]:
        """Return the limits by name, for storing.

        >>> FairnessLimits().as_numbers()["most_price_auc"]
        0.55
        """
        return {name: float(value) for name, value in asdict(self).items()}


UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait of n people: `code` (n,) numbers into `groups`, UNKNOWN where nothing was told."""

    name: str
    groups: tuple[str, ...]
    code: IntArray

    def members(self, least: int) -> Iterator[tuple[str, BoolArray, BoolArray]]:
        """Yield (group, who is in it, whose trait is known) of groups with `least` people in it
        and `least` outside; both masks are (n,).

        >>> trait = read_traits([1, 2, 3], [(1, "age", "young"), (2, "age", "old")])[0]
        >>> [(name, mask.tolist()) for name, mask, _ in trait.members(1)]
        [('old', [False, True, False]), ('young', [True, False, False])]
        """
        known = self.code != UNKNOWN
        for number, group in enumerate(self.groups):
            mask = self.code == number
            if mask.sum() >= least and known.sum() - mask.sum() >= least:
                yield group, mask, known

    def count_small(self, least: int) -> int:
        """Return how many groups are too small to be reported."""
        return sum(1 for number in range(len(self.groups)) if (self.code == number).sum() < least)


def read_traits(shopper_id: Sequence[int], rows: Iterable[tuple[int, str, str]]) -> list[Trait]:
    """Return the traits of the shoppers, in this order, from rows (shopper, trait, value).

    >>> [trait.name for trait in read_traits([1], [(1, "income", "low"), (9, "age", "old")])]
    ['income']
    """
    at = {one: position for position, one in enumerate(shopper_id)}
    by_name: dict[str, dict[int, str]] = {}
    for shopper, name, value in rows:
        if shopper in at:
            by_name.setdefault(name, {})[at[shopper]] = value
    return [_code(name, by_name[name], len(at)) for name in sorted(by_name)]


def _code(name: str, values: Mapping[int, str], n: int) -> Trait:
    groups = tuple(sorted(set(values.values())))
    number = {group: position for position, group in enumerate(groups)}
    code = np.full(n, UNKNOWN, dtype=np.int64)
    for position, value in values.items():
        code[position] = number[value]
    return Trait(name=name, groups=groups, code=code)


@dataclass(frozen=True, slots=True)
class PaidPrices:
    """What each of n people would pay for the products they look at, arrays (n,).

    `paid_ratio` is their mean quoted / public price, `offer_share` the share of those products with
    a price below the public one, `deepest` the largest discount as a share of the public price.
    """

    paid_ratio: FloatArray
    offer_share: FloatArray
    deepest: FloatArray

    def columns(self) -> FloatArray:
        """Return everything a price tells of a person, (n, 3).

        >>> example_prices(3).columns().shape
        (3, 3)
        """
        return np.stack([self.paid_ratio, self.offer_share, self.deepest], axis=1)


@dataclass(frozen=True, slots=True)
class Ratio:
    """A group's figure over a reference, with its simultaneous interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class GroupPrices:
    """What one group pays, set against everybody whose trait is known; offers against the group
    that gets most of them. `lowered` is the share of its prices below the public price."""

    trait: str
    group: str
    members: int
    paid: Ratio
    discount: Ratio
    offers: Ratio
    lowered: float


def compare_means(
    figure: FloatArray, is_member: BoolArray, is_reference: BoolArray, z: float
) -> Ratio:
    """Return mean(figure of members) / mean(figure of the reference), both masks (n,).

    The interval is the delta method's at `z` standard errors: with r the ratio, each person adds
    (member / share - r * reference / share) * figure / mean, which covers people in both; made on
    the log scale, for means are of skewed figures. Without a positive reference mean the ratio is
    1 and nothing is known.

    >>> ratio = compare_means(np.array([1.0, 1.0, 2.0, 2.0]), np.arange(4) > 1, np.arange(4) < 9, 2)
    >>> round(ratio.value, 3)
    1.333
    """
    n = len(figure)
    member, reference = is_member / is_member.mean(), is_reference / is_reference.mean()
    inside, overall = float((member * figure).mean()), float((reference * figure).mean())
    if overall <= 0.0:
        return Ratio(1.0, 0.0, float("inf"))
    value = inside / overall
    part = member * (figure - inside) - value * reference * (figure - overall)
    spread = z * float(part.std()) / overall / float(np.sqrt(n))
    if value <= 0.0:
        return Ratio(0.0, 0.0, spread)
    factor = float(np.exp(min(spread / value, 50.0)))
    return Ratio(value, value / factor, value * factor)


def measure_groups(
    prices: PaidPrices, trait: Trait, limits: FairnessLimits, *, tests: int
) -> list[GroupPrices]:
    """Return what each group of a trait pays. `tests` intervals hold together (Bonferroni).

    Offers are set against the group that happens to get most: every pair of groups could have been
    the one compared, so these intervals hold for all pairs. Groups with fewer than
    `limits.least_group` people in them, or outside, are left out.
    """
    found = list(trait.members(limits.least_group))
    if not found:
        return []
    z, z_pairs = (
        float(ndtri(1.0 - (1.0 - limits.confidence) / (2.0 * max(count, 1))))
        for count in (tests, tests * (len(found) - 1) / 2.0)
    )
    best = max((mask for _, mask, _ in found), key=lambda mask: prices.offer_share[mask].mean())
    discount = 1.0 - prices.paid_ratio
    return [
        GroupPrices(
            trait=trait.name,
            group=group,
            members=int(mask.sum()),
            paid=compare_means(prices.paid_ratio, mask, known, z),
            discount=compare_means(discount, mask, known, z),
            offers=compare_means(prices.offer_share, mask, best, z_pairs),
            lowered=float(prices.offer_share[mask].mean()),
        )
        for group, mask, known in found
    ]


def example_prices(n: int, *, seed: int = 1) -> PaidPrices:
    """Return prices of n people who are all treated alike, for examples and tests."""
    rng = np.random.default_rng(seed)
    share = rng.uniform(0.0, 0.6, n)
    deepest = rng.uniform(0.02, 0.10, n)
    return PaidPrices(1.0 - share * deepest / 2.0, share, deepest)
