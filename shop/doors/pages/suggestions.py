"""Completions of a search: categories, departments to search in, products with their price."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from promotions.offers.api import EVERYONE
from shop.doors.pages.cards import build_cards, card_block
from shop.doors.pages.context import PageContext
from shop.doors.pages.values import ProductCard
from shop.ground.catalog.core.values import Suggestion
from shop.ground.catalog.selectors import list_categories, suggest
from shop.ground.kernel.translation import translate

MOST = 10
SCOPES = 2


@dataclass(frozen=True, slots=True)
class Completion:
    """A suggestion as it is shown. Kinds: those of `Suggestion`, and "scope", which searches the
    same words in the department `scope` at `path`. `price` is of a product, as text."""

    kind: str
    text: str
    slug: str = ""
    path: str = ""
    scope: str = ""
    price: str = ""


def complete(ctx: PageContext, words: str, confirmed_age: int) -> tuple[Completion, ...]:
    """Return at most ten completions of what has been typed, no product that asks for a higher age
    than is confirmed.

    Prices are everybody's: a price of the shopper's own would need its label beside it, and a look
    while typing shall count for nothing. Two or three queries; none for what is in no name.
    """
    found = suggest(
        words, ctx.language, MOST - SCOPES, market=ctx.market, confirmed_age=confirmed_age
    )
    stranger = replace(ctx, shopper_pseudonym=None, account_id=None, is_counted=False)
    cards = build_cards(stranger, [one.variant_id for one in found if one.variant_id], "listing")
    prices = {item.card.slug: _write_price(item, ctx) for item in cards}
    drawn = [
        Completion(one.kind, one.text, one.slug, one.path, price=prices.get(one.slug, ""))
        for one in found
    ]
    places = [number for number, one in enumerate(found) if one.kind == "product"]
    at = places[0] if places else len(drawn)
    return (*drawn[:at], *_scope(ctx, _words_of(found, words), cards), *drawn[at:])


def _words_of(found: list[Suggestion], words: str) -> str:
    """Return the words that the products were found by."""
    return next((one.text for one in found if one.kind == "query"), " ".join(words.split()))


def _scope(ctx: PageContext, words: str, cards: tuple[ProductCard, ...]) -> list[Completion]:
    """Return the departments that hold most of the products, if there is more than one."""
    tree = list_categories(ctx.language, ctx.market)
    roots = Counter(item.card.category_path.partition("/")[0] for item in cards)
    return [
        Completion("scope", words, path=path, scope=tree.nodes[tree.by_path[path]].name)
        for path, _count in (roots.most_common(SCOPES) if len(roots) > 1 else [])
        if path in tree.by_path
    ]


def _write_price(item: ProductCard, ctx: PageContext) -> str:
    """Return everybody's price, called so where the shopper may have one of their own."""
    now = card_block(item, ctx.language).now
    if ctx.shopper_pseudonym is None:
        return now
    return translate(EVERYONE, ctx.language).format(amount=now)
