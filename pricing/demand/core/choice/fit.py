"""Fitting the choice model: every time anew, on all impressions, from where the last fit ended."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice.arrow import (
    CATEGORY,
    FAMILY,
    ITEM,
    Arrow,
    Spreads,
    learn,
    make_prior,
)
from pricing.demand.core.choice.impressions import Impressions
from pricing.demand.core.choice.layout import LEVEL, SLOPE, Calendar, Layout, Tree
from pricing.demand.core.choice.likelihood import Coefficients, Frame
from pricing.demand.core.choice.mode import Doubt, find_mean, find_mode, find_variances
from pricing.demand.core.choice.prior import FIRST_TRUST, SlopePrior, Weekly

RANKS = (ITEM, CATEGORY, FAMILY)
ROUNDS, WARM_ROUNDS = 6, 1
STEPS, TOLERANCE = 12, 1e-3
# Trust in weekly sales is learned from randomised impressions if these bought so much; a fit is
# made anew if trust moved by a step.
ENOUGH_BOUGHT, TRUST_ROUNDS, TRUST_STEP = 300.0, 3, 0.1
# Kinds of coefficients that say what a price does.
PRICE_KINDS = ("slope", "public", "public bend", "public product")
# A gain is shared by all products: with more than so many it may be larger.
MANY = 50
# More rows than this are fitted from where a fit of some of their sets ended.
AT_ONCE, FIRST_OF = 200_000, 8


@dataclass(frozen=True, slots=True, eq=False)
class ChoiceFit:
    """A fitted choice model: the mode, the doubt about each item, and the spreads.

    `doubt` holds the posterior covariances of whole levels and log slopes, `known` what was known
    of slopes before, `trust` how far weekly sales are to be trusted, `shapes` each block's
    covariance of own coefficients given those above. `slopes_stay`: what a price does was left as
    the fit before had it; minutes leave it, too. `arrow` is the whole posterior's shape; it is not
    stored: only a fit that is still in memory can draw.
    """

    tree: Tree
    layout: Layout
    at: Coefficients
    spreads: Spreads
    doubt: Doubt
    log_likelihood: float
    sets: int
    rows: int
    known: SlopePrior
    shapes: tuple[FloatArray, ...]
    trust: float = FIRST_TRUST
    slopes_stay: bool = False
    arrow: Arrow | None = None

    @property
    def response(self) -> dict[str, float]:
        """Return the learned weight of each response column: at 1 it makes the price effect (1 + w)
        times as strong."""
        weights = self.at.all[self.layout.response].tolist()
        return dict(zip(self.layout.columns.response, weights, strict=True))

    @property
    def bend(self) -> float:
        """Return k of the price transform: 1 is a logit linear in price, 0 one in log price."""
        return float(self.at.all[self.layout.bend])

    def coefficients(
        self, item: IntArray, category: IntArray, family: IntArray
    ) -> tuple[FloatArray, FloatArray, IntArray]:
        """Return whole level and log slope of products (k, 2), their covariance (k, 2, 2), and
        depth: 0 an item that was seen, 1 its category, 2 its family, 3 all products."""
        return place_products(self, item, category, family)

    def learn_trust(self, weekly: Weekly) -> float:
        """Return the share of weekly differences between slopes that this fit's items speak for."""
        tree = self.tree
        above = self.at.category[tree.category_of_item, SLOPE]
        expected = above + self.known.offsets(tree.item, tree.family[tree.family_of_item])
        slope = self.at.item[:, SLOPE], self.doubt.item[:, SLOPE, SLOPE]
        return weekly.learn_trust(tree.item, slope, expected, self.spreads.of(ITEM, "slope"))[0]


def fit_choice(
    seen: Impressions,
    *,
    prior: SlopePrior | None = None,
    weekly: Weekly | None = None,
    start: ChoiceFit | None = None,
    own: tuple[int, ...] = (),
    tolerance: float = TOLERANCE,
    slopes_stay: bool = False,
) -> ChoiceFit:
    """Return the model fitted to `seen`, all of it, from where `start` ended. Where `slopes_stay`,
    only levels are fitted: what a price does, and the doubt about it, are those of `start`.

    `prior` is what is known of slopes before, or `weekly`, slopes of weekly sales, of which it is
    learned how far to trust them; `own` are the shopper columns for which each item has a taste of
    its own; `tolerance` is the gain of log posterior, of some MANY products, below which a mode is
    left alone. What it predicts is said in `predict`: chances are per visit that saw the set.

    >>> rng, price = np.random.default_rng(0), np.repeat(np.log([0.9, 1.0, 1.1]), 40)
    >>> chance = 1.0 / (1.0 + np.exp(2.0 + 3.0 * (np.exp(price) - 1.0)))
    >>> item = np.tile(np.arange(40), 3)
    >>> seen = Impressions.of(
    ...     set_id=np.arange(120), item=item, category=item // 8, family=item // 40,
    ...     log_price=price, weight=np.full(120, 2e3), bought=rng.binomial(2_000, chance),
    ... )
    >>> fit = fit_choice(seen)
    >>> slope = np.exp(fit.at.item[:, SLOPE])
    >>> bool(abs(slope.mean() - 3.0) < 0.25), bool(abs(fit.at.all[0] + 2.0) < 0.1)
    (True, True)
    """
    seen = seen.condense()
    if slopes_stay and start is not None:
        fit = _fit(seen, start.known, start, own, tolerance, slopes_stay=True)
        return replace(fit, trust=start.trust, doubt=_keep_doubt(fit, start))
    if start is None and len(seen) > AT_ONCE:
        some = seen.take_sets(np.arange(0, seen.sets, FIRST_OF))
        start = fit_choice(some, prior=prior, weekly=weekly, own=own, tolerance=tolerance)
    if weekly is not None:
        return _fit_weekly(seen, weekly, start, own, tolerance)
    return _fit(seen, prior or SlopePrior.nothing(), start, own, tolerance)


def _fit_weekly(
    seen: Impressions,
    weekly: Weekly,
    start: ChoiceFit | None,
    own: tuple[int, ...],
    tolerance: float,
) -> ChoiceFit:
    """Return a fit that trusts weekly slopes as far as impressions, randomised if enough are, agree
    with them: learned in the fit, and used in it where it moved much."""
    trust = start.trust if start else FIRST_TRUST
    drawn = np.zeros(seen.sets, dtype=np.bool_)
    drawn[seen.set_of[np.isfinite(seen.moved)]] = True
    some = seen.take_sets(drawn)
    judged = some if some.bought.sum() >= ENOUGH_BOUGHT and not drawn.all() else None
    for _ in range(TRUST_ROUNDS):
        fit = _fit(seen, weekly.expect(trust), start, own, tolerance)
        told = fit if judged is None else _fit(judged, fit.known, fit, own, tolerance)
        before, trust = trust, told.learn_trust(weekly)
        fit, start = replace(fit, trust=trust), fit
        if abs(trust - before) < TRUST_STEP:
            break
    return fit


def _fit(
    seen: Impressions,
    known: SlopePrior,
    start: ChoiceFit | None,
    own: tuple[int, ...],
    tolerance: float,
    *,
    slopes_stay: bool = False,
) -> ChoiceFit:
    tree, calendar = Tree.of(seen), Calendar.of(seen.day)
    layout = Layout(seen.columns, calendar, own)
    frame = Frame.of(seen, tree, layout, slopes_stay=slopes_stay)
    spreads = start.spreads if start else Spreads()
    at = begin(tree, layout, start, known)
    enough = max(1.0, len(tree.item) / MANY)
    for _ in range(WARM_ROUNDS if start else ROUNDS):
        now = make_prior(spreads, layout, tree, known)
        mode = find_mode(frame, now, at, steps=STEPS, tolerance=tolerance * enough)
        variance, doubt = find_variances(mode.arrow)
        at, before = mode.at, spreads
        spreads = learn(spreads, layout, now.deviate(at, tree), variance)
    return ChoiceFit(
        tree=tree,
        layout=layout,
        at=find_mean(mode),
        spreads=before.keep(PRICE_KINDS, spreads) if slopes_stay else spreads,
        doubt=doubt,
        log_likelihood=mode.log_likelihood,
        sets=seen.sets,
        rows=len(seen),
        known=known,
        shapes=tuple(node.covariance for node in mode.arrow.blocks),
        slopes_stay=slopes_stay,
        arrow=mode.arrow,
    )


def _keep_doubt(fit: ChoiceFit, start: ChoiceFit) -> Doubt:
    """Return the doubt about levels of a fit, with that of `start` about slopes."""
    found: dict[str, FloatArray] = {}
    tree = fit.tree
    above = tree.category[tree.category_of_item], tree.family[tree.family_of_item]
    for name in ("item", "category", "family"):
        doubt = getattr(fit.doubt, name).copy()
        at = start.tree.find(name, getattr(tree, name))
        doubt[at >= 0, SLOPE, SLOPE] = getattr(start.doubt, name)[at[at >= 0], SLOPE, SLOPE]
        found[name] = doubt
    found["item"][:, SLOPE, SLOPE] = place_products(start, tree.item, *above)[1][:, SLOPE, SLOPE]
    found["all"] = fit.doubt.all.copy()
    found["all"][SLOPE, SLOPE] = start.doubt.all[SLOPE, SLOPE]
    return Doubt(**found)


def begin(tree: Tree, layout: Layout, start: ChoiceFit | None, known: SlopePrior) -> Coefficients:
    """Return coefficients to begin from: those of `start` for what it knows, else the prior's."""
    top = make_prior(Spreads(), layout, tree, known).mean.copy()
    if start is not None:
        _carry(top, layout, start.at.all, start.layout)
    family = np.tile(top[: layout.family], (len(tree.family), 1))
    category = np.tile(top[:2], (len(tree.category), 1))
    item = np.zeros((len(tree.item), layout.item))
    item[:, :2] = top[:2]
    item[:, SLOPE] += known.offsets(tree.item, tree.family[tree.family_of_item])
    begun = Coefficients(item, category, family, top)
    if start is not None:
        _continue(begun, tree, layout, start)
    return begun


def _continue(begun: Coefficients, tree: Tree, layout: Layout, start: ChoiceFit) -> None:
    """Put the coefficients of `start` where it knows a family, category or item."""
    old = start.tree.find("family", tree.family)
    if start.layout == layout:
        begun.family[old >= 0] = start.at.family[old[old >= 0]]
    else:
        for place in np.flatnonzero(old >= 0).tolist():
            _carry(begun.family[place], layout, start.at.family[old[place]], start.layout)
    old = start.tree.find("item", tree.item)
    if start.layout.own == layout.own:
        begun.item[old >= 0, 2:] = start.at.item[old[old >= 0], 2:]
    of_category = tree.category[tree.category_of_item]
    of_family = tree.family[tree.family_of_item]
    begun.item[:, :2] = place_products(start, tree.item, of_category, of_family)[0]
    old = start.tree.find("category", tree.category)
    begun.category[old >= 0] = start.at.category[old[old >= 0]]


def _carry(new: FloatArray, layout: Layout, old: FloatArray, before: Layout) -> None:
    """Copy coefficients of a family or of all products by the names of their columns."""
    names, known = layout.names(), before.names()
    seen: dict[tuple[str, int], float] = {}
    for value, name in zip(old.tolist(), known, strict=False):
        seen[name, sum(1 for one, _ in seen if one == name)] = value
    count: dict[str, int] = {}
    for at, name in enumerate(names[: len(new)]):
        place = count.get(name, 0)
        count[name] = place + 1
        new[at] = seen.get((name, place), 0.0 if name == "drift" else new[at])


def place_products(
    fit: ChoiceFit, item: IntArray, category: IntArray, family: IntArray
) -> tuple[FloatArray, FloatArray, IntArray]:
    """Return what `ChoiceFit.coefficients` does."""
    spread = [[fit.spreads.of(level, kind) ** 2 for kind in ("level", "slope")] for level in RANKS]
    below = [np.diag(np.sum(spread[: level + 1], axis=0)) for level in RANKS]
    value = np.tile(fit.at.all[:2], (len(item), 1))
    variance = np.tile(fit.doubt.all + below[FAMILY], (len(item), 1, 1))
    depth = np.full(len(item), 3, dtype=np.int64)
    ids = {"family": family, "category": category}
    for level, name in ((CATEGORY, "family"), (ITEM, "category")):
        at = fit.tree.find(name, ids[name])
        known = np.flatnonzero(at >= 0)
        value[known] = getattr(fit.at, name)[at[known], :2]
        variance[known] = getattr(fit.doubt, name)[at[known]] + below[level]
        depth[known] = level + 1
    value[:, SLOPE] += fit.known.offsets(item, family)
    at = fit.tree.find("item", item)
    value[at >= 0] = fit.at.item[at[at >= 0]][:, [LEVEL, SLOPE]]
    variance[at >= 0] = fit.doubt.item[at[at >= 0]]
    depth[at >= 0] = 0
    return value, variance, depth
