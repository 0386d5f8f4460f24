"""Hierarchical normal priors of coefficients, and estimation of their spreads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice.layout import LEVEL, SLOPE, Layout, Tree
from pricing.demand.core.choice.likelihood import Coefficients
from pricing.demand.core.choice.prior import DOUBT, SlopePrior

# Before any evidence: a chance to buy of 12 %, utility linear in price.
MEAN_LEVEL, MEAN_BEND = -2.0, 1.0
# First spreads of items around categories, categories around families, families around all, all.
FIRST: dict[str, tuple[float, float, float, float]] = {
    "level": (0.7, 0.4, 0.5, 2.5),
    "slope": (0.3, 0.2, 0.25, DOUBT),
    "taste": (0.1, 0.0, 0.0, 0.0),
    "shopper": (0.0, 0.0, 0.1, 0.4),
    "goods": (0.0, 0.0, 0.1, 0.4),
    "bend": (0.0, 0.0, 0.05, 0.2),
    "product": (0.0, 0.0, 0.03, 0.1),
    "week": (0.0, 0.0, 0.1, 0.2),
    "year": (0.0, 0.0, 0.15, 0.2),
    "drift": (0.0, 0.0, 0.1, 0.1),
    "rival": (0.0, 0.0, 0.3, 1.0),
    "rival known": (0.0, 0.0, 0.1, 0.3),
    "public": (0.0, 0.0, 0.1, 0.3),
    "public bend": (0.0, 0.0, 0.05, 0.15),
    "public product": (0.0, 0.0, 0.03, 0.08),
}
ITEM, CATEGORY, FAMILY, ALL = range(4)
RESPONSE, BEND = 1.0, 0.5
# A weight that somebody believes in may be off by a half of it, or by so much.
WEIGHT = 0.25
PSEUDO = 4.0  # coefficients that a first spread counts as
LEAST, MOST = 1e-3, 5.0
FIXED = ("level", "slope")  # of all goods: one number each, nothing to learn a spread from


@dataclass(frozen=True, slots=True)
class Spreads:
    """Standard deviations of each kind of coefficient, by level ("item", ... , "all")."""

    sd: Mapping[tuple[int, str], float] = field(default_factory=dict)

    def of(self, level: int, kind: str) -> float:
        """Return the spread of a kind, the first one where none was learned.

        >>> Spreads().of(ITEM, "slope"), Spreads({(ITEM, "slope"): 0.2}).of(ITEM, "slope")
        (0.3, 0.2)
        """
        return self.sd.get((level, kind), FIRST[kind][level])

    def keep(self, kinds: tuple[str, ...], later: Spreads) -> Spreads:
        """Return `later` spreads, those of `kinds` as they are here.

        >>> Spreads({(0, "slope"): 0.2}).keep(("slope",), Spreads({(0, "slope"): 0.9})).sd
        {(0, 'slope'): 0.2}
        """
        others = {name: sd for name, sd in later.sd.items() if name[1] not in kinds}
        own = {name: sd for name, sd in self.sd.items() if name[1] in kinds}
        return replace(self, sd=others | own)


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Independent normals of each coefficient around that above it, all goods' around `mean`.

    Precisions: `item` (m, q), `category` (2,), `family` (., ), `all` (.,). `offset` (m,) is what
    the log slope of an item is expected to lie above its category's.
    """

    item: FloatArray
    category: FloatArray
    family: FloatArray
    all: FloatArray
    mean: FloatArray
    offset: FloatArray

    def deviate(self, at: Coefficients, tree: Tree) -> Coefficients:
        """Return how far each coefficient lies from what is expected of it."""
        item, above = at.item.copy(), at.category[tree.category_of_item]
        item[:, LEVEL] -= above[:, LEVEL]
        item[:, SLOPE] -= above[:, SLOPE] + self.offset
        category = at.category - at.family[tree.family_of_category][:, :2]
        family = at.family - at.all[: at.family.shape[1]]
        return Coefficients(item, category, family, at.all - self.mean)

    def value(self, at: Coefficients, tree: Tree) -> float:
        """Return the log density, without its constant."""
        far = self.deviate(at, tree)
        total = (far.item**2 * self.item).sum() + (far.category**2 * self.category).sum()
        total += (far.family**2 * self.family).sum() + (far.all**2 * self.all).sum()
        return -0.5 * float(total)

    def score(self, at: Coefficients, tree: Tree) -> Coefficients:
        """Return the derivative of `value` by all coefficients."""
        far = self.deviate(at, tree)
        item, category = far.item * self.item, far.category * self.category
        family, size = far.family * self.family, far.family.shape[1]
        all_goods = -far.all * self.all
        all_goods[:size] += family.sum(axis=0)
        family = -family
        family[:, :2] += sum_over(category, tree.family_of_category, len(tree.family))
        up = sum_over(item[:, :2], tree.category_of_item, len(tree.category))
        return Coefficients(-item, up - category, family, all_goods)


def make_prior(spreads: Spreads, layout: Layout, tree: Tree, known: SlopePrior) -> Prior:
    """Return the prior of `spreads`, and of what is known of slopes and weights before."""
    kinds = layout.groups()
    item = np.empty((len(tree.item), layout.item))
    item[:, LEVEL] = spreads.of(ITEM, "level")
    item[:, SLOPE] = spreads.of(ITEM, "slope")
    item[:, 2:] = spreads.of(ITEM, "taste")
    category = np.array([spreads.of(CATEGORY, kind) for kind in ("level", "slope")])
    family = np.array([spreads.of(FAMILY, kind) for kind in kinds])
    believed = [known.weights.get(one) for one in layout.columns.response]
    tail = [RESPONSE if one is None else max(WEIGHT, one / 2.0) for one in believed]
    above = np.array([*[spreads.of(ALL, kind) for kind in kinds], *tail, BEND])
    mean = np.zeros(layout.all)
    mean[[LEVEL, SLOPE, layout.bend]] = MEAN_LEVEL, known.mean, MEAN_BEND
    mean[layout.response] = [one or 0.0 for one in believed]
    above[SLOPE] = known.doubt
    offset = known.offsets(tree.item, tree.family[tree.family_of_item])
    return Prior(item**-2, category**-2, family**-2, above**-2, mean, offset)


def learn(spreads: Spreads, layout: Layout, far: Coefficients, variance: Coefficients) -> Spreads:
    """Return the spreads that deviations (`far`) and their posterior variances speak for.

    s^2 = (sum of squares + PSEUDO s0^2) / (gamma + PSEUDO), gamma = sum(1 - variance / s^2) the
    number of coefficients that the data determine (MacKay, "Bayesian interpolation", 1992): a kind
    without effect shrinks to nothing, one without evidence keeps its first spread.
    """
    found: dict[tuple[int, str], float] = {}

    def note(level: int, kind: str, deviation: FloatArray, doubt: FloatArray) -> None:
        now, first = spreads.of(level, kind), FIRST[kind][level]
        gamma = float(np.clip(1.0 - doubt / now**2, 0.0, 1.0).sum())
        square = (float((deviation**2).sum()) + PSEUDO * first**2) / (gamma + PSEUDO)
        found[level, kind] = float(np.clip(np.sqrt(square), LEAST, MOST))

    note(ITEM, "level", far.item[:, LEVEL], variance.item[:, LEVEL])
    note(ITEM, "slope", far.item[:, SLOPE], variance.item[:, SLOPE])
    note(ITEM, "taste", far.item[:, 2:].ravel(), variance.item[:, 2:].ravel())
    for place, kind in enumerate(("level", "slope")):
        note(CATEGORY, kind, far.category[:, place], variance.category[:, place])
    kinds = np.array(layout.groups())
    for kind in dict.fromkeys(kinds.tolist()):
        at = np.flatnonzero(kinds == kind)
        note(FAMILY, kind, far.family[:, at].ravel(), variance.family[:, at].ravel())
        if kind not in FIXED:
            note(ALL, kind, far.all[at], variance.all[at])
    return replace(spreads, sd=found)


def sum_over(rows: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Return the sums of rows (n, k) by group, (groups, k).

    >>> sum_over(np.ones((3, 1)), np.array([1, 0, 1]), 2).tolist()
    [[1.0], [2.0]]
    """
    total = np.zeros((groups, rows.shape[1]))
    np.add.at(total, group, rows)
    return total
