"""Prices that were shown and what became of them: decisions one by one, looks counted."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pricing.core.arrays import FloatArray, IntArray


@dataclass(frozen=True, slots=True)
class Sightings:
    """n prices that were shown and what became of them, arrays (n,).

    `public_log` is the log of the public price in minor units. `log_ratio` is what a personal price
    did on top of it, at most 0: (1 + z) / m log(shown / public), with m the mean of 1 + z over
    those who buy. `centered` is what chance alone did: the log that was shown less its mean over
    what could have been, by the logged probabilities. `interest` is log(1 + z). `looks` is how
    often the price was shown (1 for a decision), `bought` how often it was bought; `is_look` is 1
    where it was everybody's price. `anchor_minor` is the price that a merchant set last, before
    the model or chance moved it. Goods of one `category_id` are siblings, of which the baskets
    that bought one held `together` others; nobody has any before `among` says so.
    """

    variant_id: IntArray
    family_id: IntArray
    category_id: IntArray
    public_log: FloatArray
    log_ratio: FloatArray
    centered: FloatArray
    interest: FloatArray
    looks: FloatArray
    bought: FloatArray
    together: FloatArray
    is_look: FloatArray
    anchor_minor: IntArray

    def __len__(self) -> int:
        return len(self.variant_id)

    def join(self, other: Sightings) -> Sightings:
        """Return these sightings and `other`.

        >>> one = Sightings.of_one(variant_id=7, family_id=1, log_ratio=-0.1)
        >>> len(one.join(one))
        2
        """
        both = {
            name: np.concatenate([getattr(self, name), getattr(other, name)])
            for name in self.__slots__
        }
        return Sightings(**both)

    def among(self, category_id: IntArray, together: FloatArray) -> Sightings:
        """Return these sightings of goods that have siblings: those of their `category_id` (n,), of
        which baskets held `together` (n,) others.

        >>> seen = Sightings.of_one(variant_id=7, family_id=1, log_ratio=-0.1)
        >>> seen.category_id.tolist(), seen.among(np.array([3]), np.zeros(1)).category_id.tolist()
        ([-7], [3])
        """
        return replace(self, category_id=category_id, together=together)

    @staticmethod
    def of_draws(
        *,
        variant_id: IntArray,
        family_id: IntArray,
        boost: FloatArray,
        public_minor: IntArray,
        shown_minor: IntArray,
        rung_minor: IntArray,
        probability: FloatArray,
        bought: NDArray[np.bool_],
        anchor_minor: IntArray,
        mean_sensitivity: FloatArray | float = 1.0,
    ) -> Sightings:
        """Return drawn decisions as sightings: what was shown of `rung_minor` (n, R), each with its
        logged `probability` (n, R), to shoppers of boost z (n,). `mean_sensitivity` (n,) is the
        mean of 1 + z over those who buy the variant.

        >>> one = np.array([1])
        >>> seen = Sightings.of_draws(
        ...     variant_id=one, family_id=one, boost=np.zeros(1), public_minor=400 * one,
        ...     shown_minor=360 * one, rung_minor=np.array([[400, 360]]),
        ...     probability=np.array([[0.5, 0.5]]), bought=one > 0, anchor_minor=400 * one,
        ... )
        >>> seen.log_ratio.round(4).tolist(), seen.centered.round(4).tolist()
        ([-0.1054], [-0.0527])
        """
        public = public_minor.astype(np.float64)
        weight = (1.0 + boost) / mean_sensitivity
        shown = weight * np.log(shown_minor / public)
        ratios = weight[:, None] * np.log(rung_minor / public[:, None])
        return Sightings(
            variant_id=variant_id,
            family_id=family_id,
            category_id=-variant_id,
            public_log=np.log(public),
            log_ratio=shown,
            centered=shown - (ratios * probability).sum(axis=1),
            interest=np.log1p(boost),
            looks=np.ones(len(public)),
            bought=bought.astype(np.float64),
            together=np.zeros(len(bought)),
            is_look=np.zeros(len(public)),
            anchor_minor=anchor_minor,
        )

    @staticmethod
    def of_looks(
        *,
        variant_id: IntArray,
        family_id: IntArray,
        public_minor: IntArray,
        rung_minor: IntArray,
        probability: FloatArray,
        looks: IntArray,
        bought: IntArray,
        anchor_minor: IntArray,
    ) -> Sightings:
        """Return counted looks at public prices (n,) as sightings; chance could have shown
        `rung_minor` (n, R; 0 where there is none) with `probability` (n, R).

        >>> one = np.array([1])
        >>> seen = Sightings.of_looks(
        ...     variant_id=one, family_id=one, public_minor=360 * one, looks=50 * one,
        ...     bought=2 * one, rung_minor=np.array([[400, 360, 0]]),
        ...     probability=np.array([[0.5, 0.5, 0.0]]), anchor_minor=400 * one,
        ... )
        >>> seen.centered.round(4).tolist(), seen.looks.tolist()
        ([-0.0527], [50.0])
        """
        shown = np.log(public_minor.astype(np.float64))
        rungs = np.log(np.where(rung_minor > 0, rung_minor, public_minor[:, None]))
        none = np.zeros(len(shown))
        return Sightings(
            variant_id=variant_id,
            family_id=family_id,
            category_id=-variant_id,
            public_log=shown,
            log_ratio=none,
            centered=shown - (rungs * probability).sum(axis=1),
            interest=none,
            looks=looks.astype(np.float64),
            bought=bought.astype(np.float64),
            together=np.zeros(len(bought)),
            is_look=none + 1.0,
            anchor_minor=anchor_minor,
        )

    @staticmethod
    def of_one(*, variant_id: int, family_id: int, log_ratio: float) -> Sightings:
        """Return one decision that was not bought, for examples."""
        none, one = np.zeros(1), np.ones(1)
        return Sightings(
            variant_id=np.array([variant_id]),
            family_id=np.array([family_id]),
            category_id=np.array([-variant_id]),
            public_log=one * np.log(400.0),
            log_ratio=one * log_ratio,
            centered=one * log_ratio / 2.0,
            interest=none,
            looks=one,
            bought=none,
            together=none,
            is_look=none,
            anchor_minor=np.array([400]),
        )
