"""Facts about a product: what it is made of, how it is kept, and who says so. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shop.ground.kernel.translation import gettext_noop, pgettext_noop, translate


class FactSource(StrEnum):
    """Who states facts; the values of `ProductFacts.source`."""

    PACKAGE = "package"
    MAKER = "maker"
    SHOP = "shop"
    USUAL = "usual"


# In the order of the page; the names are columns of the table.
FACT_NAMES = {
    "ingredients": gettext_noop("Ingredients"),
    "allergens": gettext_noop("Allergens"),
    "nutrition": gettext_noop("Nutrition"),
    "storage": gettext_noop("Storage"),
    "origin": pgettext_noop("fact", "Origin"),
}
FACT_TEXTS = tuple(FACT_NAMES)
PERISHABLE = "perishable"
_PERISHABLE = gettext_noop("Perishable")
_YES = pgettext_noop("fact", "yes")
SOURCES = {
    FactSource.PACKAGE: gettext_noop("as its package says"),
    FactSource.MAKER: gettext_noop("as its maker says"),
    FactSource.SHOP: gettext_noop("as we say"),
    FactSource.USUAL: gettext_noop("as usual in its category"),
}


@dataclass(frozen=True, slots=True)
class FactsValue:
    """The facts of a product as staff edit them; None of `is_perishable`: as its category says."""

    ingredients: str = ""
    allergens: str = ""
    nutrition: str = ""
    storage: str = ""
    origin: str = ""
    is_perishable: bool | None = None
    source: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known."""
        return self.is_perishable is None and not any(getattr(self, one) for one in FACT_TEXTS)


@dataclass(frozen=True, slots=True)
class KnownFact:
    """One fact that is known, as its reader sees it. `said_by` puts `source` in words."""

    code: str
    name: str
    text: str
    source: str
    said_by: str


def list_known(facts: FactsValue, language: str, *, category_says: str) -> tuple[KnownFact, ...]:
    """Return what is known, in the reader's words. `category_says`: by which source its category is
    perishable, "" where it is not.

    >>> [(one.name, one.text, one.said_by) for one in list_known(
    ...     FactsValue(origin="Peru", source="package"), "en", category_says="usual")]
    [('Origin', 'Peru', 'as its package says'), ('Perishable', 'yes', 'as usual in its category')]
    """
    found = [
        (code, name, text, facts.source)
        for code, name in FACT_NAMES.items()
        if (text := getattr(facts, code))
    ]
    own = facts.source if facts.is_perishable else ""
    if by := category_says if facts.is_perishable is None else own:
        found.append((PERISHABLE, _PERISHABLE, translate(_YES, language), by))
    return tuple(
        KnownFact(
            code=code,
            name=translate(name, language),
            text=text,
            source=source,
            said_by=translate(SOURCES[FactSource(source)], language),
        )
        for code, name, text, source in found
    )
