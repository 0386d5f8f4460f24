"""What a campaign said at a time: snapshots, their hash, and the difference of two in words.

A snapshot is JSON: the campaign's own fields, and `offers`, a list by code, each with its fields
and, where it lists goods one by one, those in `variants`. In memory it has this shop's ids (format
1, as versions and files had, too, until there were keys); stored and in files goods are named by
SKU, path and reference, stacking by code (format 2).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from promotions.core.workflow import Reach, measure_depth

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


# field -> (English, Chinese)
FIELDS: Mapping[str, tuple[str, str]] = {
    "code": ("code", "代码"),
    "name": ("name", "名称"),
    "name_zh": ("Chinese name", "中文名称"),
    "kind": ("kind", "类型"),
    "audience": ("audience", "受众"),
    "market_code": ("market", "市场"),
    "starts_at": ("start", "开始时间"),
    "ends_at": ("end", "结束时间"),
    "budget_minor": ("budget (minor units)", "预算（最小货币单位）"),
    "claims": ("what it claims", "宣传内容"),
    "sells_below_floor": ("sells below the price floor", "可低于最低价销售"),
    "holdout_percent": ("share held out (percent)", "对照组比例（%）"),
    "condition": ("condition", "条件"),
    "scope": ("goods in scope", "适用商品"),
    "variants": ("goods listed one by one", "逐一列出的商品"),
    "benefit_kind": ("kind of benefit", "优惠方式"),
    "target": ("what it is taken off", "优惠对象"),
    "percent": ("percent", "折扣百分比"),
    "amount_minor": ("amount (minor units)", "金额（最小货币单位）"),
    "terms": ("terms of the benefit", "优惠细则"),
    "max_line_minor": ("most per line (minor units)", "每行上限（最小货币单位）"),
    "max_line_units": ("most pieces of each product", "每种商品最多件数"),
    "max_order_units": ("most pieces of an order", "每单最多件数"),
    "cheapest_first": ("only the cheapest pieces", "仅限最便宜的商品"),
    "group": ("stacking group", "叠加组"),
    "category": ("stacking category", "叠加类别"),
    "max_discount_minor": ("most per order (minor units)", "每单上限（最小货币单位）"),
    "stacking": ("combines with others", "叠加方式"),
    "stacking_group": ("group of which the best applies", "择优组"),
    "priority": ("priority", "优先级"),
    "requires_coupon": ("needs a code", "需要优惠码"),
    "is_active": ("active", "启用"),
}
# What stands inside of a scope or of terms: key -> (English, Chinese)
PARTS: Mapping[str, tuple[str, str]] = {
    "categories": ("categories", "类别"),
    "brands": ("brands", "品牌"),
    "products": ("products", "商品"),
    "variants": ("SKUs", "SKU"),
    "except_categories": ("except for categories", "不含类别"),
    "except_variants": ("except for SKUs", "不含 SKU"),
}
NAMED_AT_MOST = 6
_SENTENCES = {
    "changed": ("{place}{field}: {how}", "{place}{field}：{how}"),
    "added": ("Offer “{offer}” was added: {new}", "新增优惠“{offer}”：{new}"),
    "removed": ("Offer “{offer}” was removed.", "删除优惠“{offer}”。"),
}


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
    at = int(language.startswith("zh"))
    place = (f"Offer “{change.offer}”, ", f"优惠“{change.offer}”的")[at] if change.offer else ""
    field = FIELDS.get(change.field, (change.field.replace("_", " "),) * 2)[at]
    return _SENTENCES[change.kind][at].format(
        place=place,
        offer=change.offer,
        field=field,
        how=_compare(change.old, change.new, at) if change.kind == "changed" else "",
        new=_show(change.new, at),
    )


def _compare(old: Any, new: Any, at: int) -> str:
    """Return how a value differs: of what has parts only those that do, of lists what came and
    went. Long ones would else be cut before the first difference."""
    if isinstance(old, Mapping) and isinstance(new, Mapping) and old and new:
        keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
        parts = [f"{_name(key, at)} {_compare(old.get(key), new.get(key), at)}" for key in keys]
        return ("; ", "；")[at].join(parts)
    if _is_plain(old) and _is_plain(new):
        before, after = old or [], new or []
        came = [one for one in after if one not in before]
        went = [one for one in before if one not in after]
        if came or went:
            signed = (("+", came), ("−", went))
            return " ".join(f"{sign} {_list(some, at)}" for sign, some in signed if some)
    return f"{_show(old, at)} → {_show(new, at)}"


def _name(key: str, at: int) -> str:
    return PARTS[key][at] if key in PARTS else key.replace("_", " ")


def _is_plain(value: Any) -> bool:
    """Whether a value is a list of names or numbers, or nothing."""
    return value is None or (
        isinstance(value, list) and all(isinstance(one, str | int) for one in value)
    )


def _list(names: list[Any], at: int) -> str:
    said = (", ", "、")[at].join(str(one) for one in names[:NAMED_AT_MOST])
    more = len(names) - NAMED_AT_MOST
    return said if more <= 0 else said + (f" and {more} more", f"等，另有 {more} 个")[at]


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
        if key not in (*_WINDOW, *_NAMES)
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


def _show(value: Any, at: int) -> str:
    if value in (None, "", [], {}):
        return ("nothing", "无")[at]
    if isinstance(value, bool):
        return (("no", "否"), ("yes", "是"))[value][at]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
