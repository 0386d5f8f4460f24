"""Small worlds of impressions whose truth is known, for tests of the choice model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray
from pricing.demand.core.choice import Columns, Impressions


@dataclass(frozen=True)
class World:
    """Items with levels and slopes in categories and families; P from a logit linear in price."""

    level: FloatArray
    slope: FloatArray
    category: FloatArray
    family: FloatArray

    @staticmethod
    def of(
        rng: np.random.Generator, items: int, *, categories: int = 2, families: int = 1
    ) -> World:
        """Return items spread evenly over categories, these over families."""
        category = np.arange(items) * categories // items
        return World(
            level=rng.normal(-1.0, 0.5, items),
            slope=np.exp(rng.normal(np.log(3.0), 0.25, items)),
            category=category,
            family=category * families // categories,
        )

    def visit(
        self, rng: np.random.Generator, sets: int, size: int, *, weight: int = 1, **more: object
    ) -> Impressions:
        """Return what `sets` sets of `size` products bought, each seen by `weight` visits.

        `more`: `shopper` (sets, K) and their `taste` (K,); `response` (sets, J) and weights `w`
        (J,); `rival` (sets, size), its `pull`, and how far our prices `follow`; `day` (sets,) and
        `season` (sets,), what it adds to every good's utility; `common`, by how much all prices of
        a set are higher or lower together; `together` False: any products.
        """
        shown = self._show(rng, sets, size, together=bool(more.get("together", True)))
        price = np.log(rng.choice([0.85, 0.95, 1.05, 1.15], (sets, size)))
        price += float(more.get("common", 0.0)) * rng.choice([-1.0, 1.0], sets)[:, None]
        shopper = np.asarray(more.get("shopper", np.zeros((sets, 0))))
        response = np.asarray(more.get("response", np.zeros((sets, 0))))
        rival = np.asarray(more.get("rival", np.full((sets, size), np.nan)))
        price += float(more.get("follow", 0.0)) * np.nan_to_num(rival)
        utility = self.level[shown] + (shopper @ np.asarray(more.get("taste", [])))[:, None]
        utility += np.asarray(more.get("season", np.zeros(sets)))[:, None]
        utility += float(more.get("pull", 0.0)) * np.nan_to_num(rival)
        boost = 1.0 + response @ np.asarray(more.get("w", []))
        utility -= self.slope[shown] * np.expm1(price) * boost[:, None]
        grown = np.exp(utility)
        chance = grown / (1.0 + grown.sum(axis=1, keepdims=True))
        rest = np.concatenate([chance, 1.0 - chance.sum(axis=1, keepdims=True)], axis=1)
        bought = rng.multinomial(weight, rest)[:, :size]
        row = np.repeat(np.arange(sets), size)
        return Impressions.of(
            set_id=row,
            item=shown.ravel(),
            category=self.category[shown].ravel(),
            family=self.family[shown].ravel(),
            log_price=price.ravel(),
            moved=price.ravel(),
            rival=rival.ravel(),
            bought=bought.ravel(),
            weight=np.full(len(row), float(weight)),
            day=np.asarray(more.get("day", np.zeros(sets)))[row],
            shopper=shopper[row],
            response=response[row],
            columns=Columns(
                shopper=tuple(f"x{k}" for k in range(shopper.shape[1])),
                response=tuple(f"s{j}" for j in range(response.shape[1])),
            ),
        )

    def _show(
        self, rng: np.random.Generator, sets: int, size: int, *, together: bool
    ) -> NDArray[np.int64]:
        """Return the products of each set (sets, size), of one category if `together`."""
        items = len(self.level)
        blocks = np.unique(self.category) if together else np.zeros(1)
        shown = np.empty((sets, size), dtype=np.int64)
        for at, block in enumerate(rng.choice(blocks, sets)):
            among = np.flatnonzero(self.category == block) if len(blocks) > 1 else np.arange(items)
            shown[at] = np.sort(rng.choice(among, size, replace=False))
        return shown
