"""The same for every kind of benefit: what a unit of a set, a step or a gift really comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any

import numpy as np

from promotions.campaigns.core.claims import Claims
from promotions.law.core.depth import Roles, all_bought
from promotions.law.core.drafts import Draft, example_draft
from tests.factories.law_drafts import PERSONAL, goods, of_kind


def of_kind_of_offer(kind: str, fields: Mapping[str, Any], **draft: Any) -> Draft:
    """Return a draft of one offer of any kind, on its one product unless roles say otherwise."""
    named: dict[str, Any] = {"names": ("An offer",), **draft}
    roles = named.pop("roles", None)
    made = example_draft(**named)
    offer = {"code": "a", "benefit_kind": kind, "target": "cart", "condition": {}, **fields}
    return replace(made, offers=(offer,), goods=replace(made.goods, roles=roles))


def cart_from(least: int) -> tuple[Roles]:
    """Return the roles of an offer on everything from a cart value on."""
    return (replace(all_bought(1), least_minor=least, is_whole_cart=True),)


def gift_from(least: int) -> tuple[Roles]:
    """Return the roles of a draft that gives its one product with a cart of so much."""
    return (Roles(np.array([False]), np.array([True]), least_minor=least),)


def buy_one_get_other(restricted: int, **fields: Any) -> Draft:
    """Return "buy the one, get the other" of two products, of which one is restricted."""
    terms = {"buy": 1, "get": 1, "get_scope": {"variants": [2]}}
    draft = of_kind_of_offer("buy_get", {"percent": "50", "terms": terms, **fields})
    arrays: dict[str, Any] = {
        field.name: np.repeat(getattr(draft.goods, field.name), 2)
        for field in dataclass_fields(draft.goods)
        if field.name not in ("kinds", "is_kind", "roles", "units", "has_floors")
    }
    mine = np.array([[at == restricted for at in (0, 1)]])
    roles = (Roles(np.array([True, False]), np.array([False, True])),)
    both = replace(draft.goods, **arrays, kinds=("restricted",), is_kind=mine, roles=roles)
    return replace(draft, goods=both)


def sets(buy: int, get: int, percent: str = "100", **draft: Any) -> Draft:
    """Return "buy so many, get so many cheaper"."""
    fields = {"percent": percent, "terms": {"buy": buy, "get": get}}
    return of_kind_of_offer("buy_get", fields, **draft)


def steps(kind: str, *last: tuple[int, str, Any], **draft: Any) -> Draft:
    """Return tiers that end with the steps given as (from, measure, value)."""
    terms = {"steps": [{"from": at, measure: value} for at, measure, value in last]}
    return of_kind_of_offer(kind, {"terms": terms}, **draft)


def priced(amount: int, **draft: Any) -> Draft:
    """Return one piece at a price."""
    return of_kind_of_offer("set_price", {"amount_minor": amount, "target": "unit"}, **draft)


def off_each(amount: int, **draft: Any) -> Draft:
    """Return so much off each piece."""
    fields = {"amount_minor": amount, "target": "unit"}
    return of_kind_of_offer("fixed_amount", fields, **draft)


def group_at(amount: int) -> Draft:
    """Return three at one price, for chosen shoppers."""
    fields = {"amount_minor": amount, "terms": {"size": 3}}
    return of_kind_of_offer("set_price", fields, **PERSONAL)


def bundle_at(amount: int) -> Draft:
    """Return two of the product at one price, for chosen shoppers."""
    parts = [{"scope": {}, "quantity": 1}, {"scope": {}, "quantity": 1}]
    role = replace(all_bought(1), parts=(np.array([True]), np.array([True])))
    fields = {"amount_minor": amount, "terms": {"parts": parts}}
    return of_kind_of_offer("bundle", fields, **PERSONAL, roles=(role,))


def off_cart(least: int) -> Draft:
    """Return 5.00 off a cart from so much on, for chosen shoppers."""
    fields = {"amount_minor": 500, "condition": {"cart_value": least}}
    return of_kind_of_offer("fixed_amount", fields, **PERSONAL, roles=cart_from(least))


def gift(least: int, **draft: Any) -> Draft:
    """Return the product (worth 10.00) as a gift with a cart of so much."""
    terms = {"variants": [1], "quantity": 1}
    return of_kind_of_offer("gift", {"terms": terms}, **draft, roles=gift_from(least))


DEPTHS: tuple[tuple[str, Draft, Draft], ...] = (
    ("personal_above_cap", sets(2, 1, **PERSONAL), sets(3, 1, **PERSONAL)),
    ("personal_above_cap", sets(1, 1, "61", **PERSONAL), sets(1, 1, "60", **PERSONAL)),
    (
        "personal_above_cap",
        of_kind_of_offer("cheapest_free", {"percent": "100", "terms": {"size": 3}}, **PERSONAL),
        of_kind_of_offer("cheapest_free", {"percent": "100", "terms": {"size": 4}}, **PERSONAL),
    ),
    (
        "personal_above_cap",
        steps("quantity_tiers", (3, "percent", 5), (6, "percent", "31"), **PERSONAL),
        steps("quantity_tiers", (3, "percent", 5), (6, "percent", "30"), **PERSONAL),
    ),
    (
        "personal_above_cap",
        steps("quantity_tiers", (3, "price", 699), **PERSONAL),
        steps("quantity_tiers", (3, "amount", 300), **PERSONAL),
    ),
    (
        "personal_above_cap",
        steps("spend_tiers", (4_000, "amount", 400), (8_000, "amount", 2_480), **PERSONAL),
        steps("spend_tiers", (4_000, "amount", 400), (8_000, "amount", 2_400), **PERSONAL),
    ),
    ("personal_above_cap", priced(699, **PERSONAL), priced(700, **PERSONAL)),
    ("personal_above_cap", group_at(2_090), group_at(2_100)),
    ("personal_above_cap", bundle_at(1_390), bundle_at(1_400)),
    ("personal_above_cap", off_cart(1_600), off_cart(1_700)),
    ("personal_above_cap", gift(2_300, **PERSONAL), gift(2_400, **PERSONAL)),
    (
        "below_cost",
        goods(sets(1, 1), cost_minor=501, floor_minor=0),
        goods(sets(1, 1), cost_minor=500, floor_minor=0),
    ),
    (
        "below_cost",
        goods(example_draft(percent=50, names=("An offer",)), cost_minor=520, floor_minor=519),
        goods(example_draft(percent=50, names=("An offer",)), cost_minor=520, floor_minor=520),
    ),
    (
        "promise_not_reached",
        goods(sets(1, 1), cost_minor=-1, floor_minor=501),
        goods(sets(1, 1), cost_minor=-1, floor_minor=500),
    ),
    (
        "promise_not_reached",
        goods(priced(699), floor_minor=700),
        goods(replace(priced(699), sells_below_floor=True), floor_minor=700),
    ),
    (
        "promise_not_reached",
        goods(steps("quantity_tiers", (3, "amount", 20)), floor_minor=981),
        goods(steps("quantity_tiers", (3, "percent", 20)), floor_minor=981),
    ),
    (
        "promise_not_reached",
        goods(example_draft(percent=100, names=("An offer",)), cost_minor=-1, floor_minor=1),
        goods(off_each(20), floor_minor=980),
    ),
    ("below_minimum_price", of_kind("alcohol", sets(2, 1)), of_kind("alcohol", sets(3, 1))),
    (
        "cut_not_reached",
        goods(sets(1, 1, "50", names=("50 % off the second",)), floor_minor=751),
        goods(sets(1, 1, "50", names=("50 % off the second",)), floor_minor=750),
    ),
    (
        "percent_untrue",
        priced(667, names=("34 % off",)),
        priced(667, names=("33 % off",)),
    ),
    ("restricted_gift", of_kind("restricted", gift(4_000)), of_kind("fresh", gift(4_000))),
    (
        "restricted_gift",
        buy_one_get_other(1, percent="100"),
        buy_one_get_other(0, percent="100"),
    ),
    ("restricted_gift", buy_one_get_other(1, percent="100"), buy_one_get_other(1)),
    ("restricted_gift", of_kind("restricted", sets(2, 1)), of_kind("restricted", sets(2, 1, "99"))),
    (
        "banned_promotion",
        of_kind("infant_formula", gift(4_000)),
        of_kind("baby_food", gift(4_000)),
    ),
    (
        "raised_before_cut",
        goods(priced(900), before_raise_minor=900),
        goods(priced(900), before_raise_minor=901),
    ),
    (
        "percent_not_from_reference",
        goods(priced(900, names=("10 % off",)), reference_minor=999),
        goods(priced(900, names=("10 % off",)), reference_minor=1_000),
    ),
    (
        "percent_not_from_reference",
        goods(example_draft(), reference_minor=999),
        goods(sets(2, 1), reference_minor=999),
    ),
    (
        "up_to_misleading",
        sets(2, 1, claims=Claims(up_to_percent=34)),
        sets(2, 1, claims=Claims(up_to_percent=33)),
    ),
)
