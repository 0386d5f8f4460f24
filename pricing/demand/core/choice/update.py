"""Updates between nights: new impressions added to the nightly fit in a second or two.

The night's posterior of a block (its items and categories, given what lies above) is a normal. New
impressions of that block are added to it exactly; families and all products stay as the night left
them. Always update the night's fit with everything settled since, and put quotes that are still
open on top of that for the moment's view only: nothing is ever built upon them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice.arrow import invert
from pricing.demand.core.choice.curvature import Information, Piece, cut
from pricing.demand.core.choice.fit import ChoiceFit, begin
from pricing.demand.core.choice.impressions import Impressions
from pricing.demand.core.choice.layout import SLOPE
from pricing.demand.core.choice.likelihood import Coefficients, Frame, measure, score

STEPS, TOLERANCE, HALVINGS = 12, 1e-4, 10
# Information is taken anew at every so many steps: the night's, which stays, is most of it.
REFRESHED = 4


def update_choice(fit: ChoiceFit, new: Impressions) -> ChoiceFit:
    """Return `fit` with `new` impressions taken in; the columns must be the same.

    Products that the fit never saw are left out of their sets, and a set of products of several
    blocks counts as one set for each: both wait for the night. An open quote counts with the share
    of its purchases that would have come by now: give its set that `weight`. Where the slopes of a
    fit stay, they stay here, too.

    >>> from pricing.demand.core.choice.fit import fit_choice
    >>> def see(bought):
    ...     return Impressions.of(
    ...         set_id=[0, 1], item=[4, 4], category=[7, 7], family=[3, 3],
    ...         log_price=[-0.1, 0.1], bought=bought, weight=[1e4, 1e4],
    ...     )
    >>> night = fit_choice(see([2_000.0, 1_000.0]))
    >>> later = update_choice(night, see([1_500.0, 1_000.0]))
    >>> bool(later.at.item[0, 1] < night.at.item[0, 1]), bool(later.doubt.item[0, 1, 1] < 0.01)
    (True, True)
    """
    seen = _fit_in(fit, new)
    if not len(seen):
        return fit
    touched = np.unique(fit.tree.find("item", seen.item))
    tree = fit.tree.narrow(touched)
    start = begin(tree, fit.layout, fit, fit.known)
    frame = Frame.of(seen, tree, fit.layout, slopes_stay=fit.slopes_stay)
    pieces, blocks = cut(frame), fit.tree.block_of_item
    spots = [_Spot.of(fit, blocks, touched[piece.items]) for piece in pieces]
    at, after = _climb(frame, pieces, start, [spot.precision for spot in spots])
    item, category = fit.at.item.copy(), fit.at.category.copy()
    doubt, shapes = fit.doubt.item.copy(), list(fit.shapes)
    for spot, piece, covariance in zip(spots, pieces, after, strict=True):
        # Those not seen follow as they hang together with those that were.
        moved = spot.gain @ (at.item[piece.items] - start.item[piece.items]).ravel()
        items = item[spot.items].size
        item[spot.items] += moved[:items].reshape(-1, fit.layout.item)
        category[spot.categories] += moved[items:].reshape(-1, 2)
        less = spot.gain @ (spot.covariance - covariance) @ spot.gain.T
        pair = np.arange(items).reshape(-1, fit.layout.item)[:, :2]
        # What the night did not know of those above stays unknown.
        doubt[spot.items] -= less[pair[:, :, None], pair[:, None, :]]
        shapes[spot.block] = fit.shapes[spot.block] - less
    return replace(
        fit,
        at=replace(fit.at, item=item, category=category),
        doubt=replace(fit.doubt, item=doubt),
        shapes=tuple(shapes),
        sets=fit.sets + seen.sets,
        rows=fit.rows + len(seen),
        arrow=None,
    )


def widen_doubt(fit: ChoiceFit, family: IntArray, factor: float) -> ChoiceFit:
    """Return `fit` with `factor` times the variance of all products of `family` (k,), and of those
    that are solved together with them. Where the slopes of a fit stay, so does doubt about them.

    >>> from pricing.demand.core.choice.fit import fit_choice
    >>> seen = Impressions.of(
    ...     set_id=[0, 1], item=[4, 5], category=[7, 8], family=[3, 6], log_price=[-0.1, 0.1],
    ...     bought=[1.0, 0.0],
    ... )
    >>> fit = fit_choice(seen)
    >>> wide = widen_doubt(fit, np.array([6]), 4.0)
    >>> (wide.doubt.item / fit.doubt.item)[:, 1, 1].round(9).tolist()
    [1.0, 4.0]
    """
    here = np.isin(fit.tree.family[fit.tree.family_of_category], family)
    blocks = np.unique(fit.tree.block_of_category[here])
    if not len(blocks):
        return fit
    grown = np.full(fit.layout.item, np.sqrt(factor))
    if fit.slopes_stay:
        grown[SLOPE] = 1.0
    doubt, shapes = fit.doubt.item.copy(), list(fit.shapes)
    doubt[np.isin(fit.tree.block_of_item, blocks)] *= np.outer(grown[:2], grown[:2])
    for block in blocks.tolist():
        items = np.tile(grown, np.count_nonzero(fit.tree.block_of_item == block))
        above = np.tile(grown[:2], np.count_nonzero(fit.tree.block_of_category == block))
        every = np.concatenate([items, above])
        shapes[block] = np.outer(every, every) * shapes[block]
    return replace(fit, doubt=replace(fit.doubt, item=doubt), shapes=tuple(shapes), arrow=None)


@dataclass(frozen=True, slots=True, eq=False)
class _Spot:
    """The items of one block that new impressions touch: where the block stands in the fit, the
    night's covariance and precision of the touched coefficients (t, t), and how all of the block's
    follow these (own, t)."""

    block: int
    items: slice
    categories: slice
    covariance: FloatArray
    precision: FloatArray
    gain: FloatArray

    @staticmethod
    def of(fit: ChoiceFit, blocks: IntArray, touched: IntArray) -> _Spot:
        """Return the spot of touched items, positions in the fit's tree, of one of the `blocks` of
        its items."""
        tree, q = fit.tree, fit.layout.item
        block = int(blocks[touched[0]])
        span = np.searchsorted(blocks, [block, block + 1])
        above = np.searchsorted(tree.block_of_category, [block, block + 1])
        here = ((touched - span[0])[:, None] * q + np.arange(q)).ravel()
        shape = fit.shapes[block]
        covariance = shape[np.ix_(here, here)]
        precision = invert(covariance)
        gain = shape[:, here] @ precision
        return _Spot(block, slice(*span), slice(*above), covariance, precision, gain)


def _fit_in(fit: ChoiceFit, new: Impressions) -> Impressions:
    """Return `new` without products that the fit never saw, each set within one block."""
    if new.columns != fit.layout.columns:
        raise ValueError("new impressions must have the columns of the fit")
    at = fit.tree.find("item", new.item)
    rows = np.flatnonzero(at >= 0)
    block = fit.tree.block_of_item[at[rows]]
    blocks = int(fit.tree.block_of_category[-1]) + 1 if len(fit.tree.category) else 1
    return new.split(rows, new.set_of[rows] * blocks + block)


def _climb(
    frame: Frame, pieces: list[Piece], start: Coefficients, before: list[FloatArray]
) -> tuple[Coefficients, list[FloatArray]]:
    """Return the mode of the touched items' coefficients, and their covariances there."""
    at, shares = start, measure(frame, start)
    value, after = shares.value, before
    for count in range(STEPS):
        if count % REFRESHED == 0:
            after = [
                invert(precision + Information.of(frame, shares, piece).own)
                for piece, precision in zip(pieces, before, strict=True)
            ]
        told = score(frame, shares)
        step, gain = np.zeros_like(at.item), 0.0
        for piece, precision, covariance in zip(pieces, before, after, strict=True):
            own = told.item[piece.items].ravel()
            own = own - precision @ (at.item[piece.items] - start.item[piece.items]).ravel()
            step[piece.items] = (covariance @ own).reshape(-1, at.item.shape[1])
            gain += float(step[piece.items].ravel() @ own)
        share = 1.0
        for _ in range(HALVINGS):
            tried = replace(at, item=at.item + share * step)
            shares = measure(frame, tried)
            found = shares.value - _far(pieces, tried.item - start.item, before)
            if found >= value - 1e-9 * abs(value):
                break
            share /= 2.0
        at, value = tried, found
        if gain < TOLERANCE:
            break
    return at, after


def _far(pieces: list[Piece], moved: FloatArray, before: list[FloatArray]) -> float:
    """Return minus the log density of the night's posterior at a distance from its mean."""
    total = 0.0
    for piece, precision in zip(pieces, before, strict=True):
        own = moved[piece.items].ravel()
        total += 0.5 * float(own @ precision @ own)
    return total
