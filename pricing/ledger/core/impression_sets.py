"""Choice sets: which goods of a category a page showed together, and how often; nobody is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from struct import pack

# One good is no choice between goods; of a page with more, a shopper has seen a part.
FEWEST_GOODS, MOST_GOODS = 2, 24
# Of the sets that a day has seen once, so many are kept, spread over its hours.
SAMPLE_A_DAY = 2_000
SAMPLE_AN_HOUR = -(-SAMPLE_A_DAY // 24)


def split_page(variants: Sequence[int], category_of: Mapping[int, int]) -> list[tuple[int, ...]]:
    """Return the goods of a page that stand for each other: those of one category, each once, in
    ascending order. Goods without a category, and those alone in theirs, are in none.

    >>> split_page([9, 4, 7, 4, 8], {4: 1, 7: 2, 9: 1})
    [(4, 9)]
    """
    groups: dict[int, set[int]] = {}
    for one in variants:
        if one in category_of:
            groups.setdefault(category_of[one], set()).add(one)
    return [tuple(sorted(goods)) for goods in groups.values() if len(goods) >= FEWEST_GOODS]


def hash_goods(variants: Iterable[int]) -> int:
    """Return a signed 64-bit number that tells a set of goods apart.

    >>> hash_goods((4, 9)) == hash_goods((4, 9)), hash_goods((4, 9)) == hash_goods((4, 8))
    (True, False)
    """
    digest = blake2b(digest_size=8)
    for one in variants:
        digest.update(pack("<q", one))
    return int.from_bytes(digest.digest(), signed=True)
