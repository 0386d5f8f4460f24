"""Addresses of products and keys that nobody typed, from the words of names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping

MOST_OF_SLUG = 180
MOST_OF_SKU = 40


def make_slug(texts: Iterable[str]) -> str:
    """Return a slug of several texts joined, ASCII only; "" of what has no such letter.

    >>> make_slug(["Alder & Finch", "Crème Cakes", "1/2 gal"])
    'alder-finch-creme-cakes-1-2-gal'
    >>> make_slug(["碧螺春"])
    ''
    """
    joined = unicodedata.normalize("NFKD", " ".join(texts).lower().replace("×", "x"))
    plain = "".join(each for each in joined if not unicodedata.combining(each))
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def make_sku(product: str, options: Mapping[str, str], taken: Collection[str]) -> str:
    """Return a SKU for a variant without one: the product's words and what was chosen.

    The first that is not `taken`: letters of other scripts leave only a number.

    >>> make_sku("Linen shirt", {"Size": "M"}, set())
    'LINEN-SHIRT-M'
    >>> make_sku("碧螺春", {}, {"SKU"}), make_sku("Tea", {}, {"TEA", "TEA-2"})
    ('SKU-2', 'TEA-3')
    """
    ending = make_slug(options.values()).upper()[: MOST_OF_SKU // 2]
    room = MOST_OF_SKU - 6 - len(ending)
    words = "-".join(filter(None, (make_slug([product]).upper()[:room].strip("-"), ending)))
    base, number = (words or "SKU").strip("-"), 1
    while (sku := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return sku


def name_options(options: Mapping[str, str]) -> str:
    """Return what tells a variant from its siblings, in the order of the options.

    A bare number takes the option's name along: "Ridge tent, 3" would be three tents.

    >>> name_options({"Size": "M", "Colour": "Red"}), name_options({"Places": "3"})
    ('M, Red', 'Places 3')
    """
    said = (
        value if any(map(str.isalpha, value)) else f"{name} {value}"
        for name, value in options.items()
    )
    return ", ".join(said)[:80]
