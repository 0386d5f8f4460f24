"""Products picked by eye: categories, brands and products with pictures and counts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.http import QueryDict
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop.doors.backoffice.names import name_cards
from shop.ground.catalog.selectors import list_categories, load_variant_arrays
from shop.ground.catalog.selectors.naming import find_goods, name_goods, suggest_brands
from shop.ground.catalog.selectors.search import search_variants
from shop.ground.staff.numbers import show_count

MOST_OF_A_KIND = 6
THUMB = 96


@dataclass(frozen=True, slots=True)
class Pick:
    """Something that can be picked. `token` is what is posted; `picture` may be empty."""

    token: str
    name: str
    note: str
    picture: str = ""


def search_products(text: str, language: str, *, only_products: bool = False) -> list[Pick]:
    """Return what can be picked for some letters: categories, brands, products. Six queries, none
    for no letters."""
    wanted = text.strip()
    if not wanted:
        return []
    keys = [] if only_products else _search_groups(wanted, language)
    found = search_variants(wanted, language, MOST_OF_A_KIND)
    keys += [("variant", int(one)) for one in found.variant_ids]
    return describe_picks(keys, language)


def _search_groups(wanted: str, language: str) -> list[tuple[str, int]]:
    """Return the categories and brands with some letters in their names. One query."""
    low, tree = wanted.lower(), list_categories(language)
    nodes = [one for one in tree.nodes.values() if low in one.name.lower() and one.product_count]
    nodes.sort(key=lambda one: (one.name.lower() != low, one.depth, -one.product_count))
    keys = [("category", one.category_id) for one in nodes[:MOST_OF_A_KIND]]
    return [*keys, *(("brand", one) for one in suggest_brands(wanted, MOST_OF_A_KIND))]


def describe_picks(keys: Collection[tuple[str, int]], language: str) -> list[Pick]:
    """Return products by kind and id with name, picture and number of products. Two queries."""
    ids = {kind: [key for of, key in keys if of == kind] for kind in ("brand", "variant")}
    names = name_goods({"brand": ids["brand"]}, language)
    cards = name_cards(ids["variant"], language)
    tree, arrays = list_categories(language), load_variant_arrays()
    picks = []
    for kind, key in keys:
        token = f"{kind}:{key}"
        if kind == "category" and key in tree.nodes:
            node = tree.nodes[key]
            count = arrays.count_products(np.isin(arrays.category_id, list(tree.below(key))))
            trail = " › ".join(one.name for one in tree.trail(key)[:-1])
            note = " · ".join(filter(None, (trail, say_on_sale(count))))
            photo = static(node.picture) if node.photo is None else node.photo.at_least(THUMB)
            picks.append(Pick(token, node.name, note, photo))
        elif kind == "brand" and (kind, key) in names:
            count = arrays.count_products(arrays.brand_id == key)
            note = f"{_('Brand')} · {say_on_sale(count)}"
            picks.append(Pick(token, names[kind, key], note))
        elif kind == "variant" and key in cards:
            card = cards[key]
            photo = "" if card.picture is None else card.picture.at_least(THUMB)
            picks.append(Pick(token, card.title, card.sku, photo))
    return picks


def say_on_sale(count: int) -> str:
    """Return a number of products that are sold now, as `VariantArrays.count_products` finds it:
    lists of products count the others, too."""
    said = ngettext("%(n)s product on sale", "%(n)s products on sale", count)
    return said % {"n": show_count(count)}


def describe_chosen(
    words: Iterable[str], language: str, known: Mapping[str, Pick] | None = None
) -> dict[str, Any]:
    """Return what is chosen, and the words that name nothing or several things, as typed.

    `known` are picks by token; what is not among them is looked up in two queries.
    """
    keys: list[tuple[str, int]] = []
    typed: list[str] = []
    for word in words:
        kind, _colon, key = word.partition(":")
        if key.isdecimal():
            keys.append((kind, int(key)))
        elif len(matches := find_goods(word)) == 1:
            keys += matches
        else:
            typed.append(word)
    tokens = [f"{kind}:{key}" for kind, key in keys]
    found = dict(known or {})
    missing = [pair for pair, one in zip(keys, tokens, strict=True) if one not in found]
    found |= {one.token: one for one in describe_picks(missing, language)} if missing else {}
    return {"chosen": [found[one] for one in tokens if one in found], "typed": typed}


def list_tokens(scope: Mapping[str, Any]) -> str:
    """Return the picks of a stored scope, with commas between them."""
    kinds = {"categories": "category", "brands": "brand", "variants": "variant"}
    return ",".join(f"{kinds[name]}:{key}" for name in kinds for key in scope.get(name, ()))


def read_search(asked: QueryDict) -> tuple[str, str, set[str]]:
    """Return what is searched for, the name of the field it is for, and what that has already."""
    name = asked.get("for", "goods")
    # A clause's field has its key before the name: "c1-goods"
    safe = name if name.replace("-", "_").isidentifier() else "goods"
    return asked.get(f"{name}_find", "")[:60], safe, set(asked.getlist(name))
