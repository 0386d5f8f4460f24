"""The shop's own path with the logit of looks on top of weekly sales: what the shop serves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.demand.look_cells import (
    EVERYBODY,
    USUAL_STEP,
    LogPrices,
    LookCells,
    find_strata,
)
from pricing.core.demand.look_logit import FEWEST_BOUGHT, NEW_SHARE, fit_looks, serve_looks
from pricing.core.demand.served import ServedDemand
from pricing.core.learning import Outcomes
from pricing.core.online import Looked, believe, learn_from
from pricing.core.values import Policy
from shop.simulation.shop_path import POLICY, ShopPath, to_minor
from shop.simulation.shop_path_book import Shelf
from shop.simulation.shop_path_looks import find_on_sale


class LookedShopPath(ShopPath):
    """What the shop serves with the logit of looks on top of its model.

    All else is the same: bounds, gate, draws, shocks, which elasticities chance backs. History
    counts as looks at everybody's price, as of a shop that counted them before prices learned.
    """

    def __init__(self, random_state: int = 0, policy: Policy = POLICY) -> None:
        """Begin without any look."""
        super().__init__(random_state, policy)
        self._cells, self._usual = LookCells.nothing(), LogPrices.nothing()
        self._looked: Looked | None = None
        self._fitted_version, self._days, self._new_looks = -1, 0.0, 0.0

    def observe(self, outcomes: Outcomes) -> None:
        """Write down what was shown and sold, and count the looks."""
        context, shown = outcomes.context, self._shown
        days = 1.0 if self._seen_at is None else max(0.0, context.time - self._seen_at)
        super().observe(outcomes)
        shelf = self._open(context)
        shopper, item = np.nonzero(context.is_offered())
        stratum = np.full(len(item), EVERYBODY)
        if shown is not None and shown.time == context.time:
            # Quotes stand in the order of the pairs of a shopper and an item they see.
            stratum[shown.is_decision] = find_strata(shown.boost[shown.is_decision])
        bought = outcomes.chosen[shopper] == item
        kept = np.flatnonzero(find_on_sale(item, bought, context.stock))
        shopper, item = shopper[kept], item[kept]
        price = to_minor(outcomes.prices[shopper, item])
        self._days += days
        self._new_looks += len(item)
        self._cells = self._cells.join(
            LookCells.of(
                variant_id=shelf.variant_id[item],
                family_id=shelf.family_id[item],
                stratum=stratum[kept],
                price_minor=price,
                usual=self._remember(shelf, item, price, days),
                looks=np.ones(len(item)),
                bought=bought[kept].astype(np.float64),
                days=days,
            )
        )

    def _remember(self, shelf: Shelf, item: IntArray, price: IntArray, days: float) -> IntArray:
        """Return the usual price at each look (n,) in steps, and let it follow what was shown."""
        ids, listed = shelf.variant_id[item], np.log(shelf.list_minor[item])
        before = self._usual.read(ids, listed)
        self._usual = self._usual.follow(
            ids, np.log(price), np.ones(len(ids)), before=before, days=days
        )
        steps: IntArray = np.rint((before - listed) / USUAL_STEP).astype(np.int64)
        return steps

    def _believe(self, shelf: Shelf) -> ServedDemand:
        cells = self._cells
        is_new = self._new_looks >= NEW_SHARE * cells.looks.sum()
        if cells.bought.sum() < FEWEST_BOUGHT:
            return learn_from(self.model, self.evidence)
        if self._looked is None or is_new or self._fitted_version != self._version:
            self._fit(shelf)
        return believe(self.model, self.evidence, self._looked_now())

    def _looked_now(self) -> Looked | None:
        return None if self._looked is None else replace(self._looked, days=self._days)

    def _fit(self, shelf: Shelf) -> None:
        cells, row = self._cells, np.searchsorted(shelf.variant_id, self._cells.variant_id)
        listed = shelf.list_minor.astype(np.float64)
        weekly: FloatArray = self.model.elasticities(shelf.variant_id, shelf.family_id)[0]
        fitted = serve_looks(
            fit_looks(cells, listed[row], weekly[row]),
            variant_id=shelf.variant_id,
            family_id=shelf.family_id,
            price_minor=shelf.base_minor,
            reference_minor=shelf.list_minor,
            expected=weekly,
            weights=self.model.weights,
        )
        self._looked = Looked.of(fitted, learn_from(self.model, self.evidence))
        self._fitted_version, self._days, self._new_looks = self._version, 0.0, 0.0
