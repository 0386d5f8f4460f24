"""Words for offers: names of goods, money and lists, in English and Chinese."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from promotions.core.carts import Scope
from shop.kernel.money import format_money

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


@dataclass(frozen=True, slots=True)
class Lexicon:
    """How to say an offer: language ("zh..." or anything else: English), money, and names.

    `names` are by kind and key: ("category", 3), ("variant", 7), ("segment", "loyal"), ...; what
    has no name is called by its number or word.

    >>> Lexicon("en", "en_US", "USD", {("category", 3): "Cheese"}).name("category", 3)
    'Cheese'
    >>> Lexicon("en", "en_US", "USD").name("brand", 7)
    '#7'
    """

    language: str
    locale: str
    currency: str
    names: Mapping[tuple[str, int | str], str] = field(default_factory=dict)

    @property
    def is_chinese(self) -> bool:
        """Return whether to speak Chinese."""
        return self.language.startswith("zh")

    def pick(self, pair: tuple[str, str]) -> str:
        """Return the text of (English, Chinese)."""
        return pair[self.is_chinese]

    def money(self, minor: int) -> str:
        """Return an amount as people write it."""
        return format_money(minor, self.currency, self.locale)

    def name(self, kind: str, key: int | str) -> str:
        """Return what something is called."""
        called = self.names.get((kind, key))
        return called or (f"#{key}" if isinstance(key, int) else key)

    def either(self, texts: Sequence[str]) -> str:
        """Return "a, b or c"."""
        return _join(texts, ("、", "或") if self.is_chinese else (", ", " or "))

    def both(self, texts: Sequence[str]) -> str:
        """Return "a, b and c"."""
        return _join(texts, ("、", "和") if self.is_chinese else (", ", " and "))


def say_number(value: Decimal | int) -> str:
    """Return a number without needless zeros.

    >>> say_number(Decimal("12.50")), say_number(Decimal(10))
    ('12.5', '10')
    """
    return f"{Decimal(value).normalize():f}"


def say_goods(scope: Scope, words: Lexicon) -> str:
    """Return which goods a scope means; several kinds of selectors are alternatives.

    >>> words = Lexicon("en", "en_US", "USD", {("category", 3): "Cheese", ("brand", 5): "Acme"})
    >>> say_goods(Scope(category_ids=frozenset({3}), except_brand_ids=frozenset({5})), words)
    'Cheese except Acme'
    >>> say_goods(Scope(category_ids=frozenset({3}), is_unreduced=True, to_minor=500), words)
    'Cheese (not reduced, up to $5.00 each)'
    """
    said = _say_named(scope, words)
    if not scope.is_by_price:
        return said
    asked = words.pick((", ", "，")).join(_say_prices(scope, words))
    return f"{said}（{asked}）" if words.is_chinese else f"{said} ({asked})"


def _say_prices(scope: Scope, words: Lexicon) -> Iterator[str]:
    if scope.is_unreduced:
        yield words.pick(("not reduced", "未降价"))
    low = None if scope.from_minor is None else words.money(scope.from_minor)
    high = None if scope.to_minor is None else words.money(scope.to_minor)
    if low is not None and high is not None:
        yield words.pick((f"from {low} to {high} each", f"单价 {low} 至 {high}"))
    elif low is not None:
        yield words.pick((f"from {low} each", f"单价 {low} 起"))
    elif high is not None:
        yield words.pick((f"up to {high} each", f"单价不超过 {high}"))


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
        except_ = [*except_[:MOST_NAMED], words.pick((f"{more} more", f"另外 {more} 种商品"))]
    left_out = words.both(except_)
    return f"{chosen}（{left_out}除外）" if words.is_chinese else f"{chosen} except {left_out}"


def list_ids(scopes: Iterable[Scope]) -> dict[str, set[int]]:
    """Return the ids `scopes` name, by kind: what a caller has to look up to name goods.

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
    return words.either(named) if named else words.pick(("all products", "全部商品"))


def _listed(variant_ids: frozenset[int], words: Lexicon) -> str:
    if not variant_ids:
        return words.pick(("no product yet", "尚未选择的商品"))
    if len(variant_ids) <= MOST_NAMED:
        return words.either([words.name("variant", key) for key in sorted(variant_ids)])
    count = len(variant_ids)
    return words.pick((f"{count} listed products", f"列出的 {count} 种商品"))


def _join(texts: Sequence[str], glue: tuple[str, str]) -> str:
    *before, last = texts
    return glue[0].join(before) + glue[1] + last if before else last
