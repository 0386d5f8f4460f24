"""Words for offers: names of products, money and lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from promotions.engine.api import Scope
from shop.ground.kernel.money import format_money
from shop.ground.kernel.translation import pgettext_noop, translate

MOST_NAMED = 6
_SELECTORS = (
    ("category", "category_ids"),
    ("brand", "brand_ids"),
    ("product", "product_ids"),
)
_EXCEPTIONS = (
    ("category", "except_category_ids"),
    ("brand", "except_brand_ids"),
    ("variant", "except_variant_ids"),
)
LIST_COMMA = pgettext_noop("list", ", ")


@dataclass(frozen=True, slots=True)
class Lexicon:
    """How to say an offer: language ("zh..." or anything else: English), money, and names.

    `names` are by kind and key: ("category", 3), ("variant", 7), ("segment", "loyal"), ...; what
    has no name is called by its number or word. `product_of` holds the products on sale of variants
    that are listed one by one: a long list is said by how many these are.

    >>> Lexicon("en", "en_US", "USD", {("category", 3): "Cheese"}).name("category", 3)
    'Cheese'
    >>> Lexicon("en", "en_US", "USD").name("brand", 7)
    '#7'
    """

    language: str
    locale: str
    currency: str
    names: Mapping[tuple[str, int | str], str] = field(default_factory=dict)
    product_of: Mapping[int, int] = field(default_factory=dict)

    @property
    def is_chinese(self) -> bool:
        """Return whether to speak Chinese."""
        return self.language.startswith("zh")

    def translate(self, message: str, /, **values: object) -> str:
        """Return a message in the language, filled with `values`."""
        return translate(message, self.language, **values)

    def money(self, minor: int) -> str:
        """Return an amount as people write it."""
        return format_money(minor, self.currency, self.locale)

    def name(self, kind: str, key: int | str) -> str:
        """Return what something is called."""
        called = self.names.get((kind, key))
        return called or (f"#{key}" if isinstance(key, int) else key)

    def either(self, texts: Sequence[str]) -> str:
        """Return "a, b or c"."""
        return self._join(texts, pgettext_noop("list", " or "))

    def both(self, texts: Sequence[str]) -> str:
        """Return "a, b and c"."""
        return self._join(texts, pgettext_noop("list", " and "))

    def _join(self, texts: Sequence[str], last_glue: str) -> str:
        *before, last = texts
        if not before:
            return last
        return self.translate(LIST_COMMA).join(before) + self.translate(last_glue) + last


def say_number(value: Decimal | int) -> str:
    """Return a number without needless zeros.

    >>> say_number(Decimal("12.50")), say_number(Decimal(10))
    ('12.5', '10')
    """
    return f"{Decimal(value).normalize():f}"


def say_products(scope: Scope, words: Lexicon) -> str:
    """Return which products a scope means; several kinds of selectors are alternatives.

    >>> words = Lexicon("en", "en_US", "USD", {("category", 3): "Cheese", ("brand", 5): "Acme"})
    >>> say_products(Scope(category_ids=frozenset({3}), except_brand_ids=frozenset({5})), words)
    'Cheese except Acme'
    >>> say_products(Scope(category_ids=frozenset({3}), is_unreduced=True, to_minor=500), words)
    'Cheese (not reduced, up to $5.00 each)'
    """
    said = _say_named(scope, words)
    if not scope.is_by_price:
        return said
    asked = words.translate(", ").join(_say_prices(scope, words))
    return words.translate("{goods} ({prices})", goods=said, prices=asked)


def _say_prices(scope: Scope, words: Lexicon) -> Iterator[str]:
    if scope.is_unreduced:
        yield words.translate("not reduced")
    low = None if scope.from_minor is None else words.money(scope.from_minor)
    high = None if scope.to_minor is None else words.money(scope.to_minor)
    if low is not None and high is not None:
        yield words.translate("from {low} to {high} each", low=low, high=high)
    elif low is not None:
        yield words.translate("from {low} each", low=low)
    elif high is not None:
        yield words.translate("up to {high} each", high=high)


def _say_named(scope: Scope, words: Lexicon) -> str:
    chosen = _chosen(scope, words)
    except_ = [
        words.name(kind, key)
        for kind, attribute in _EXCEPTIONS
        for key in sorted(getattr(scope, attribute))
    ]
    if not except_:
        return chosen
    if len(except_) > MOST_NAMED:
        more = len(except_) - MOST_NAMED
        except_ = [*except_[:MOST_NAMED], words.translate("{more} more", more=more)]
    return words.translate("{goods} except {others}", goods=chosen, others=words.both(except_))


def list_ids(scopes: Iterable[Scope]) -> dict[str, set[int]]:
    """Return the ids `scopes` name, by kind: what a caller has to look up to name products.

    >>> list_ids([Scope(category_ids=frozenset({3}), except_brand_ids=frozenset({5}))])["brand"]
    {5}
    """
    found: dict[str, set[int]] = {"category": set(), "brand": set(), "product": set()}
    found["variant"] = set()
    for scope in scopes:
        for kind, attribute in (*_SELECTORS, *_EXCEPTIONS, ("variant", "variant_ids")):
            found[kind].update(getattr(scope, attribute) or ())
    return found


def _chosen(scope: Scope, words: Lexicon) -> str:
    if scope.variant_ids is not None:
        return _listed(scope.variant_ids, words)
    named = [
        words.name(kind, key)
        for kind, attribute in _SELECTORS
        for key in sorted(getattr(scope, attribute))
    ]
    return words.either(named) if named else words.translate("all products")


def _listed(variant_ids: frozenset[int], words: Lexicon) -> str:
    if not variant_ids:
        return words.translate("no product yet")
    if len(variant_ids) <= MOST_NAMED:
        return words.either([words.name("variant", key) for key in sorted(variant_ids)])
    count = len({words.product_of[key] for key in variant_ids if key in words.product_of})
    return words.translate("{count} listed products", count=count)
