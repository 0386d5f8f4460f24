"""The differences of versions in words, with what they name looked up once for all of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any as Json

import numpy as np
from django.utils.translation import override

from promotions.campaigns.api import (
    OFFERS,
    BadDocument,
    Change,
    campaign_fields,
    diff_snapshots,
    list_goods,
    offer_fields,
    replace_products,
)
from promotions.campaigns.models import StackingCategory, StackingGroup
from promotions.engine.api import BadOffer, needed_facts, parse_condition
from promotions.planning.selectors.builder import name_words
from promotions.sentences.api import Lexicon, describe_change, describe_fault, order_changes
from shop.ground.catalog.selectors import find_place, list_markets, load_variant_arrays
from shop.ground.catalog.selectors.naming import name_goods, name_keys
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import locale_of

type Snapshot = Mapping[str, Json]
type Key = int | str

# Fields that name products, however deep
OF_GOODS = frozenset({"scope", "variants", "condition", "terms"})
STACKING = {"group": StackingGroup, "category": StackingCategory}


def say_changes(
    pairs: Sequence[tuple[Snapshot, Snapshot]], *, language: str
) -> list[tuple[str, ...]]:
    """Return of each pair of snapshots what differs, in sentences.

    No query where neither products nor groups nor segments differ; else one for each kind of them.
    """
    # A version from before a field was there says what the field says by default
    defaults = {one.name: one.get_default() for one in campaign_fields() if one.has_default()}
    pairs = [({**defaults, **before}, {**defaults, **after}) for before, after in pairs]
    changes = [
        [_widen(one, before, after) for one in order_changes(diff_snapshots(before, after))]
        for before, after in pairs
    ]
    every = [one for some in changes for one in some]
    products = _list_named(every)
    numbers = _number(products)
    names = _name_all(every, numbers, products, language)
    product_of = _list_products(products, numbers)
    names |= {
        ("offer", str(offer["code"])): _name_offer(offer, language)
        for pair in pairs
        for said in pair
        for offer in said[OFFERS]
    }
    said = []
    for (_before, after), some in zip(pairs, changes, strict=True):
        place = find_place(str(after.get("market_code") or ""))
        words = _speak(some, numbers, names, currency=place.currency, language=language)
        words = replace(words, product_of=product_of)
        told = (_replace(one, numbers) for one in some)
        said.append(tuple(describe_change(one, words, place.time_zone) for one in told))
    return said


def say_faults(refusal: FairtagError, snapshot: Snapshot, *, language: str) -> list[str]:
    """Return why a snapshot is refused, in sentences that name its offers and what is wrong."""
    if not isinstance(refusal, BadDocument) or not refusal.faults:
        return str(refusal).splitlines()
    words = Lexicon(language, locale_of(language), "")
    offers = snapshot.get(OFFERS, ())
    said = []
    for place, why in refusal.faults:
        at = re.match(r"offers\[(\d+)\]", place)
        offer = offers[int(at[1])] if at and int(at[1]) < len(offers) else None
        name = "" if offer is None else _name_offer(offer, language)
        said.append(describe_fault(place, why, name, words))
    return said


def _widen(change: Change, before: Snapshot, after: Snapshot) -> Change:
    """Return a change of terms with the whole offers: only together they say what is given."""
    if change.kind != "changed" or change.field != "terms":
        return change
    old, new = (
        next(one for one in said[OFFERS] if one["code"] == change.offer) for said in (before, after)
    )
    return replace(change, old=old, new=new)


def _list_named(changes: Iterable[Change]) -> set[tuple[str, Key]]:
    told = (
        {one.field: value}
        for one in changes
        if one.field in OF_GOODS and one.kind == "changed"
        for value in (one.old, one.new)
    )
    return set().union(*(list_goods(one) for one in told))


def _number(goods: Iterable[tuple[str, Key]]) -> dict[tuple[str, str], int]:
    """Return a number below 0 for everything that is named by key, as the parsers want one."""
    keys = sorted({(kind, key) for kind, key in goods if isinstance(key, str)})
    return {one: -at for at, one in enumerate(keys, start=1)}


def _replace(change: Change, numbers: Mapping[tuple[str, str], int]) -> Change:
    if change.field not in OF_GOODS or change.kind != "changed":
        return change
    field = change.field

    def number(value: Json) -> Json:
        tree = replace_products(
            {field: value}, lambda kind, key: numbers.get((kind, str(key)), key)
        )
        return tree[field]

    return replace(change, old=number(change.old), new=number(change.new))


def _name_all(
    changes: Sequence[Change],
    numbers: Mapping[tuple[str, str], int],
    goods: Iterable[tuple[str, Key]],
    language: str,
) -> dict[tuple[str, Key], str]:
    ids: dict[str, set[int]] = {}
    for kind, key in goods:
        if isinstance(key, int):
            ids.setdefault(kind, set()).add(key)
    names: dict[tuple[str, Key], str] = {}
    names |= {(kind, key): name for (kind, key), name in name_goods(ids, language).items()}
    called = name_keys(numbers, language)
    names |= {(one[0], at): called.get(one, one[1]) for one, at in numbers.items()}
    with override(language):
        for field in (*campaign_fields(), *offer_fields()):
            names |= {(field.name, value): str(name) for value, name in field.flatchoices}
    names |= {("market_code", one.code): one.name for one in list_markets()}
    for field_name, table in STACKING.items():
        of = [one for one in changes if one.field == field_name]
        codes = {code for one in of for code in (one.old, one.new) if isinstance(code, str)}
        if codes:
            rows = table._default_manager.filter(code__in=codes).values_list("code", "name")
            names |= {(field_name, code): name for code, name in rows}
    return names


def _list_products(
    goods: Iterable[tuple[str, Key]], numbers: Mapping[tuple[str, str], int]
) -> dict[int, int]:
    """Return the products on sale of variants, named by id or key. No query once cached."""
    arrays = load_variant_arrays()
    ids = [key for kind, key in goods if kind == "variant" and isinstance(key, int)]
    by_key = {key: at for (kind, key), at in numbers.items() if kind == "variant"}
    named = np.isin(arrays.sku, list(by_key))
    skus, products = arrays.sku[named].tolist(), arrays.product_id[named].tolist()
    found = {by_key[sku]: product for sku, product in zip(skus, products, strict=True)}
    return arrays.list_products(ids) | found


def _name_offer(offer: Snapshot, language: str) -> str:
    named = offer.get("name_zh") if language.startswith("zh") else ""
    return str(named or offer.get("name") or offer["code"])


def _speak(
    changes: Iterable[Change],
    numbers: Mapping[tuple[str, str], int],
    names: Mapping[tuple[str, Key], str],
    *,
    currency: str,
    language: str,
) -> Lexicon:
    """Return the words of one pair; segments, tiers and groups only where a condition names
    them."""
    trees = [
        value
        for one in (_replace(one, numbers) for one in changes if one.field == "condition")
        for value in (one.old, one.new)
        if value
    ]
    facts = frozenset[str]().union(*(_facts_of(one) for one in trees))
    markets = [one.code for one in list_markets()]
    words = name_words([], facts, markets, currency=currency, language=language)
    return replace(words, names={**words.names, **names})


def _facts_of(tree: Json) -> frozenset[str]:
    try:
        return needed_facts(parse_condition(tree))
    except BadOffer:
        return frozenset()
