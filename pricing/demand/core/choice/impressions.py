"""Impressions: which products a visit saw together, at which prices, and what it took.

A *set* is the products that one visit, or many equal visits, saw together: a shopper takes one of
them or none. A *row* is one good of one set. Products that were sold out are not in the set: they
were not refused. A page with products that nobody would choose between is several sets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pricing.base.core.values import BoolArray, FloatArray, IntArray

_SETS = ("weight", "day", "shopper", "public")
_ROWS = ("item", "category", "family", "log_price", "rival", "moved", "goods", "response", "bought")
# Sets are not looked through for equal ones where so many of the first are different.
SAMPLE, REPEATED = 2_000, 0.98
_IDS = ("item", "category", "family")


@dataclass(frozen=True, slots=True)
class Columns:
    """The names of an impression's columns, in the order of the columns.

    `shopper` act on the level (any sign), are the same for all products of a set; `goods` act on
    the level, one value a row; `public` act on the price response of everybody (any sign; bounded
    numbers of the sales channel or stratum, never of behaviour); `response` act on a shopper's own
    price response with a weight that is never negative (numbers in [0, 1] that only grow with what
    a shopper does, or a fixed label).
    """

    shopper: tuple[str, ...] = ()
    goods: tuple[str, ...] = ()
    public: tuple[str, ...] = ()
    response: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Impressions:
    """T sets and their n rows, the rows of a set together and ascending by `item`.

    `weight` (T,): visits that saw the set; `day` (T,): when, in days since 1970; `shopper` (T, K)
    and `public` (T, Q): columns of the set. `set_of` (n,): the row's set, ascending; `item`,
    `category`, `family` (n,): ids, an item below one category below one family; `log_price` (n,):
    log of the price over the good's reference price; `rival` (n,): log of the lowest known
    competitor's price over the reference price, NaN where none is known; `moved` (n,): the part of
    `log_price` that chance drew (price less the mean of what could have been drawn), NaN where
    chance drew nothing; `goods` (n, L) and `response` (n, J): columns of the row; `bought` (n,):
    how many of the visits took it, at most `weight` in all of a set (exactly, if there is no
    outside option: then every visit takes one).
    """

    columns: Columns
    weight: FloatArray
    day: FloatArray
    shopper: FloatArray
    public: FloatArray
    set_of: IntArray
    item: IntArray
    category: IntArray
    family: IntArray
    log_price: FloatArray
    rival: FloatArray
    moved: FloatArray
    goods: FloatArray
    response: FloatArray
    bought: FloatArray
    has_outside: bool = True

    @property
    def sets(self) -> int:
        """Return the number of sets T."""
        return len(self.weight)

    def __len__(self) -> int:
        return len(self.item)

    @staticmethod
    def of(
        *,
        set_id: ArrayLike,
        item: ArrayLike,
        category: ArrayLike,
        family: ArrayLike,
        log_price: ArrayLike,
        bought: ArrayLike,
        columns: Columns | None = None,
        has_outside: bool = True,
        **more: ArrayLike | None,
    ) -> Impressions:
        """Return rows (n,) as impressions. All arguments have a value a row: of `weight` (1 unless
        given), `day` (0), `shopper` (n, K) and `public` (n, Q) that of the set's first row counts.
        `rival` and `moved` are NaN unless given, `goods` and `response` nothing.

        Raises ValueError where a set holds an item twice, where more was bought than there were
        visits, and where a number is not finite that must be.

        >>> seen = Impressions.of(
        ...     set_id=[8, 8, 5], item=[2, 1, 1], category=[7, 7, 7], family=[3, 3, 3],
        ...     log_price=[0.0, 0.1, 0.0], bought=[1.0, 0.0, 2.0], weight=[1.0, 1.0, 40.0],
        ... )
        >>> seen.sets, seen.item.tolist(), seen.weight.tolist()
        (2, [1, 1, 2], [40.0, 1.0])
        """
        ids = {"item": item, "category": category, "family": family}
        given = {"log_price": log_price, "bought": bought, **more}
        _, at = np.unique(np.asarray(set_id), return_inverse=True)
        rows = len(at)
        order = np.lexsort((np.asarray(item, dtype=np.int64), at))
        read: dict[str, Any] = {
            name: np.asarray(one, dtype=np.int64)[order] for name, one in ids.items()
        }
        names = columns or Columns()
        for name in (*_SETS, "log_price", "rival", "moved", "goods", "response", "bought"):
            value = given.pop(name, None)
            filled = _missing(name, rows) if value is None else np.asarray(value, dtype=float)
            if name in ("shopper", "goods", "public", "response"):
                filled = filled.reshape(rows, len(getattr(names, name)))
            read[name] = filled[order]
        if given:
            raise ValueError(f"unknown columns: {', '.join(sorted(given))}")
        set_of = at[order].astype(np.int64)
        first = np.flatnonzero(np.diff(set_of, prepend=-1))
        read |= {name: read[name][first] for name in _SETS}
        made = Impressions(columns=names, set_of=set_of, has_outside=has_outside, **read)
        made._check()
        return made

    @staticmethod
    def nothing(columns: Columns | None = None, *, has_outside: bool = True) -> Impressions:
        """Return no impressions.

        >>> len(Impressions.nothing())
        0
        """
        none = np.zeros(0)
        ids = {"set_id": none, "item": none, "category": none, "family": none}
        return Impressions.of(
            **ids, log_price=none, bought=none, columns=columns, has_outside=has_outside
        )

    def take_sets(self, where: BoolArray | IntArray) -> Impressions:
        """Return the sets at ascending positions (m,) or where a mask (T,) says so."""
        positions = np.arange(self.sets)[where]
        new = np.full(self.sets, -1, dtype=np.int64)
        new[positions] = np.arange(len(positions))
        kept = new[self.set_of] >= 0
        changed: dict[str, Any] = {name: getattr(self, name)[positions] for name in _SETS}
        changed |= {name: getattr(self, name)[kept] for name in _ROWS}
        return replace(self, set_of=new[self.set_of[kept]], **changed)

    def split(self, rows: IntArray, set_id: IntArray) -> Impressions:
        """Return ascending `rows` (k,) in new sets by `set_id` (k,), each within an old one."""
        order = np.lexsort((self.item[rows], set_id))
        kept, ids = rows[order], set_id[order]
        starts = np.diff(ids, prepend=ids[:1] - 1) != 0
        old = self.set_of[kept[starts]]
        changed: dict[str, Any] = {name: getattr(self, name)[old] for name in _SETS}
        changed |= {name: getattr(self, name)[kept] for name in _ROWS}
        return replace(self, set_of=np.cumsum(starts) - 1, **changed)

    def reorder(self, sets: IntArray, rows: IntArray, rank: IntArray) -> Impressions:
        """Return sets and rows in another order; `rank` (T,) is the new place of each set."""
        changed: dict[str, Any] = {name: getattr(self, name)[sets] for name in _SETS}
        changed |= {name: getattr(self, name)[rows] for name in _ROWS}
        return replace(self, set_of=rank[self.set_of[rows]], **changed)

    def join(self, *later: Impressions) -> Impressions:
        """Return all together; the columns must be the same.

        >>> Impressions.nothing().join(Impressions.nothing()).sets
        0
        """
        parts = [self, *later]
        if len({(part.columns, part.has_outside) for part in parts}) > 1:
            raise ValueError("impressions with different columns or outside options do not join")
        before = np.cumsum([0, *[part.sets for part in parts]])
        joined: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in (*_SETS, *_ROWS)
        }
        set_of = np.concatenate([p.set_of + at for p, at in zip(parts, before, strict=False)])
        return replace(self, set_of=set_of, **joined)

    def restate(
        self, item: IntArray, log_price: FloatArray, rival: FloatArray, day: float
    ) -> Impressions:
        """Return the same visits as if they came on `day` and saw items (k,), ascending, at other
        prices and competitors' gaps (k,); other products keep theirs.

        >>> seen = Impressions.of(
        ...     set_id=[0, 0], item=[4, 5], category=[7, 7], family=[3, 3],
        ...     log_price=[0.0, 0.0], bought=[0.0, 0.0],
        ... )
        >>> now = seen.restate(np.array([5]), np.array([0.1]), np.array([np.nan]), 20.0)
        >>> now.log_price.tolist(), now.day.tolist()
        ([0.0, 0.1], [20.0])
        """
        at = np.minimum(np.searchsorted(item, self.item), max(len(item) - 1, 0))
        given = item[at] == self.item if len(item) else np.zeros(len(self), dtype=np.bool_)
        price, gap = self.log_price.copy(), self.rival.copy()
        price[given], gap[given] = log_price[at[given]], rival[at[given]]
        return replace(self, log_price=price, rival=gap, day=np.full(self.sets, day))

    def condense(self) -> Impressions:
        """Return the same evidence in fewer sets: equal sets of one day (the same products, prices
        and columns) are added up. No fit of it differs.

        >>> seen = Impressions.of(
        ...     set_id=[0, 1, 2], item=[4, 4, 4], category=[7, 7, 7], family=[3, 3, 3],
        ...     log_price=[0.0, 0.1, 0.0], bought=[1.0, 0.0, 0.0],
        ... ).condense()
        >>> seen.weight.tolist(), seen.bought.tolist()
        ([2.0, 1.0], [1.0, 0.0])
        """
        some = _hash_sets(self.take_sets(np.arange(min(self.sets, SAMPLE))))
        if len(np.unique(some)) > REPEATED * len(some):
            return self
        _, first, group = np.unique(_hash_sets(self), return_index=True, return_inverse=True)
        ends = np.bincount(self.set_of, minlength=self.sets).cumsum()
        starts = np.concatenate([[0], ends[:-1]])
        place = np.arange(len(self)) - starts[self.set_of]
        target = starts[first][group][self.set_of] + place
        bought = np.bincount(target, self.bought, len(self))
        added = replace(self, bought=bought)
        kept = np.sort(first)
        weight = np.bincount(group, self.weight)[np.argsort(first)]
        return replace(added.take_sets(kept), weight=weight)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays; `from_arrays` reads them back."""
        packed: dict[str, NDArray[Any]] = {
            name: getattr(self, name) for name in ("set_of", *_SETS, *_ROWS)
        }
        for one in fields(Columns):
            packed[f"names_{one.name}"] = np.array(getattr(self.columns, one.name), dtype=np.str_)
        return packed | {"has_outside": np.array([self.has_outside])}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Impressions:
        """Return the impressions that `arrays` was made from.

        >>> Impressions.from_arrays(Impressions.nothing(Columns(goods=("a",))).arrays()).columns
        Columns(shopper=(), goods=('a',), public=(), response=())
        """
        names: dict[str, Any] = {
            one.name: tuple(arrays[f"names_{one.name}"].tolist()) for one in fields(Columns)
        }
        kept: dict[str, Any] = {name: arrays[name] for name in ("set_of", *_SETS, *_ROWS)}
        return Impressions(
            columns=Columns(**names), has_outside=bool(arrays["has_outside"][0]), **kept
        )

    def _check(self) -> None:
        same_set = np.diff(self.set_of) == 0
        if (same_set & (np.diff(self.item) == 0)).any():
            raise ValueError("a set holds the same item twice")
        for name in ("weight", "day", "shopper", "public", "log_price", "goods", "response"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"{name} must be finite")
        taken = np.bincount(self.set_of, self.bought, self.sets)
        if not (self.bought >= 0).all() or (taken > self.weight + 1e-6).any():
            raise ValueError("bought must not be negative, nor more than the visits of its set")
        if (self.response < 0).any() or (self.response > 1).any():
            raise ValueError("response columns must lie between 0 and 1")


def clip_rival(rival: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return the competitor's gap within +-0.5, 0 where none is known, and 1.0 where one is (n,).

    >>> clip_rival(np.array([-0.1, np.nan]))
    (array([-0.1,  0. ]), array([1., 0.]))
    """
    is_known = np.isfinite(rival)
    return np.clip(np.where(is_known, rival, 0.0), -0.5, 0.5), is_known.astype(np.float64)


def _missing(name: str, rows: int) -> FloatArray:
    """Return what stands for a column that was not given."""
    if name in ("shopper", "goods", "public", "response"):
        return np.zeros((rows, 0))
    return np.full(rows, {"weight": 1.0, "rival": np.nan, "moved": np.nan}.get(name, 0.0))


def _hash_sets(seen: Impressions) -> NDArray[np.uint64]:
    """Return 64 bits a set that are the same where products, prices, columns and day are."""
    ids = [getattr(seen, name).astype(np.float64) for name in _IDS]
    unknown = [np.nan_to_num(one, nan=9e9) for one in (seen.rival, seen.moved)]
    rows = [*ids, *unknown, seen.log_price, *seen.goods.T, *seen.response.T]
    whole = np.zeros(seen.sets, dtype=np.uint64)
    np.add.at(whole, seen.set_of, stir(np.zeros(len(seen), dtype=np.uint64), rows))
    return stir(whole, [np.floor(seen.day), *seen.shopper.T, *seen.public.T])


_ODD = np.uint64(0x9E3779B97F4A7C15)
_MIX = np.uint64(0xBF58476D1CE4E5B9)


def stir(hashed: NDArray[np.uint64], columns: Sequence[FloatArray]) -> NDArray[np.uint64]:
    """Return hashes (n,) that depend on every bit of `hashed` (n,) and of the columns (n,) each
    (splitmix). Two different rows meet by chance once in 2^64 pairs.

    >>> same = stir(np.zeros(3, dtype=np.uint64), [np.array([1.0, 1.0, 2.0])])
    >>> bool(same[0] == same[1]), bool(same[0] == same[2])
    (True, False)
    """
    for column in columns:
        bits = np.ascontiguousarray(column + 0.0).view(np.uint64)
        mixed = (hashed ^ bits) * _ODD
        mixed = (mixed ^ (mixed >> np.uint64(29))) * _MIX
        hashed = mixed ^ (mixed >> np.uint64(32))
    return hashed
