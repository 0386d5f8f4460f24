"""The numbers below bar codes: which are usable, and whose they are. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shop.ground.kernel.barcodes import bar_code


def find_gtins(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the GTIN of each (reference, text) as digits; "" for none, for a wrong check digit,
    and for one that several claim.

    >>> find_gtins([("a", "4006381-333931"), ("b", "96385074"), ("c", "96385074"), ("d", "12")])
    {'a': '4006381333931', 'b': '', 'c': '', 'd': ''}
    """
    digits = {ref: text.replace(" ", "").replace("-", "") for ref, text in given}
    claims = Counter(bar_code(number) for number in digits.values())
    return {
        ref: number if bar_code(number) and claims[bar_code(number)] == 1 else ""
        for ref, number in digits.items()
    }
