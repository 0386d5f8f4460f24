"""The hierarchical logit with what trees see of the context beside it, as one family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

from sklearn.base import BaseEstimator

from pricing.core.arrays import FloatArray
from pricing.core.demand.frames import Frame, Prediction, count_rows, read_labels
from pricing.core.demand.leaderboard import take
from pricing.core.demand.logit import HierarchicalLogit
from pricing.core.demand.offset import BoostedOffset

# Trees may bend the effect of a placement by where the goods stand: numbers of both.
PLACES = ("category", "department")


class OffsetLogit(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """`HierarchicalLogit` on cells whose `offset` is `BoostedOffset`'s, cross-fitted.

    The trees see `features`, category and department, never the price: the slope that makes prices
    stays in the logit, with its posterior. Columns of X as in both, `category` and `department`
    numbers. Learned: `offset_`, `logit_`.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> week, heat = np.tile(np.arange(40.0), 30), rng.uniform(-1, 1, 1_200)
    >>> price = rng.choice([8.0, 10.0], 1_200)
    >>> chance = 0.05 * np.exp(np.abs(heat)) * (price / 10) ** -2.0
    >>> X = {"item": np.repeat(np.arange(30), 40), "week": week, "price": price, "heat": heat,
    ...      "exposures": np.full(1_200, 500.0)}
    >>> model = OffsetLogit(features=["heat"]).fit(X, rng.binomial(500, chance))
    >>> low, high = model.predict(10.0, {"item": [1, 1], "heat": [0.0, 1.0]}).mean
    >>> bool(1.5 < high / low < 3.5)
    True
    """

    offset_: BoostedOffset
    logit_: HierarchicalLogit

    def __init__(self, *, features: Sequence[str] = (), overdispersed: bool = True) -> None:
        self.features = features
        self.overdispersed = overdispersed

    def fit(self, X: Frame, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's own name
        """Learn from cells; y (n,) are purchases. Raises ValueError for too few weeks."""
        cells = self._place(X)
        self.offset_ = BoostedOffset(features=(*self.features, *PLACES)).fit(cells, y)
        self.logit_ = HierarchicalLogit(overdispersed=self.overdispersed)
        self.logit_.fit(cells | {"offset": self.offset_.offset_}, y)
        return self

    def predict(self, price: Any, x: Frame) -> Prediction:
        """Return chance to buy, its posterior sd and d log P / d log p at `price` (one or n)."""
        cells = self._place(x)
        return self.logit_.predict(price, cells | {"offset": self.offset_.predict(cells)})

    def predict_slope(self, x: Frame) -> tuple[FloatArray, FloatArray]:
        """Return posterior mean and sd of the price slope b > 0 of each row, (n,)."""
        return self.logit_.predict_slope(x)

    def dispersion_of(self, x: Frame) -> FloatArray:
        """Return Pearson's phi of each row's item (n,)."""
        return self.logit_.dispersion_of(x)

    @property
    def reference_price_(self) -> FloatArray:
        """Usual prices of the items, in the order of their labels, (N,)."""
        return self.logit_.reference_price_

    @property
    def wrong_sign_share_(self) -> float:
        """Share of items whose slope was not positive before the prior held it."""
        return self.logit_.wrong_sign_share_

    @staticmethod
    def _place(frame: Frame) -> dict[str, Any]:
        rows = count_rows(frame, "item")
        return take(frame, slice(None)) | {name: read_labels(frame, name, rows) for name in PLACES}
