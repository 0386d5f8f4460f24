"""Positions of the choice model's coefficients, and blocks of products solved together.

Items lie below categories, these below families, these below all products. Products that ever met
in a set influence each other: categories that share sets are one *block*, families that share
blocks one *clan*. Nearly always a block is one category and a clan is one family.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice.impressions import Columns, Impressions

WEEK, YEAR = 7.0, 365.25
WEEK_HARMONICS, YEAR_HARMONICS = 3, 2
# A slow level has knots this far apart, but not more of them; season of the year needs some months.
KNOT_DAYS, MOST_KNOTS, YEAR_FROM_DAYS = 14.0, 8, 60.0
LEVEL, SLOPE = 0, 1  # places of level and log slope in items, categories, families and all products


@dataclass(frozen=True, slots=True)
class Calendar:
    """Season and slow level as columns of the day: week-day harmonics, harmonics of the year, and
    ramps that are 0 at the last day, so that the level is that of now."""

    last: float
    knots: int  # ramps, each `step` days long, going back from `last`
    step: float
    has_year: bool
    has_week: bool

    @staticmethod
    def of(day: FloatArray) -> Calendar:
        """Return the columns that days (T,) can tell of.

        >>> calendar = Calendar.of(np.arange(30.0))
        >>> calendar.columns(np.array([29.0])).shape, calendar.groups()[-2:]
        ((1, 8), ['drift', 'drift'])
        """
        if not len(day):
            return Calendar(0.0, 0, KNOT_DAYS, has_year=False, has_week=False)
        first, last = float(np.floor(day.min())), float(np.floor(day.max()))
        span = last - first
        step = max(KNOT_DAYS, (span + 1.0) / MOST_KNOTS)
        knots = int((span + 1.0) // step)
        return Calendar(last, knots, step, has_year=span >= YEAR_FROM_DAYS, has_week=span >= WEEK)

    def groups(self) -> list[str]:
        """Return the kind of each column."""
        week = ["week"] * (2 * WEEK_HARMONICS * self.has_week)
        year = ["year"] * (2 * YEAR_HARMONICS * self.has_year)
        return week + year + ["drift"] * self.knots

    def columns(self, day: FloatArray) -> FloatArray:
        """Return the columns of days (T,), (T, S); days after the last count as the last."""
        whole = np.floor(day)
        parts: list[FloatArray] = []
        periods = [(WEEK, WEEK_HARMONICS, self.has_week), (YEAR, YEAR_HARMONICS, self.has_year)]
        for period, harmonics, is_on in periods:
            if is_on:
                angle = 2.0 * np.pi * whole[:, None] * np.arange(1, harmonics + 1) / period
                parts += [np.sin(angle), np.cos(angle)]
        back = (self.last - whole[:, None]) / self.step - np.arange(self.knots)
        return np.concatenate([*parts, np.clip(back, 0.0, 1.0)], axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class Tree:
    """m items below C categories below F families, each ordered by clan, block and id.

    `item`, `category`, `family` are ids; `category_of_item` (m,), `family_of_category` (C,),
    `block_of_category` (C,) and `clan_of_family` (F,) positions, the last two ascending.
    """

    item: IntArray
    category: IntArray
    family: IntArray
    category_of_item: IntArray
    family_of_category: IntArray
    block_of_category: IntArray
    clan_of_family: IntArray

    @staticmethod
    def of(seen: Impressions) -> Tree:
        """Return the tree of the products in `seen`; an item's last row says where it belongs.

        >>> tree = Tree.of(Impressions.of(
        ...     set_id=[0, 0, 1], item=[4, 9, 5], category=[2, 1, 3], family=[6, 6, 6],
        ...     log_price=[0.0, 0.0, 0.0], bought=[0.0, 0.0, 0.0],
        ... ))
        >>> tree.category.tolist(), tree.block_of_category.tolist(), tree.item.tolist()
        ([1, 2, 3], [0, 0, 1], [9, 4, 5])
        """
        item, row_item = _last(seen.item)
        category, row_category = _last(seen.category[row_item])
        family, _ = _last(seen.family[row_item][row_category])
        in_category = np.searchsorted(category, seen.category[row_item])
        in_family = np.searchsorted(family, seen.family[row_item][row_category])
        placed = in_category[np.searchsorted(item, seen.item)]
        block = _components(len(category), seen.set_of, placed)
        by_block = np.argsort(block, kind="stable")
        clan = _components(len(family), block[by_block], in_family[by_block])
        by_family = np.lexsort((family, clan))
        by_category = np.lexsort((category, block, clan[in_family]))
        rank_family, rank_category = _rank(by_family), _rank(by_category)
        by_item = np.lexsort((item, rank_category[in_category]))
        return Tree(
            item=item[by_item],
            category=category[by_category],
            family=family[by_family],
            category_of_item=rank_category[in_category[by_item]],
            family_of_category=rank_family[in_family[by_category]],
            block_of_category=_renumber(block[by_category]),
            clan_of_family=_renumber(clan[by_family]),
        )

    @property
    def family_of_item(self) -> IntArray:
        """Return each item's family, (m,)."""
        return self.family_of_category[self.category_of_item]

    @property
    def block_of_item(self) -> IntArray:
        """Return each item's block, (m,), ascending."""
        return self.block_of_category[self.category_of_item]

    def narrow(self, items: IntArray) -> Tree:
        """Return the tree of items at ascending positions (k,) and of what lies above them.

        >>> one = np.array([0])
        >>> Tree(one + 5, one + 6, one + 7, one, one, one, one).narrow(one).category.tolist()
        [6]
        """
        categories = np.unique(self.category_of_item[items])
        families = np.unique(self.family_of_category[categories])
        return Tree(
            item=self.item[items],
            category=self.category[categories],
            family=self.family[families],
            category_of_item=np.searchsorted(categories, self.category_of_item[items]),
            family_of_category=np.searchsorted(families, self.family_of_category[categories]),
            block_of_category=_renumber(self.block_of_category[categories]),
            clan_of_family=_renumber(self.clan_of_family[families]),
        )

    def find(self, level: str, wanted: IntArray) -> IntArray:
        """Return the positions of ids (k,) among "item", "category" or "family"; -1 if not there.

        >>> tree = Tree.of(Impressions.nothing())
        >>> tree.find("item", np.array([3])).tolist()
        [-1]
        """
        ids = getattr(self, level)
        if not len(ids):
            return np.full(len(wanted), -1, dtype=np.int64)
        order = np.argsort(ids)
        at = np.minimum(np.searchsorted(ids, wanted, sorter=order), len(ids) - 1)
        return np.where(ids[order[at]] == wanted, order[at], -1)


@dataclass(frozen=True, slots=True)
class Layout:
    """How many coefficients there are of each kind.

    An item has (level, log slope, a taste for each of the columns `own`); a category (level, log
    slope); a family and all products (level, log slope, `wide` effects of set columns: shopper
    columns and calendar; `tall` effects of row columns: rival's gap, that one is known, products
    columns; effects of public columns on the log slope); all products besides the weights of
    response columns and the bend k.
    """

    columns: Columns
    calendar: Calendar
    own: tuple[int, ...] = ()  # shopper columns for which each item has a taste of its own

    @property
    def wide(self) -> int:
        """Return the number of set columns D."""
        return len(self.columns.shopper) + len(self.calendar.groups())

    @property
    def tall(self) -> int:
        """Return the number of row columns R."""
        return 2 + len(self.columns.goods)

    @property
    def item(self) -> int:
        """Return the coefficients of an item q."""
        return 2 + len(self.own)

    @property
    def family(self) -> int:
        """Return the coefficients of a family: level, log slope, D set, R row and Q public
        columns."""
        return 2 + self.wide + self.tall + len(self.columns.public)

    @property
    def public(self) -> slice:
        """Return where the effects of public columns stand among the coefficients of a family."""
        return slice(2 + self.wide + self.tall, self.family)

    @property
    def tail(self) -> int:
        """Return the coefficients that only all products have: response, bend."""
        return len(self.columns.response) + 1

    @property
    def all(self) -> int:
        """Return the coefficients of all products."""
        return self.family + self.tail

    @property
    def response(self) -> slice:
        """Return where the response weights stand among the coefficients of all products."""
        return slice(self.family, self.family + len(self.columns.response))

    @property
    def bend(self) -> int:
        """Return where k stands among the coefficients of all products."""
        return self.all - 1

    def groups(self) -> list[str]:
        """Return the kind of each family coefficient: those of a kind share one spread. Names with
        a "*" are products of columns, those with a "~" bends (`features`).

        >>> Layout(Columns(shopper=("a", "a*b")), Calendar.of(np.zeros(0))).groups()
        ['level', 'slope', 'shopper', 'product', 'rival', 'rival known']
        """
        columns, season = self.columns, self.calendar.groups()
        shopper = [_find_kind(name) or "shopper" for name in columns.shopper]
        products = [_find_kind(name) or "goods" for name in columns.goods]
        public = [f"public {_find_kind(name)}".rstrip() for name in columns.public]
        return ["level", "slope", *shopper, *season, "rival", "rival known", *products, *public]

    def names(self) -> list[str]:
        """Return what each coefficient of all products is called; those of the calendar are not
        told apart."""
        columns, calendar = self.columns, self.calendar.groups()
        family = ["level", "slope", *columns.shopper, *calendar, "rival", "rival known"]
        family += [*columns.goods, *(f"public {name}" for name in columns.public)]
        return [*family, *(f"response {name}" for name in columns.response), "k"]


def _find_kind(name: str) -> str:
    """Return "product" or "bend" for the name of such a column."""
    return "product" if "*" in name else "bend" if "~" in name else ""


def bend_price(log_ratio: FloatArray, bend: float) -> tuple[FloatArray, FloatArray]:
    """Return T = (r^k - 1) / k (log r at k = 0), and its derivative by k.

    >>> [one.round(6).tolist() for one in bend_price(np.log([0.5, 2.0]), 1.0)]
    [[-0.5, 1.0], [0.153426, 0.386294]]
    """
    if abs(bend) < 1e-3:
        slant = log_ratio**2 / 2.0 + bend * log_ratio**3 / 3.0
        return log_ratio * (1.0 + bend * log_ratio / 2.0), slant
    grown = np.exp(bend * log_ratio)
    transformed = (grown - 1.0) / bend
    return transformed, (grown * log_ratio - transformed) / bend


def _last(ids: IntArray) -> tuple[IntArray, IntArray]:
    """Return ascending ids and the last place of each."""
    found, at = np.unique(ids[::-1], return_index=True)
    return found, len(ids) - 1 - at


def _components(nodes: int, meeting: IntArray, node: IntArray) -> IntArray:
    """Return the component of each of `nodes`, where those of one meeting, which are together,
    belong together."""
    if not nodes:
        return np.zeros(0, dtype=np.int64)
    meets = np.flatnonzero((np.diff(meeting) == 0) & (np.diff(node) != 0))
    pairs = np.unique(node[meets] * nodes + node[meets + 1])
    edges = (np.ones(len(pairs)), (pairs // nodes, pairs % nodes))
    label: IntArray
    _, label = scipy.sparse.csgraph.connected_components(
        scipy.sparse.coo_array(edges, shape=(nodes, nodes)), directed=False
    )
    return label.astype(np.int64)


def _rank(order: IntArray) -> IntArray:
    ranks = np.empty(len(order), dtype=np.int64)
    ranks[order] = np.arange(len(order))
    return ranks


def _renumber(ascending_groups: IntArray) -> IntArray:
    """Return 0, 0, 1, ... for labels of which equal ones are together."""
    return np.cumsum(np.diff(ascending_groups, prepend=ascending_groups[:1]) != 0)
