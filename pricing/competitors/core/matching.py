"""Find our goods in somebody else's list: by SKU, by GTIN, else by name and size together."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from pricing.competitors.core.feed import FeedRow
from shop.ground.catalog.core.values import VariantIdentity
from shop.ground.kernel.barcodes import bar_code

# Size words and what they are in the unit we keep: grams, millilitres, pieces.
UNITS = {
    "g": ("g", 1.0),
    "gr": ("g", 1.0),
    "gram": ("g", 1.0),
    "grams": ("g", 1.0),
    "kg": ("g", 1000.0),
    "oz": ("g", 28.349523125),
    "lb": ("g", 453.59237),
    "lbs": ("g", 453.59237),
    "ml": ("ml", 1.0),
    "cl": ("ml", 10.0),
    "l": ("ml", 1000.0),
    "liter": ("ml", 1000.0),
    "litre": ("ml", 1000.0),
    "ct": ("ct", 1.0),
    "pcs": ("ct", 1.0),
    "pack": ("ct", 1.0),
    "count": ("ct", 1.0),
}
_SIZE = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]+)\b")
_WORD = re.compile(r"\w+")
UNKNOWN, AMBIGUOUS = 0, -1


def name_key(text: str) -> str:
    """Return a name without what people write differently: case, accents, order, spelled sizes.

    >>> name_key("Crème Brûlée, 0.2 kg") == name_key("200g creme brulee")
    True
    """
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(one for one in plain if not unicodedata.combining(one)).casefold()
    sizes: list[str] = []

    def take_size(found: re.Match[str]) -> str:
        unit = UNITS.get(found[2])
        if unit is None:
            return found[0]
        sizes.append(_size_word(float(found[1].replace(",", ".")) * unit[1], unit[0]))
        return " "

    words = _WORD.findall(_SIZE.sub(take_size, plain))
    return " ".join(sorted([*words, *sizes]))


def _size_word(amount: float, unit: str) -> str:
    return f"{round(amount)}{unit}"


class NameIndex:
    """Our goods by every name they may be called; a name that two of them share finds neither.

    >>> index = NameIndex([VariantIdentity(7, "BRIE-1", "", "Brie", "Meadow", 200, "g")])
    >>> index.find(FeedRow(2, name="Meadow Brie 0.2 kg"))
    (7, 'name')
    >>> index.find(FeedRow(3, sku="BRIE-1")), index.find(FeedRow(4, name="Gouda"))
    ((7, 'sku'), (0, ''))
    """

    def __init__(self, goods: Iterable[VariantIdentity]) -> None:
        self._by_sku: dict[str, int] = {}
        self._by_gtin: dict[str, int] = {}
        self._by_name: dict[str, int] = {}
        for one in goods:
            self._by_sku[one.sku.casefold()] = one.variant_id
            code = bar_code(one.gtin)
            if code:
                self._by_gtin[code] = one.variant_id
            for name in _names_of(one):
                known = self._by_name.setdefault(name, one.variant_id)
                if known != one.variant_id:
                    self._by_name[name] = AMBIGUOUS

    def find(self, row: FeedRow) -> tuple[int, str]:
        """Return the variant a row means and by what it was found.

        (UNKNOWN, "") where nothing fits, (AMBIGUOUS, "") where several goods do.
        """
        found = self._by_sku.get(row.sku.casefold()) if row.sku else None
        if found is not None:
            return found, "sku"
        found = self._by_gtin.get(bar_code(row.gtin)) if row.gtin else None
        if found is not None:
            return found, "gtin"
        found = self._by_name.get(name_key(f"{row.name} {row.size}")) if row.name else None
        if found is None:
            return UNKNOWN, ""
        return (found, "name") if found > 0 else (AMBIGUOUS, "")


def _names_of(one: VariantIdentity) -> set[str]:
    """Return the keys of a good: with its size where that is known, with and without its brand."""
    size = f"{one.measure:g} {one.unit}" if one.measure > 0 else ""
    return {name_key(f"{one.name} {size}"), name_key(f"{one.brand} {one.name} {size}")}
