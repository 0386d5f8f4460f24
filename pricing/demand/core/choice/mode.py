"""Newton's method on the choice model, its shared coefficients at their marginal mode."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray
from pricing.demand.core.choice.arrow import Arrow
from pricing.demand.core.choice.curvature import cut, find_volume
from pricing.demand.core.choice.layout import SLOPE, Layout
from pricing.demand.core.choice.likelihood import Coefficients, Frame, Shares, measure, score
from pricing.demand.core.choice.spreads import Prior

BENDS = (-2.0, 3.0)  # of the price; beyond, utilities are nearly steps
LONGEST = 1.5  # change of a coefficient in one step
HALVINGS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Mode:
    """Where the posterior is highest, its shape there, and how many Newton steps it took."""

    at: Coefficients
    arrow: Arrow
    log_likelihood: float
    steps: int


def find_mode(
    frame: Frame, prior: Prior, start: Coefficients, *, steps: int, tolerance: float
) -> Mode:
    """Return the posterior mode from `start`, after at most `steps` steps, the last of which gained
    less than `tolerance` of log posterior; the shape is that before the last step.

    Fisher scoring with step halving. Coefficients of families and all goods are taken where their
    marginal density is highest, those of items and categories integrated out: log p - log det(A)/2
    (the adjusted profile likelihood of Lee and Nelder, "Hierarchical generalized linear models",
    JRSS B 1996). Without that all slopes of which little is known are found too steep: a slope that
    looks steeper by luck also counts for more. The derivative of the determinant is that at
    `start`, where the last fit ended. Response weights never fall below 0: a weight at 0 whose
    derivative is negative is held there (projected Newton, Bertsekas 1982). Where the frame's
    slopes stay, what a price does is left as it was at `start`, to the bit.
    """
    layout, tree, pieces = frame.layout, frame.tree, cut(frame)
    at, shares = start, measure(frame, start)
    volume: Coefficients | None = None
    done, arrow = 0, Arrow.of(frame, shares, prior, pieces)
    for _ in range(steps):
        told = _add(score(frame, shares), prior.score(at, tree))
        if frame.slopes_stay:
            told = _still(layout, told)
        if volume is None:
            volume = _volume(frame, shares, arrow)
        bias = follow_volume(arrow, volume)
        step = arrow.solve(told, volume, _hold(layout, at, told.all + bias.all))
        gain = _dot(told, step) + _shared(bias, step)
        value = shares.value + prior.value(at, tree)
        tried = _search(frame, prior, (at, value), step, bias)
        if tried is None:
            break
        at, shares, done = *tried, done + 1
        if gain < tolerance:
            break
        arrow = Arrow.of(frame, shares, prior, pieces)
    return Mode(at, arrow, shares.value, done)


def find_mean(mode: Mode) -> Coefficients:
    """Return the mode with items and categories at their posterior mean, given those above.

    To first order the mean lies covariance times the volume's derivative beside the mode: log
    slopes are skewed, since what is flat may be flatter still without looking less likely.
    """
    arrow, at = mode.arrow, mode.at
    volume = _volume(arrow.frame, measure(arrow.frame, at), arrow)
    item, category = at.item.copy(), at.category.copy()
    for node, piece in zip(arrow.blocks, arrow.pieces, strict=True):
        told = volume.item[piece.items].ravel()
        moved = node.covariance[:, : len(told)] @ told
        item[piece.items] += moved[: len(told)].reshape(-1, item.shape[1])
        category[piece.categories] += moved[len(told) :].reshape(-1, 2)
    return replace(at, item=item, category=category)


def _search(
    frame: Frame,
    prior: Prior,
    now: tuple[Coefficients, float],
    step: Coefficients,
    bias: Coefficients,
) -> tuple[Coefficients, Shares] | None:
    """Return the longest of halved steps that does not lose; None if all do."""
    at, value = now
    longest = max(float(np.abs(one).max(initial=0.0)) for one in (step.item, step.all))
    share = min(1.0, LONGEST / max(longest, 1e-12))
    for _ in range(HALVINGS):
        tried = _project(frame.layout, at.plus(step, share))
        shares = measure(frame, tried)
        moved = tried.plus(at, -1.0)
        found = shares.value + prior.value(tried, frame.tree) + _shared(bias, moved)
        if found >= value - 1e-9 * abs(value):
            return tried, shares
        share /= 2.0
    return None


def _project(layout: Layout, at: Coefficients) -> Coefficients:
    everywhere = at.all.copy()
    everywhere[layout.response] = np.maximum(everywhere[layout.response], 0.0)
    everywhere[layout.bend] = np.clip(everywhere[layout.bend], *BENDS)
    return replace(at, all=everywhere)


def _hold(layout: Layout, at: Coefficients, pull: FloatArray) -> BoolArray:
    """Return which coefficients of all goods stay: weights at 0 that would become negative."""
    held = np.zeros(layout.all, dtype=np.bool_)
    weights = layout.response
    held[weights] = (at.all[weights] <= 0.0) & (pull[weights] <= 0.0)
    return held


def _still(layout: Layout, told: Coefficients) -> Coefficients:
    """Return a derivative that asks nothing of what a price does (log slopes, effects of public
    columns, response weights, bend): with no information about it either, no step moves it."""
    public = np.arange(layout.public.start, layout.public.stop)
    held = np.concatenate([[SLOPE], public, np.arange(layout.family, layout.all)])
    item, category, family, everywhere = (
        getattr(told, name).copy() for name in Coefficients.__annotations__
    )
    item[:, SLOPE] = category[:, SLOPE] = 0.0
    family[:, held[held < layout.family]] = everywhere[held] = 0.0
    return Coefficients(item, category, family, everywhere)


def _volume(frame: Frame, shares: Shares, arrow: Arrow) -> Coefficients:
    return find_volume(frame, shares, arrow.pieces, [node.covariance for node in arrow.blocks])


def follow_volume(arrow: Arrow, volume: Coefficients) -> Coefficients:
    """Return the derivative of the volume by families and all goods, those below following."""
    layout = arrow.frame.layout
    family, everywhere = volume.family.copy(), volume.all.copy()
    for node, piece, (_, place) in zip(arrow.blocks, arrow.pieces, arrow.borders, strict=True):
        own = volume.item[piece.items].ravel()
        told = node.follow[: len(own)].T @ own
        inner = len(place) - layout.tail
        family[piece.families] += told[:inner].reshape(-1, layout.family)
        everywhere[layout.family :] += told[inner:]
    return replace(volume, family=family, all=everywhere)


def _add(a: Coefficients, b: Coefficients) -> Coefficients:
    return a.plus(b, 1.0)


def _dot(a: Coefficients, b: Coefficients) -> float:
    own = float((a.item * b.item).sum() + (a.category * b.category).sum())
    return own + _shared(a, b)


def _shared(a: Coefficients, b: Coefficients) -> float:
    return float((a.family * b.family).sum() + a.all @ b.all)
