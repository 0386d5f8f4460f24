"""The likelihood of the choice model: value, score, and what the shares say of its derivatives.

For a visit that saw a set of products, good i at price p, with r = p / reference price:

    u_i = a_i + x.(G_f + g_i) + z.R_f - v_i,    v_i = exp(b_i + q.H_f) T_k(r) (1 + s.w)
    P_i = exp u_i / (1 + sum over the set of exp u_j)

x are set columns (shopper, calendar), z row columns (rival, products), q public columns (H is a
family's), s response columns. a_i and b_i are the whole level and log slope of an item, those of
its category, family and all products included: what lies above acts through the prior alone
(`prior_of`, `arrow`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import scipy

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice.impressions import Impressions, clip_rival
from pricing.demand.core.choice.layout import SLOPE, Layout, Tree, bend_price

STEEPEST = 6.0  # of a log slope: exp beyond that is a step


@dataclass(frozen=True, slots=True, eq=False)
class Coefficients:
    """Whole coefficients of m items, C categories, F families and all products, as `Layout` says.

    Items (m, q) hold whole levels and slopes, but tastes as deviations from their family's;
    categories (C, 2), families (F, .) and all products (.,) hold whole ones.
    """

    item: FloatArray
    category: FloatArray
    family: FloatArray
    all: FloatArray

    def plus(self, step: Coefficients, share: float) -> Coefficients:
        """Return these moved by a share of `step`."""
        return Coefficients(
            self.item + share * step.item,
            self.category + share * step.category,
            self.family + share * step.family,
            self.all + share * step.all,
        )


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Impressions in the order of a tree's blocks, with their columns.

    Sets (T,) ascend by block, rows (n,) by set. `wide` (T, D) and `tall` (n, R) are the columns on
    the level; `item` (n,) and `family` (n,) positions in the tree; a *part* is the rows of one
    family in one set: `part_of` (n,), `part_set` (P,), `part_family` (P,).
    """

    seen: Impressions
    tree: Tree
    layout: Layout
    wide: FloatArray
    tall: FloatArray
    item: IntArray
    family: IntArray
    part_of: IntArray
    part_set: IntArray
    part_family: IntArray
    set_start: IntArray
    slopes_stay: bool = False

    @staticmethod
    def of(seen: Impressions, tree: Tree, layout: Layout, *, slopes_stay: bool = False) -> Frame:
        """Return `seen` as the tree orders it; every item must be in the tree. Where `slopes_stay`,
        nothing is told of what a price does."""
        item = tree.find("item", seen.item)
        first = np.flatnonzero(np.diff(seen.set_of, prepend=-1))
        order = np.argsort(tree.block_of_item[item[first]], kind="stable")
        rank = np.empty(seen.sets, dtype=np.int64)
        rank[order] = np.arange(seen.sets)
        rows = np.argsort(rank[seen.set_of] * (len(tree.item) + 1) + item, kind="stable")
        ordered = seen.reorder(order, rows, rank)
        item = item[rows]
        family = tree.family_of_item[item]
        starts = np.diff(ordered.set_of * (len(tree.family) + 1) + family, prepend=-1) != 0
        part_of = np.cumsum(starts) - 1
        gap, is_known = clip_rival(ordered.rival)
        return Frame(
            seen=ordered,
            tree=tree,
            layout=layout,
            wide=np.concatenate([ordered.shopper, layout.calendar.columns(ordered.day)], axis=1),
            tall=np.concatenate([gap[:, None], is_known[:, None], ordered.goods], axis=1),
            item=item,
            family=family,
            part_of=part_of,
            part_set=ordered.set_of[starts],
            part_family=family[starts],
            set_start=np.flatnonzero(np.diff(ordered.set_of, prepend=-1)),
            slopes_stay=slopes_stay,
        )

    def by_part(self, columns: FloatArray, effects: FloatArray) -> FloatArray:
        """Return what set columns (T, K) do in each part by effects of families (F, K), (P,)."""
        if len(effects) == 1:
            common: FloatArray = (columns @ effects[0])[self.part_set]
            return common
        told: FloatArray = np.einsum("pk,pk->p", columns[self.part_set], effects[self.part_family])
        return told

    def by_set(self, values: FloatArray) -> FloatArray:
        """Return sums over the rows of each set, (T,)."""
        return np.bincount(self.seen.set_of, values, self.seen.sets)


@dataclass(frozen=True, slots=True, eq=False)
class Shares:
    """What coefficients say of every row: chance P and price effect v (n,), and how v moves.

    `value` is the log-likelihood; `steep` (n,) is exp(b + q.h), `price` T, `slant` its derivative
    by the bend, `boost` 1 + s.w.
    """

    value: float
    chance: FloatArray
    effect: FloatArray
    steep: FloatArray
    price: FloatArray
    slant: FloatArray
    boost: FloatArray


def measure(frame: Frame, at: Coefficients) -> Shares:
    """Return log-likelihood and chances at given coefficients."""
    utility, shares = _find_utility(frame, at)
    if not len(utility):
        return shares
    seen = frame.seen
    highest = np.maximum.reduceat(utility, frame.set_start)
    if seen.has_outside:
        highest = np.maximum(highest, 0.0)
    grown = np.exp(utility - highest[seen.set_of])
    total = frame.by_set(grown) + (np.exp(-highest) if seen.has_outside else 0.0)
    value = float(seen.bought @ utility)
    value -= float(seen.weight @ (np.log(total) + highest))
    found = replace(shares, value=value, chance=grown / total[seen.set_of])
    if not frame.slopes_stay:
        return found
    # All that depends on the price follows from these two: without them only levels are told.
    still = np.zeros(len(utility))
    return replace(found, effect=still, steep=still)


def _find_utility(frame: Frame, at: Coefficients) -> tuple[FloatArray, Shares]:
    """Return utilities (n,), and what they are made of, chances still missing."""
    layout, seen = frame.layout, frame.seen
    public = frame.by_part(seen.public, at.family[:, layout.public])
    log_slope = at.item[frame.item, SLOPE] + public[frame.part_of]
    steep = np.exp(np.minimum(log_slope, STEEPEST))
    boost = 1.0 + seen.response @ at.all[layout.response]
    price, slant = bend_price(seen.log_price, float(at.all[layout.bend]))
    effect = steep * price * boost
    common = frame.by_part(frame.wide, at.family[:, 2 : 2 + layout.wide])
    utility = at.item[frame.item, 0] + common[frame.part_of] - effect
    rows = at.family[:, 2 + layout.wide : layout.public.start]
    for column, tall in zip(rows.T, frame.tall.T, strict=True):
        utility += column[frame.family] * tall
    for place, shopper in enumerate(layout.own):
        utility += at.item[frame.item, 2 + place] * frame.wide[seen.set_of, shopper]
    return utility, Shares(0.0, utility, effect, steep, price, slant, boost)


def gather(
    frame: Frame, shares: Shares, by_level: FloatArray, by_effect: FloatArray
) -> Coefficients:
    """Return a derivative by all coefficients from those by each row's utility (v held) and by each
    row's log v, divided by v; both (n,). Categories have none: they act through the prior."""
    layout, tree, seen = frame.layout, frame.tree, frame.seen
    items, families = len(tree.item), len(tree.family)
    sloping = by_effect - by_level
    own = [by_level, sloping * shares.effect]
    own += [by_level * frame.wide[seen.set_of, shopper] for shopper in layout.own]
    item = np.stack([np.bincount(frame.item, one, items) for one in own], axis=1)
    at = (frame.part_family, frame.part_set)

    def gather_sets(rows: FloatArray, columns: FloatArray) -> FloatArray:
        by_part = np.bincount(frame.part_of, rows, len(frame.part_set))
        found: FloatArray = (
            scipy.sparse.csr_array((by_part, at), shape=(families, seen.sets)) @ columns
        )
        return found

    tall = [np.bincount(frame.family, by_level * one, families) for one in frame.tall.T]
    family = np.zeros((families, layout.family))
    family[:, 2 : 2 + layout.wide] = gather_sets(by_level, frame.wide)
    family[:, 2 + layout.wide : layout.public.start] = np.stack(tall, axis=1)
    family[:, layout.public] = gather_sets(sloping * shares.effect, seen.public)
    everywhere = np.zeros(layout.all)
    response = (sloping * shares.steep * shares.price) @ seen.response
    bend = sloping @ (shares.steep * shares.boost * shares.slant)
    everywhere[layout.family :] = np.concatenate([response, [bend]])
    return Coefficients(item, np.zeros((len(tree.category), 2)), family, everywhere)


def score(frame: Frame, shares: Shares) -> Coefficients:
    """Return the derivative of the log-likelihood."""
    left = frame.seen.bought - frame.seen.weight[frame.seen.set_of] * shares.chance
    return gather(frame, shares, left, np.zeros(len(left)))
