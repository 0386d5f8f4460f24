"""Snapshots of campaigns, their hash, and the difference of two in words.

A snapshot is JSON: the campaign's own fields, and `offers`, a list by code, each with its fields
and, where it lists goods one by one, those in `variants`. In memory it has this shop's ids (format
1, as versions and files had, too, until there were keys); stored and in files goods are named by
SKU, path and reference, stacking by code (format 2).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from typing import Any as Json

from promotions.campaigns.core.workflow import Reach, measure_depth
from shop.ground.kernel.translation import gettext_noop, pgettext_noop, translate

FORMAT, NAMED = 1, 2
READABLE = (FORMAT, NAMED)
OFFERS = "offers"
LONGEST = 80
_WINDOW = ("starts_at", "ends_at", "budget_minor")
_NAMES = ("name", "name_zh")


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. `offer` is an offer's code, "" for the campaign itself.

    `kind` is "changed", or for a whole offer "added" or "removed" (then `field` is "").
    """

    kind: str
    offer: str
    field: str
    old: Any = None
    new: Any = None


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
    "budget_minor": gettext_noop("budget (minor units)"),
    "claims": gettext_noop("what it claims"),
    "sells_below_floor": gettext_noop("sells below the price floor"),
    "holdout_percent": gettext_noop("share held out (percent)"),
    "condition": gettext_noop("condition"),
    "scope": gettext_noop("products in scope"),
    "variants": gettext_noop("products listed one by one"),
    "benefit_kind": gettext_noop("kind of benefit"),
    "target": gettext_noop("what it is taken off"),
    "percent": pgettext_noop("field", "percent"),
    "amount_minor": gettext_noop("amount (minor units)"),
    "terms": gettext_noop("terms of the benefit"),
    "max_line_minor": gettext_noop("most per line (minor units)"),
    "max_line_units": gettext_noop("most pieces of each product"),
    "max_order_units": gettext_noop("most pieces of an order"),
    "cheapest_first": gettext_noop("only the cheapest pieces"),
    "group": gettext_noop("stacking group"),
    "category": gettext_noop("stacking category"),
    "max_discount_minor": gettext_noop("most per order (minor units)"),
    "stacking": gettext_noop("combines with others"),
    "stacking_group": gettext_noop("group of which the best applies"),
    "priority": gettext_noop("priority"),
    "requires_coupon": gettext_noop("needs a code"),
    "is_active": pgettext_noop("field", "active"),
}
# What stands inside of a scope or of terms: key -> name
PARTS: Mapping[str, str] = {
    "categories": gettext_noop("categories"),
    "brands": gettext_noop("brands"),
    "products": gettext_noop("products"),
    "variants": gettext_noop("SKUs"),
    "except_categories": gettext_noop("except for categories"),
    "except_variants": gettext_noop("except for SKUs"),
}
NAMED_AT_MOST = 6
_SENTENCES = {
    "changed": gettext_noop("{place}{field}: {how}"),
    "added": gettext_noop("Offer “{offer}” was added: {new}"),
    "removed": gettext_noop("Offer “{offer}” was removed."),
}
_PLACE = gettext_noop("Offer “{offer}”, ")


def hash_snapshot(snapshot: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the snapshot in its one canonical spelling.

    >>> hash_snapshot({"a": 1, "b": [2]}) == hash_snapshot({"b": [2], "a": 1})
    True
    """
    text = json.dumps(snapshot, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def diff_snapshots(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what differs, the campaign's own fields first, then offers by code.

    >>> diff_snapshots({"name": "A", "offers": []}, {"name": "B", "offers": []})
    (Change(kind='changed', offer='', field='name', old='A', new='B'),)
    """
    found = _diff_fields("", _without_offers(old), _without_offers(new))
    before, after = _by_code(old), _by_code(new)
    for code in sorted(before.keys() | after.keys()):
        if code not in after:
            found.append(Change("removed", code, "", old=before[code].get("name", code)))
        elif code not in before:
            found.append(Change("added", code, "", new=after[code].get("name", code)))
        else:
            found += _diff_fields(code, before[code], after[code])
    return tuple(found)


def describe_change(change: Change, language: str) -> str:
    """Return a change as a sentence in `language` ("zh..." or anything else: English).

    >>> describe_change(Change("changed", "", "name", "A", "B"), "en")
    'name: A → B'
    >>> describe_change(Change("changed", "tenth", "percent", "10", "15"), "zh-hans")
    '优惠“tenth”的折扣百分比：10 → 15'
    """
    place = translate(_PLACE, language, offer=change.offer) if change.offer else ""
    field = FIELDS.get(change.field)
    return translate(
        _SENTENCES[change.kind],
        language,
        place=place,
        offer=change.offer,
        field=translate(field, language) if field else change.field.replace("_", " "),
        how=_compare(change.old, change.new, language) if change.kind == "changed" else "",
        new=_show(change.new, language),
    )


def _compare(old: Any, new: Any, language: str) -> str:
    """Return how a value differs: of what has parts only those that do, of lists what came and
    went. Long ones would else be cut before the first difference."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old and new:
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        parts = [
            f"{_name(key, language)} {_compare(old.get(key), new.get(key), language)}"
            for key in keys
        ]
        return translate("; ", language).join(parts)
    if _is_plain(old) and _is_plain(new):
        before, after = old or [], new or []
        came = [one for one in after if one not in before]
        went = [one for one in before if one not in after]
        if came or went:
            signed = (("+", came), ("−", went))
            return " ".join(f"{sign} {_list(some, language)}" for sign, some in signed if some)
    return f"{_show(old, language)} → {_show(new, language)}"


def _name(key: str, language: str) -> str:
    return translate(PARTS[key], language) if key in PARTS else key.replace("_", " ")


def _is_plain(value: Any) -> bool:
    """Whether a value is a list of names or numbers, or nothing."""
    return value is None or (
        isinstance(value, list) and all(isinstance(one, str | int) for one in value)
    )


def _list(names: list[Any], language: str) -> str:
    comma = translate(pgettext_noop("list", ", "), language)
    said = comma.join(str(one) for one in names[:NAMED_AT_MOST])
    more = len(names) - NAMED_AT_MOST
    return said if more <= 0 else said + translate(" and {more} more", language, more=more)


def reach_of(snapshot: Mapping[str, Any], priced: Mapping[str, float] | None = None) -> Reach:
    """Return how far a snapshot goes, to compare it with limits and with what was agreed to.

    `priced` are the depths of offers that only prices bound, by code (see `measure_depth`).

    >>> snapshot = {"starts_at": "2026-01-01", "ends_at": "2026-02-01", "budget_minor": 5}
    >>> reach_of({**snapshot, "offers": []}).budget_minor
    5
    """
    active = [offer for offer in snapshot[OFFERS] if offer.get("is_active", True)]
    offers = [
        {key: value for key, value in offer.items() if key not in (*_NAMES, "percent")}
        for offer in active
    ]
    own = {
        key: value
        for key, value in _without_offers(snapshot).items()
        if key not in (*_WINDOW, *_NAMES, "goal")
    }
    return Reach(
        budget_minor=snapshot.get("budget_minor"),
        depth=measure_depth(snapshot[OFFERS], priced),
        starts_at=str(snapshot["starts_at"]),
        ends_at=str(snapshot["ends_at"]),
        terms=hash_snapshot({**own, OFFERS: offers}),
        percents={str(offer["code"]): float(offer.get("percent") or 0) for offer in active},
        sells_below_floor=bool(snapshot.get("sells_below_floor")),
    )


def _diff_fields(offer: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    return [
        Change("changed", offer, field, old.get(field), new.get(field))
        for field in sorted(old.keys() | new.keys(), key=_place_of)
        if old.get(field) != new.get(field)
    ]


def _place_of(field: str) -> tuple[int, str]:
    known = list(FIELDS)
    return (known.index(field) if field in FIELDS else len(known), field)


def _without_offers(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in snapshot.items() if key not in (OFFERS, "format")}


def _by_code(snapshot: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {str(offer["code"]): offer for offer in snapshot[OFFERS]}


def _show(value: Any, language: str) -> str:
    if value in (None, "", [], {}):
        return translate("none", language)
    if isinstance(value, bool):
        return translate("yes", language) if value else translate("no", language)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


# the word of a list in scopes, conditions, terms and offers -> what its ids are
KINDS: Mapping[str, str] = {
    "variants": "variant",
    "products": "product",
    "categories": "category",
    "brands": "brand",
    "except_categories": "category",
    "except_brands": "brand",
    "except_variants": "variant",
}
# No goods have this id: what a list means that named goods this shop no longer has.
NOBODY = 2**60

type Key = int | str
type Goods = tuple[str, Key]


def list_goods(tree: Json) -> set[Goods]:
    """Return (kind, id or key) of all goods that `tree` names, however deep.

    >>> sorted(list_goods({"all": [{"brands": [2]}, {"not": {"categories": ["dairy/milk"]}}]}))
    [('brand', 2), ('category', 'dairy/milk')]
    """
    found: set[Goods] = set()

    def note(kind: str, key: Key) -> Key:
        found.add((kind, key))
        return key

    replace_goods(tree, note)
    return found


def replace_goods(tree: Json, translate: Callable[[str, Key], Key]) -> Json:
    """Return a copy of `tree` with every id or key of goods as `translate` (kind, key) says.

    >>> replace_goods({"scope": {"variants": [7]}, "percent": "10"}, lambda kind, key: f"SKU-{key}")
    {'scope': {'variants': ['SKU-7']}, 'percent': '10'}
    """
    if isinstance(tree, Mapping):
        return {word: _replace_at(word, value, translate) for word, value in tree.items()}
    if isinstance(tree, list):
        return [replace_goods(part, translate) for part in tree]
    return tree


def _replace_at(word: str, value: Json, translate: Callable[[str, Key], Key]) -> Json:
    if word not in KINDS or not isinstance(value, list):
        return replace_goods(value, translate)
    is_key = [isinstance(one, int | str) and not isinstance(one, bool) for one in value]
    return [
        translate(KINDS[word], one) if fits else one
        for one, fits in zip(value, is_key, strict=True)
    ]
