"""A fitted choice model in the form that prices are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice.arrow import Spreads
from pricing.demand.core.choice.fit import ChoiceFit, place_products
from pricing.demand.core.choice.impressions import Columns, Impressions
from pricing.demand.core.choice.layout import Calendar, Layout, Tree
from pricing.demand.core.choice.likelihood import Coefficients
from pricing.demand.core.choice.market import Market, find_market, find_memory, find_sd
from pricing.demand.core.choice.mode import Doubt
from pricing.demand.core.choice.prior import SlopePrior
from pricing.demand.core.served import WEEKS_OF_YEAR, ServedDemand, example_served
from pricing.optimum.core.signals import SIGNALS, SignalWeights

LEAST_ELASTICITY, LEAST_SD = 0.05, 0.02
MOST_MOVED = 1.0  # of the log of an elasticity, between nights
WEEK_DAYS = 7.0


@dataclass(frozen=True, slots=True, eq=False)
class PricedVariants:
    """m variants at their public prices of now.

    `price_minor` and `reference_minor` (m,) in minor units, the latter what impressions took each
    price over; `rival` (m,): log of the lowest competitor's price over the reference price, NaN
    where none is known.
    """

    variant_id: IntArray
    category_id: IntArray
    family_id: IntArray
    price_minor: FloatArray
    reference_minor: FloatArray
    rival: FloatArray

    def ordered(self) -> PricedVariants:
        """Return the same products ascending by id."""
        order = np.argsort(self.variant_id)
        return PricedVariants(
            *(getattr(self, name)[order] for name in PricedVariants.__annotations__)
        )


@dataclass(frozen=True, slots=True)
class ServedChoice(ServedDemand):
    """The choice model's arrays: those of `ServedDemand`, and what only a model of sets knows.

    `moves` (N, 2): the derivatives of each elasticity by its level and log slope; `siblings` (F,):
    the share of the sales a lower price wins that products seen beside it lose, by family;
    `response_names` and `response` (J,): what a response column at 1 adds to a shopper's price
    effect, as a share (never negative); `bend`: k of the price transform.
    """

    moves: FloatArray
    siblings: FloatArray
    response_names: NDArray[np.str_]
    response: FloatArray
    bend: FloatArray

    def siblings_lose(self, family_id: IntArray) -> FloatArray:
        """Return the share of the units a lower price wins that siblings lose, (m,).

        >>> example_choice().siblings_lose(np.array([1, 5])).tolist()
        [0.25, 0.0]
        """
        if not len(self.family_id):
            return np.zeros(len(family_id))
        at = np.minimum(np.searchsorted(self.family_id, family_id), len(self.family_id) - 1)
        return np.where(self.family_id[at] == family_id, self.siblings[at], 0.0)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays for `pack_arrays`; `from_arrays` reads them back."""
        return ServedDemand.arrays(self) | {name: getattr(self, name) for name in _MORE}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> ServedChoice:
        """Return the model that `arrays` was made from.

        >>> ServedChoice.from_arrays(example_choice().arrays()).response.tolist()
        [0.5]
        """
        plain = ServedDemand.from_arrays(arrays)
        more: dict[str, Any] = {name: arrays[name] for name in _MORE}
        return ServedChoice(**{name: getattr(plain, name) for name in _PLAIN}, **more)


_PLAIN = tuple(ServedDemand.__annotations__)
_MORE = ("moves", "siblings", "response_names", "response", "bend")


def serve_choice(
    fit: ChoiceFit,
    scene: Impressions,
    goods: PricedVariants,
    *,
    day: float,
    days: float,
    weights: SignalWeights,
) -> ServedChoice:
    """Return the serving arrays of `goods`.

    `scene` are recent impressions, `days` of them: whom a price of now meets; `day` is now.
    `elasticity` is that of the whole market's purchases at the price of now, once that price is the
    usual one (`usual`), the response columns of recent visitors included; `base_log` the log of
    weekly units at that price. Variants that nobody in the scene saw count as seen once a week,
    alone, by a mean visitor. Weights of response columns named as signals replace those in
    `weights`. No elasticity is marked as causal: what chance did is on record elsewhere.

    >>> seen = Impressions.of(
    ...     set_id=[0, 1], item=[4, 4], category=[7, 7], family=[3, 3], log_price=[-0.1, 0.1],
    ...     bought=[400.0, 250.0], weight=[2e3, 2e3],
    ... )
    >>> one, price = np.array([4]), np.array([500.0])
    >>> goods = PricedVariants(one, one + 3, one - 1, price, price, np.array([np.nan]))
    >>> from pricing.demand.core.choice.fit import fit_choice
    >>> served = serve_choice(
    ...     fit_choice(seen), seen, goods, day=0.0, days=7.0, weights=SignalWeights()
    ... )
    >>> elasticity, sd, _ = served.elasticities(one, one - 1)
    >>> bool(1.9 < elasticity[0] < 2.9), bool(sd[0] < 0.5)
    (True, True)
    """
    goods = goods.ordered()
    ids = goods.variant_id
    found = _answer(fit, scene, goods, day, days)
    sold = found.visits * found.chance
    families, group = np.unique(goods.family_id, return_inverse=True)
    total = np.maximum(np.bincount(group, sold), 1e-300)
    above, above_sd = _families(fit, families)
    between = np.array([above.mean(), np.sqrt((above_sd**2).mean() + above.var())])
    return ServedChoice(
        variant_id=ids,
        elasticity=np.maximum(found.elasticity, LEAST_ELASTICITY),
        elasticity_sd=np.maximum(found.sd, LEAST_SD),
        base_log=np.log(np.maximum(sold * WEEK_DAYS / days, 1e-6)),
        usual_minor=goods.price_minor.astype(np.float64),
        dispersion=np.ones(len(ids)),
        is_causal=np.zeros(len(ids), dtype=np.bool_),
        family_id=families,
        family_elasticity=np.maximum(above, LEAST_ELASTICITY),
        family_elasticity_sd=np.maximum(above_sd, LEAST_SD),
        global_elasticity=between,
        department_id=np.zeros(1, dtype=np.int64),
        season=np.zeros((1, WEEKS_OF_YEAR)),
        weights=weigh_signals(fit, weights),
        moves=found.moves,
        siblings=np.bincount(group, sold * found.lost) / total,
        response_names=np.array(fit.layout.columns.response, dtype=np.str_),
        response=fit.at.all[fit.layout.response].copy(),
        bend=np.array([fit.bend]),
    )


def restate_served(served: ServedChoice, before: ChoiceFit, after: ChoiceFit) -> ServedChoice:
    """Return arrays that were `served` from a fit `before` as another fit of the same products has
    them, to first order: elasticities and their sd, of the products whose coefficients moved alone.

    >>> from pricing.demand.core.choice.fit import fit_choice
    >>> fit = fit_choice(Impressions.nothing())
    >>> served = example_choice()
    >>> restate_served(served, fit, fit).elasticity is served.elasticity
    True
    """
    place = before.tree.find("item", served.variant_id)
    known = np.flatnonzero(place >= 0)
    at = place[known]
    step = after.at.item[at, :2] - before.at.item[at, :2]
    differs = (after.doubt.item[at] != before.doubt.item[at]).any(axis=(1, 2))
    moved = (step != 0.0).any(axis=1) | differs
    if not moved.any():
        return served
    where, at, step = known[moved], at[moved], step[moved]
    mean, moves = served.elasticity[where], served.moves[where]
    share = np.exp(np.clip((moves * step).sum(axis=1) / mean, -MOST_MOVED, MOST_MOVED))
    elasticity, sd = served.elasticity.copy(), served.elasticity_sd.copy()
    elasticity[where] = np.maximum(mean * share, LEAST_ELASTICITY)
    sd[where] = np.maximum(find_sd(moves, after.doubt.item[at]) * share, LEAST_SD)
    return replace(served, elasticity=elasticity, elasticity_sd=sd)


def weigh_signals(fit: ChoiceFit, weights: SignalWeights) -> SignalWeights:
    """Return `weights` with the learned ones of response columns that are named as signals.

    A column of a signal holds what `strengths` makes of it at a weight of 1; scales stay.
    """
    learned = {name: max(0.0, one) for name, one in fit.response.items() if name in SIGNALS}
    return replace(weights, **learned)


def _answer(
    fit: ChoiceFit, scene: Impressions, goods: PricedVariants, day: float, days: float
) -> Market:
    """Return how the market answers to `goods` (m,) at their prices of now: those that the scene
    saw as it saw them, the others alone."""
    log_price = np.log(goods.price_minor / goods.reference_minor)
    now = scene.restate(goods.variant_id, log_price, goods.rival, day)
    value, doubt, _ = place_products(fit, goods.variant_id, goods.category_id, goods.family_id)
    value[:, 0] += _mean_visitor(fit, now, goods.family_id, day)
    chance, mean, sd, moves = _alone(
        value, doubt, np.exp(fit.bend * log_price), log_price, fit.bend
    )
    alone = np.full(len(value), days / WEEK_DAYS)
    found = Market(goods.variant_id, alone, chance, mean, sd, moves, np.zeros(len(value)))
    market = find_market(fit, now)
    here, there = market.find(goods.variant_id)
    for name in ("visits", "chance", "elasticity", "sd", "moves", "lost"):
        getattr(found, name)[here] = getattr(market, name)[there]
    memory = find_memory(fit, goods.family_id) * (1.0 - found.chance)
    return replace(found, elasticity=found.elasticity - memory)


def _mean_visitor(fit: ChoiceFit, now: Impressions, family: IntArray, day: float) -> FloatArray:
    """Return what a scene's mean visitor and the day add to the level of each family (m,)."""
    if not now.sets:
        return np.zeros(len(family))
    visitor = now.weight @ now.shopper / now.weight.sum()
    wide = np.append(visitor, fit.layout.calendar.columns(np.array([day])))
    place = fit.tree.find("family", family)
    every = np.concatenate([fit.at.family, fit.at.all[None, : fit.layout.family]])
    added: FloatArray = every[place, 2 : 2 + fit.layout.wide] @ wide
    return added


def _alone(
    value: FloatArray, doubt: FloatArray, grown: FloatArray, log_price: FloatArray, bend: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return chance, elasticity, its sd and its derivatives of products seen alone."""
    bent = np.expm1(bend * log_price) / bend if abs(bend) > 1e-3 else log_price
    steep = np.exp(value[:, 1])
    chance = 1.0 / (1.0 + np.exp(steep * bent - value[:, 0]))
    elasticity = steep * grown * (1.0 - chance)
    moves = elasticity[:, None] * np.stack([-chance, 1.0 + chance * steep * bent], axis=1)
    return chance, elasticity, find_sd(moves, doubt), moves


def _families(fit: ChoiceFit, families: IntArray) -> tuple[FloatArray, FloatArray]:
    """Return elasticity and sd of a good never seen in each family, at its reference price."""
    never = np.full(len(families), np.iinfo(np.int64).min)
    value, doubt, _ = place_products(fit, never, never, families)
    none = np.zeros(len(families))
    chance, mean, sd, _ = _alone(value, doubt, np.ones(len(families)), none, fit.bend)
    return mean - find_memory(fit, families) * (1.0 - chance), sd


def example_choice() -> ServedChoice:
    """Return a model of one item for examples."""

    plain = example_served()
    return ServedChoice(
        **{name: getattr(plain, name) for name in _PLAIN},
        moves=np.array([[-0.2, 2.0]]),
        siblings=np.array([0.25]),
        response_names=np.array(["deals"]),
        response=np.array([0.5]),
        bend=np.array([1.0]),
    )


_NAMES = tuple(Columns.__annotations__)
_LEVELS = tuple(Coefficients.__annotations__)


def pack_fit(fit: ChoiceFit) -> dict[str, NDArray[Any]]:
    """Return a fit as named arrays for `pack_arrays`: all but the arrow.

    >>> from pricing.demand.core.choice import Impressions, fit_choice
    >>> seen = Impressions.of(
    ...     set_id=[0, 1], item=[4, 4], category=[7, 7], family=[3, 3], log_price=[0.0, 0.2],
    ...     bought=[10.0, 5.0], weight=[50.0, 50.0],
    ... )
    >>> fit = fit_choice(seen)
    >>> again = read_fit(pack_fit(fit))
    >>> bool((again.at.item == fit.at.item).all()), again.spreads == fit.spreads
    (True, True)
    """
    packed: dict[str, NDArray[Any]] = {
        f"tree_{name}": getattr(fit.tree, name) for name in Tree.__annotations__
    }
    packed |= {f"at_{name}": getattr(fit.at, name) for name in _LEVELS}
    packed |= {
        f"names_{name}": np.array(getattr(fit.layout.columns, name), dtype=np.str_)
        for name in _NAMES
    }
    calendar = fit.layout.calendar
    packed["calendar"] = np.array([float(getattr(calendar, n)) for n in Calendar.__annotations__])
    packed["own"] = np.array(fit.layout.own, dtype=np.int64)
    packed["spread_level"] = np.array([level for level, _ in fit.spreads.sd], dtype=np.int64)
    packed["spread_kind"] = np.array([kind for _, kind in fit.spreads.sd], dtype=np.str_)
    packed["spread_sd"] = np.array(list(fit.spreads.sd.values()))
    packed |= {f"doubt_{name}": getattr(fit.doubt, name) for name in _LEVELS}
    packed["shape_size"] = np.array([len(one) for one in fit.shapes], dtype=np.int64)
    packed["shape"] = np.concatenate([_triangle(one) for one in fit.shapes] or [np.zeros(0)])
    packed["seen"] = np.array([fit.log_likelihood, fit.sets, fit.rows, fit.trust])
    packed |= {"slopes_stay": np.ones(1)} if fit.slopes_stay else {}
    return packed | fit.known.arrays()


def read_fit(arrays: Mapping[str, NDArray[Any]]) -> ChoiceFit:
    """Return the fit that `arrays` was made from; it cannot draw."""
    names: dict[str, Any] = {name: tuple(arrays[f"names_{name}"].tolist()) for name in _NAMES}
    last, knots, step, has_year, has_week = arrays["calendar"].tolist()
    calendar = Calendar(last, int(knots), step, has_year=bool(has_year), has_week=bool(has_week))
    kinds = zip(arrays["spread_level"].tolist(), arrays["spread_kind"].tolist(), strict=True)
    value, sets, rows, trust = arrays["seen"].tolist()
    return ChoiceFit(
        tree=Tree(**{name: arrays[f"tree_{name}"] for name in Tree.__annotations__}),
        layout=Layout(Columns(**names), calendar, tuple(arrays["own"].tolist())),
        at=Coefficients(**{name: arrays[f"at_{name}"] for name in _LEVELS}),
        spreads=Spreads(dict(zip(kinds, arrays["spread_sd"].tolist(), strict=True))),
        doubt=Doubt(**{name: arrays[f"doubt_{name}"] for name in _LEVELS}),
        log_likelihood=value,
        sets=int(sets),
        rows=int(rows),
        trust=trust,
        slopes_stay="slopes_stay" in arrays,
        known=SlopePrior.from_arrays(arrays),
        shapes=tuple(_squares(arrays["shape"], arrays["shape_size"].tolist())),
    )


def _triangle(square: FloatArray) -> FloatArray:
    upper: FloatArray = square[np.triu_indices(len(square))]
    return upper


def _squares(packed: FloatArray, sizes: list[int]) -> list[FloatArray]:
    found, start = [], 0
    for size in sizes:
        stop = start + size * (size + 1) // 2
        square = np.zeros((size, size))
        square[np.triu_indices(size)] = packed[start:stop]
        found.append(square + np.triu(square, 1).T)
        start = stop
    return found
