"""What differs between two versions of a campaign, in words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any as Json
from zoneinfo import ZoneInfo

from promotions.campaigns.core.revisions import GOODS_OF, Change
from promotions.engine.api import (
    EVERYTHING,
    BadOffer,
    Scope,
    build_benefit,
    parse_condition,
    parse_scope,
)
from promotions.sentences.core.benefits import say_benefit
from promotions.sentences.core.conditions import say_condition
from promotions.sentences.core.words import LIST_COMMA, Lexicon, say_products
from shop.ground.kernel.translation import gettext_noop, pgettext_noop

FIELDS: Mapping[str, str] = {
    "code": pgettext_noop("field", "code"),
    "name": gettext_noop("name"),
    "name_zh": gettext_noop("Chinese name"),
    "kind": gettext_noop("kind"),
    "goal": gettext_noop("goal"),
    "audience": gettext_noop("audience"),
    "market_code": gettext_noop("market"),
    "starts_at": gettext_noop("start"),
    "ends_at": pgettext_noop("field", "end"),
    "budget_minor": gettext_noop("budget"),
    "claims": gettext_noop("what it claims"),
    "sells_below_floor": gettext_noop("sells below the price floor"),
    "returns_give_back": gettext_noop("returns give uses back"),
    "holdout_percent": gettext_noop("share held out (percent)"),
    "condition": gettext_noop("condition"),
    "scope": gettext_noop("products in scope"),
    "variants": gettext_noop("products listed one by one"),
    "benefit_kind": gettext_noop("kind of benefit"),
    "target": gettext_noop("what it is taken off"),
    "percent": pgettext_noop("field", "percent"),
    "amount_minor": gettext_noop("amount"),
    "terms": gettext_noop("terms of the benefit"),
    "max_line_minor": gettext_noop("most per line"),
    "max_line_units": gettext_noop("most pieces of each product"),
    "max_order_units": gettext_noop("most pieces of an order"),
    "cheapest_first": gettext_noop("only the cheapest pieces"),
    "group": gettext_noop("stacking group"),
    "category": gettext_noop("stacking category"),
    "max_discount_minor": gettext_noop("most per order"),
    "stacking": gettext_noop("combines with others"),
    "stacking_group": gettext_noop("group of which the best applies"),
    "priority": gettext_noop("priority"),
    "requires_coupon": gettext_noop("needs a code"),
    "is_active": pgettext_noop("field", "active"),
}
# What stands inside of a scope or of claims: key -> name
PARTS: Mapping[str, str] = {
    "categories": gettext_noop("categories"),
    "brands": gettext_noop("brands"),
    "products": gettext_noop("products"),
    "variants": gettext_noop("SKUs"),
    "listed": gettext_noop("products listed one by one"),
    "except_categories": gettext_noop("except for categories"),
    "except_brands": gettext_noop("except for brands"),
    "except_variants": gettext_noop("except for SKUs"),
    "not_reduced": gettext_noop("not reduced ones"),
    "price_from": gettext_noop("lowest price"),
    "price_to": gettext_noop("highest price"),
    "was_minor": gettext_noop("old price named beside the new one"),
    "up_to_percent": gettext_noop("“up to” (percent)"),
    "countdown": gettext_noop("countdown"),
    "countdown_to": gettext_noop("countdown to"),
    "only_left": gettext_noop("pieces said to be left"),
    "quantity": gettext_noop("pieces set aside"),
    "free": gettext_noop("said to be free"),
    "terms": gettext_noop("what it takes"),
    "review": gettext_noop("reward for a review"),
    "points_expire": gettext_noop("points end"),
    "points_noticed": gettext_noop("end of points announced"),
    "min_rating": gettext_noop("least rating"),
    "is_positive": gettext_noop("for good ratings only"),
    "is_disclosed": gettext_noop("said beside the review"),
    "label": gettext_noop("label beside a personal offer"),
}
NAMED_AT_MOST, LONGEST = 6, 80
MONEY = frozenset(
    {
        *("budget_minor", "amount_minor", "max_line_minor", "max_discount_minor"),
        *("was_minor", "price_from", "price_to"),
    }
)
MOMENTS = frozenset({"starts_at", "ends_at", "countdown_to", "points_expire", "points_noticed"})
_SENTENCES = {
    "changed": gettext_noop("{place}{field}: {how}"),
    "added": gettext_noop("Offer “{offer}” was added."),
    "removed": gettext_noop("Offer “{offer}” was removed."),
}
_PLACE = gettext_noop("Offer “{offer}”, ")


def order_changes(changes: Iterable[Change]) -> list[Change]:
    """Return changes in the order they are read in: the campaign's own first, then by offer."""
    known = list(FIELDS)
    return sorted(
        changes,
        key=lambda one: (one.offer, known.index(one.field) if one.field in FIELDS else len(known)),
    )


def describe_change(change: Change, words: Lexicon, time_zone: str = "UTC") -> str:
    """Return a change as a sentence. `words` name offers by code, products by id, and the values
    of a field by its name; of terms `old` and `new` are the whole offers.

    >>> describe_change(Change("changed", "", "name", "A", "B"), Lexicon("en", "en_US", "USD"))
    'name: A → B'
    >>> tenth = Change("changed", "tenth", "percent", "10", "15")
    >>> describe_change(tenth, Lexicon("zh-hans", "zh_Hans_CN", "CNY"))
    '优惠“tenth”的折扣百分比：10 → 15'
    """
    offer = words.name("offer", change.offer) if change.offer else ""
    field = FIELDS.get(change.field)
    return words.translate(
        _SENTENCES[change.kind],
        place=words.translate(_PLACE, offer=offer) if offer else "",
        offer=offer,
        field=words.translate(field) if field else change.field.replace("_", " "),
        how=_compare(change, words, time_zone) if change.kind == "changed" else "",
    )


def describe_fault(place: str, why: str, offer: str, words: Lexicon) -> str:
    """Return why a value of a snapshot is refused, as a sentence; `offer` is its name.

    >>> english = Lexicon("en", "en_US", "USD")
    >>> describe_fault("offers[1].terms.steps[0].from", "steps go upwards", "Spring", english)
    'Offer “Spring”, terms of the benefit (1): steps go upwards.'
    """
    own = place.partition("].")[2] if place.startswith("offers[") else place
    column, inside = re.match(r"\w*", own), re.search(r"(?:steps|parts)\[(\d+)\]", own)
    field = FIELDS.get("" if column is None else column[0], "")
    said = words.translate(field) if field else ""
    if inside is not None:
        said = words.translate("{field} ({n})", field=said, n=int(inside[1]) + 1)
    named = words.translate(_PLACE, offer=offer) if offer else ""
    if not (named or said):
        return words.translate("{why}.", why=why)
    return words.translate("{place}{field}: {why}.", place=named, field=said, why=why)


def _compare(change: Change, words: Lexicon, zone: str) -> str:
    """Return how a value differs: of what has parts only those that do, of lists what came and
    went. Long ones would else be cut before the first difference."""
    field, old, new = change.field, change.old, change.new
    if field in ("scope", "claims") and old and new:
        return _compare_parts(old, new, words, zone)
    if field == "claims":
        return _compare_parts(old or {}, new or {}, words, zone)
    if field in GOODS_OF:
        return _compare_lists(field, old or [], new or [], words)
    try:
        said = [_show(field, value, words, zone) for value in (old, new)]
    except BadOffer:  # a version of before, which no rule reads any more
        return words.translate("changed")
    return " → ".join(said) if said[0] != said[1] else words.translate("changed")


def _compare_parts(
    old: Mapping[str, Json], new: Mapping[str, Json], words: Lexicon, zone: str
) -> str:
    parts = []
    for key in {**old, **new}:
        before, after = old.get(key), new.get(key)
        if before != after:
            name = words.translate(PARTS[key]) if key in PARTS else key.replace("_", " ")
            how = _compare(Change("changed", "", key, before, after), words, zone)
            parts.append(f"{name} {how}")
    return words.translate("; ").join(parts)


def _compare_lists(field: str, old: list[Json], new: list[Json], words: Lexicon) -> str:
    came = [one for one in new if one not in old]
    went = [one for one in old if one not in new]
    signed = (("+", came), ("−", went))
    said = " ".join(f"{sign} {_list(field, some, words)}" for sign, some in signed if some)
    return said or words.translate("in another order")


def _list(field: str, keys: list[Json], words: Lexicon) -> str:
    kind = GOODS_OF[field]
    names = [words.name(kind, one) for one in keys[:NAMED_AT_MOST]]
    said, more = words.translate(LIST_COMMA).join(names), len(keys) - NAMED_AT_MOST
    return said if more <= 0 else said + words.translate(" and {more} more", more=more)


def _show(field: str, value: Json, words: Lexicon, zone: str) -> str:
    if field in _SHOWN and value is not None:
        return _SHOWN[field](value, words)
    if value in (None, "", [], {}):
        return words.translate("none")
    if isinstance(value, bool):
        return words.translate("yes") if value else words.translate("no")
    if field in MONEY:
        return words.money(int(value))
    if field in MOMENTS:
        return f"{datetime.fromisoformat(value).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
    if isinstance(value, Mapping):
        return _compare_parts({}, value, words, zone)
    text = words.names.get((field, value), str(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _show_benefit(offer: Mapping[str, Json], words: Lexicon) -> str:
    """Return what an offer of a snapshot gives."""
    percent = offer.get("percent")
    benefit = build_benefit(
        kind=offer["benefit_kind"],
        target=offer["target"],
        percent=None if percent is None else Decimal(percent),
        amount_minor=offer.get("amount_minor"),
        cap_minor=None,
        terms=offer.get("terms"),
    )
    listed = offer.get("variants")
    scope = parse_scope(offer.get("scope") or {})
    return say_benefit(benefit, Scope(frozenset(listed)) if listed else scope, words)


def _show_condition(tree: Mapping[str, Json], words: Lexicon) -> str:
    return say_condition(parse_condition(tree), words) if tree else words.translate("none")


_SHOWN: Mapping[str, Callable[[Json, Lexicon], str]] = {
    "condition": _show_condition,
    "scope": lambda tree, words: say_products(parse_scope(tree) if tree else EVERYTHING, words),
    "terms": lambda said, words: (
        _show_benefit(said, words) if isinstance(said, Mapping) else str(said)
    ),
}
