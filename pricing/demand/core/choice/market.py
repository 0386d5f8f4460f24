"""Predictions of a fit: choice probabilities by row, and market response to a price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice.arrow import invert
from pricing.demand.core.choice.fit import ChoiceFit, begin, place_products
from pricing.demand.core.choice.impressions import Impressions
from pricing.demand.core.choice.layout import SLOPE, Tree
from pricing.demand.core.choice.likelihood import Frame, Shares, measure
from pricing.demand.core.choice.mode import draw

STEEPEST_ELASTICITY = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What each row of `frame` predicts, (n,), in the frame's order.

    `chance` is the share of the visits that saw the set and take this good; `elasticity` that of
    the chance by the row's own price, as a magnitude; `drop` the derivative of v by log price.
    """

    frame: Frame
    shares: Shares
    chance: FloatArray
    elasticity: FloatArray
    drop: FloatArray


def predict(fit: ChoiceFit, seen: Impressions) -> Predicted:
    """Return what `fit` predicts for `seen`. Products it never saw are their category's, else their
    family's, else those of all products.

    >>> seen = Impressions.of(
    ...     set_id=[0, 0], item=[4, 5], category=[7, 7], family=[3, 3],
    ...     log_price=[0.0, 0.2], bought=[10.0, 5.0], weight=[50.0, 50.0],
    ... )
    >>> from pricing.demand.core.choice.fit import fit_choice
    >>> told = predict(fit_choice(seen), seen)
    >>> bool(abs(told.chance @ [50.0, 50.0] - 15.0) < 2.0), told.elasticity.shape
    (True, (2,))
    """
    tree = Tree.of(seen)
    frame = Frame.of(seen, tree, fit.layout)
    shares = measure(frame, begin(tree, fit.layout, fit, fit.known))
    bend = np.exp(fit.bend * frame.seen.log_price)
    drop = shares.steep * shares.boost * bend
    return Predicted(frame, shares, shares.chance, drop * (1.0 - shares.chance), drop)


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """The response of all visitors of a scene together, by item (m,), ascending.

    `visits` that saw it; `chance` of a visit to take it; own `elasticity` (magnitude) of its sales
    and its posterior `sd`; `moves` (m, 2), its derivatives by the item's level and log slope;
    `lost`, the share of the sales a lower price wins that products of the same sets lose.
    """

    item: IntArray
    visits: FloatArray
    chance: FloatArray
    elasticity: FloatArray
    sd: FloatArray
    moves: FloatArray
    lost: FloatArray

    def find(self, item: IntArray) -> tuple[IntArray, IntArray]:
        """Return places among wanted items that are here, and their positions here."""
        at = np.minimum(np.searchsorted(self.item, item), max(len(self.item) - 1, 0))
        known = np.flatnonzero(self.item[at] == item) if len(self.item) else np.zeros(0, int)
        return known, at[known]


def find_market(fit: ChoiceFit, scene: Impressions) -> Market:
    """Return the response of the whole market: the visits of `scene`, recent ones as they would be
    now (`Impressions.restate`), weighted with what they buy.

    The sd is that of the item's own level and log slope (first order); what is not known of shared
    coefficients is in it through the slope.
    """
    told = predict(fit, scene)
    frame, tree = told.frame, told.frame.tree
    weight = frame.seen.weight[frame.seen.set_of]
    chance, drop, effect = told.chance, told.drop, told.shares.effect
    items = len(tree.item)

    def add(values: FloatArray) -> FloatArray:
        return np.bincount(frame.item, weight * values, items)

    stay = 1.0 - chance
    sold, lean = add(chance), add(chance * stay * drop)
    least = np.maximum(sold, 1e-300)
    by_level = add(chance * stay * (1.0 - 2.0 * chance) * drop) / least
    by_level -= lean * add(chance * stay) / least**2
    by_slope = lean / least - add(chance * stay * (1.0 - 2.0 * chance) * drop * effect) / least
    by_slope += lean * add(chance * stay * effect) / least**2
    of_category, of_family = tree.category[tree.category_of_item], tree.family[tree.family_of_item]
    _, doubt, _ = place_products(fit, tree.item, of_category, of_family)
    moves = np.stack([by_level, by_slope], axis=1)
    all_sold = frame.by_set(chance)[frame.seen.set_of]
    siblings = add(chance * (all_sold - chance) * drop)
    order = np.argsort(tree.item)
    return Market(
        item=tree.item[order],
        visits=add(np.ones(len(chance)))[order],
        chance=(sold / np.maximum(add(np.ones(len(chance))), 1e-300))[order],
        elasticity=np.minimum(lean / least, STEEPEST_ELASTICITY)[order],
        sd=find_sd(moves, doubt)[order],
        moves=moves[order],
        lost=(siblings / np.maximum(lean, 1e-300))[order],
    )


def find_sd(moves: FloatArray, doubt: FloatArray) -> FloatArray:
    """Return the sd (m,) of what moves so (m, 2) with coefficients of covariances (m, 2, 2)."""
    variance = np.einsum("ma,mab,mb->m", moves, doubt, moves)
    sd: FloatArray = np.sqrt(np.maximum(variance, 0.0))
    return sd


def find_doubt(fit: ChoiceFit) -> FloatArray:
    """Return the posterior sd of the coefficients that a family would have of which nothing was
    seen but the others, (`Layout.family`,), its own spread left out. Only of a fit that is still in
    memory: raises ValueError for one read from arrays."""
    if fit.arrow is None:
        raise ValueError("this fit was read from arrays: ask the fit itself")
    deviation: FloatArray = np.sqrt(np.diag(invert(fit.arrow.top)))
    return deviation[: fit.layout.family]


def draw_log_slopes(
    fit: ChoiceFit, draws: int, rng: np.random.Generator
) -> tuple[IntArray, FloatArray]:
    """Return items (m,), ascending, and joint draws (draws, m) of their log slopes. Only a fit that
    is still in memory can draw: raises ValueError for one read from arrays."""
    if fit.arrow is None:
        raise ValueError("this fit was read from arrays: draw from the fit itself")
    order = np.argsort(fit.tree.item)
    drawn = draw(fit.arrow, fit.at, draws, rng)[:, :, SLOPE]
    return fit.tree.item[order], drawn[:, order]


# A cut then wins more at first than in the long run (Popescu and Wu, "Dynamic pricing strategies
# with reference effects", Operations Research 2007). The log of the usual price is a column of
# the level: with effect c, a price that stays becomes the usual one, so that in the long run a
# sale responds to its price by the slope less c. What counts for a price that is to stay is the
# long run.

USUAL = "usual"
USUAL_DAYS = 7.0  # half-life with which what is usual follows what is shown


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """What is usual of m products (ascending `item`), as logs over the reference price: in the
    `morning` of `day`, and the visits (`weight`) and summed log prices (`total`) of that day."""

    day: float
    item: IntArray
    morning: FloatArray
    weight: FloatArray
    total: FloatArray

    @staticmethod
    def nothing() -> Usual:
        """Return what is usual before anything was seen: reference prices."""
        none = np.zeros(0)
        return Usual(-np.inf, np.zeros(0, dtype=np.int64), none, none, none)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays; `from_arrays` reads them back."""
        return {f"usual_{name}": np.asarray(getattr(self, name)) for name in Usual.__slots__}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Usual:
        """Return what `arrays` was made from.

        >>> Usual.from_arrays(Usual.nothing().arrays()).day
        -inf
        """
        read: dict[str, Any] = {name: arrays[f"usual_{name}"] for name in Usual.__slots__}
        return Usual(**read | {"day": float(read["day"])})

    def _widen(self, item: IntArray) -> Usual:
        """Return the same with products that are new in it."""
        every = np.union1d(self.item, item)
        at = np.searchsorted(every, self.item)
        wide: dict[str, Any] = {}
        for name in ("morning", "weight", "total"):
            wide[name] = np.zeros(len(every))
            wide[name][at] = getattr(self, name)
        return Usual(self.day, every, **wide)

    def _wake(self, day: float) -> Usual:
        """Return what is usual in the morning of a later day."""
        share = np.where(self.weight > 0.0, 1.0 - 0.5 ** (1.0 / USUAL_DAYS), 0.0)
        mean = self.total / np.maximum(self.weight, 1e-300)
        none = np.zeros(len(self.item))
        return Usual(day, self.item, self.morning + share * (mean - self.morning), none, none)

    def _see(self, at: IntArray, weight: FloatArray, log_price: FloatArray) -> Usual:
        count = len(self.item)
        more = np.bincount(at, weight, count), np.bincount(at, weight * log_price, count)
        return replace(self, weight=self.weight + more[0], total=self.total + more[1])


def add_usual(seen: Impressions, before: Usual | None = None) -> tuple[Impressions, Usual]:
    """Return `seen` with the products column USUAL: the log of each good's usual price over its
    reference price in the morning of the row's day, 0 (the reference price) before its first; and
    what is usual afterwards, from which later impressions go on.

    On a day on which nobody saw a good its usual price stays.

    >>> seen = Impressions.of(
    ...     set_id=[0, 1, 2], item=[4, 4, 4], category=[7, 7, 7], family=[3, 3, 3],
    ...     log_price=[-0.1, -0.1, 0.0], bought=[0.0, 0.0, 0.0], day=[0.0, 7.0, 14.0],
    ... )
    >>> whole, usual = add_usual(seen)
    >>> whole.goods[:, 0].round(4).tolist()
    [0.0, -0.0094, -0.018]
    >>> early, usual = add_usual(seen.take_sets(np.array([0, 1])))
    >>> add_usual(seen.take_sets(np.array([2])), usual)[0].goods[:, 0].round(4).tolist()
    [-0.018]
    """
    usual = (before or Usual.nothing())._widen(seen.item)
    at = np.searchsorted(usual.item, seen.item)
    days, day = np.unique(np.floor(seen.day), return_inverse=True)
    of_row = day[seen.set_of]
    order = np.argsort(of_row, kind="stable")
    ends = np.searchsorted(of_row[order], np.arange(len(days) + 1))
    found = np.empty((len(seen), 1))
    for one, first, last in zip(days.tolist(), ends[:-1], ends[1:], strict=True):
        rows = order[first:last]
        if one > usual.day:
            usual = usual._wake(one)
        found[rows, 0] = usual.morning[at[rows]]
        usual = usual._see(at[rows], seen.weight[seen.set_of[rows]], seen.log_price[rows])
    columns = replace(seen.columns, goods=(*seen.columns.goods, USUAL))
    products = np.concatenate([seen.goods, found], axis=1)
    return replace(seen, columns=columns, goods=products), usual


def find_memory(fit: ChoiceFit, family: IntArray) -> FloatArray:
    """Return the effect c >= 0 of the log of the usual price in families (k,); 0 if the fit has no
    such column. Those never seen have that of all products."""
    products = fit.layout.columns.goods
    if USUAL not in products:
        return np.zeros(len(family))
    at = 4 + fit.layout.wide + products.index(USUAL)
    place = fit.tree.find("family", family)
    own = fit.at.family[place, at] if len(fit.at.family) else np.zeros(len(family))
    return np.maximum(np.where(place >= 0, own, fit.at.all[at]), 0.0)
