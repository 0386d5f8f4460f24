"""Traits of audited people as codes: groups large enough to speak of, and nothing about anybody."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pricing.base.core.arrays import BoolArray, IntArray

UNKNOWN = -1


@dataclass(frozen=True, slots=True)
class Trait:
    """One trait of n people: `code` (n,) numbers into `groups`, UNKNOWN where nothing was told."""

    name: str
    groups: tuple[str, ...]
    code: IntArray

    def members(self, least: int) -> Iterator[tuple[str, BoolArray, BoolArray]]:
        """Yield (group, who is in it, whose trait is known) of groups with `least` people in it
        and `least` outside; both masks are (n,).

        >>> trait = read_traits([1, 2, 3], [(1, "age", "young"), (2, "age", "old")])[0]
        >>> [(name, mask.tolist()) for name, mask, _ in trait.members(1)]
        [('old', [False, True, False]), ('young', [True, False, False])]
        """
        known = self.code != UNKNOWN
        for number, group in enumerate(self.groups):
            mask = self.code == number
            if mask.sum() >= least and known.sum() - mask.sum() >= least:
                yield group, mask, known

    def count_small(self, least: int) -> int:
        """Return how many groups are too small to be reported."""
        return sum(1 for number in range(len(self.groups)) if (self.code == number).sum() < least)


def read_traits(shopper_id: Sequence[int], rows: Iterable[tuple[int, str, str]]) -> list[Trait]:
    """Return the traits of the shoppers, in this order, from rows (shopper, trait, value).

    >>> [trait.name for trait in read_traits([1], [(1, "income", "low"), (9, "age", "old")])]
    ['income']
    """
    at = {one: position for position, one in enumerate(shopper_id)}
    by_name: dict[str, dict[int, str]] = {}
    for shopper, name, value in rows:
        if shopper in at:
            by_name.setdefault(name, {})[at[shopper]] = value
    return [_code(name, by_name[name], len(at)) for name in sorted(by_name)]


def _code(name: str, values: Mapping[int, str], n: int) -> Trait:
    groups = tuple(sorted(set(values.values())))
    number = {group: position for position, group in enumerate(groups)}
    code = np.full(n, UNKNOWN, dtype=np.int64)
    for position, value in values.items():
        code[position] = number[value]
    return Trait(name=name, groups=groups, code=code)
