"""The shop's own path with another model: the logit of looks in place of weekly sales."""

from __future__ import annotations

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.demand.look_logit import (
    EVERYBODY,
    USUAL_DAYS,
    USUAL_STEP,
    LookCells,
    LookDemand,
    find_strata,
    fit_looks,
    serve_looks,
)
from pricing.core.demand.served import ServedDemand
from pricing.core.learning import Outcomes
from pricing.core.online import learn_from, stand_beside
from pricing.core.values import Policy
from shop.simulation.shop_path import POLICY, ShopPath, to_minor
from shop.simulation.shop_path_book import Shelf
from shop.simulation.shop_path_looks import find_on_sale

# A night fits again once so many of the looks are new ones: in the first weeks every night.
NEW_SHARE = 0.04


class LookedShopPath(ShopPath):
    """What the shop would serve with the logit of looks as its model.

    All else is the same: bounds, gate, draws, shocks, which elasticities chance backs. History
    counts as looks at everybody's price, as of a shop that counted them before prices learned.
    """

    def __init__(self, random_state: int = 0, policy: Policy = POLICY) -> None:
        """Begin without any look."""
        super().__init__(random_state, policy)
        self._cells = LookCells.nothing()
        self._looked: LookDemand | None = None
        self._new_looks = 0.0
        # Log of the usual price of each item over its list price, (m,).
        self._usual: FloatArray = np.zeros(0)

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
        usual = self._remember(item, np.log(price / shelf.list_minor[item]), days, context.items)
        self._new_looks += len(item)
        self._cells = self._cells.join(
            LookCells.of(
                variant_id=shelf.variant_id[item],
                family_id=shelf.family_id[item],
                stratum=stratum[kept],
                price_minor=price,
                usual=np.rint(usual / USUAL_STEP).astype(np.int64),
                looks=np.ones(len(item)),
                bought=bought[kept].astype(np.float64),
                days=days,
            )
        )

    def _remember(
        self, item: IntArray, log_price: FloatArray, days: float, count: int
    ) -> FloatArray:
        """Return the usual log price at each look (n,), and let it follow what was shown."""
        if not len(self._usual):
            self._usual = np.zeros(count)
        before = self._usual[item]
        looks = np.bincount(item, minlength=count)
        mean = np.bincount(item, log_price, count) / np.maximum(looks, 1)
        moved = np.where(looks > 0, 1.0 - 0.5 ** (days / USUAL_DAYS), 0.0)
        self._usual = self._usual + moved * (mean - self._usual)
        return before

    def _believe(self, shelf: Shelf) -> ServedDemand:
        learned = learn_from(self.model, self.evidence)
        cells = self._cells
        if not len(cells):
            return learned
        if self._looked is None or self._new_looks >= NEW_SHARE * cells.looks.sum():
            row = np.searchsorted(shelf.variant_id, cells.variant_id)
            self._looked = fit_looks(cells, shelf.list_minor[row].astype(np.float64))
            self._new_looks = 0.0
        looked = serve_looks(
            self._looked,
            variant_id=shelf.variant_id,
            family_id=shelf.family_id,
            price_minor=shelf.base_minor,
            reference_minor=shelf.list_minor,
            weights=self.model.weights,
        )
        return stand_beside(looked, learned)
