"""Price statistics by group of people: paid share of the public price and discounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from pricing.base.core.arrays import BoolArray, FloatArray
from pricing.fairness.core.limits import FairnessLimits
from pricing.fairness.core.traits import Trait


@dataclass(frozen=True, slots=True)
class PaidPrices:
    """What each of n people would pay for the goods they look at, arrays (n,).

    `paid_ratio` is their mean quoted / public price, `offer_share` the share of those goods with a
    price below the public one, `deepest` the largest discount as a share of the public price.
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
