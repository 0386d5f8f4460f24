"""From the JSON of one kind of benefit to its terms; refused with place and reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any as Json

from promotions.engine.core.benefits.terms import (
    Bundle,
    BuyGet,
    Delivery,
    Gift,
    GroupOf,
    Part,
    Points,
    Step,
    Tiers,
)
from promotions.engine.core.carts import EVERYTHING, Scope
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop, translate


class BadOffer(FairtagError):
    """The offer cannot be computed or explained as it is written; `detail["place"]` says where."""

    code = "bad_offer"


def read_object(tree: Json, place: str) -> Mapping[str, Json]:
    """Return `tree` if it is a JSON object. Raises BadOffer."""
    if not isinstance(tree, dict):
        raise refuse(place, gettext_noop("expected an object"))
    return tree


def allow_only(fields: Mapping[str, Json], allowed: Collection[str], place: str) -> None:
    """Refuse words of `fields` that are not `allowed`. Raises BadOffer."""
    for word in fields:
        if word not in allowed:
            raise refuse(place, gettext_noop("“{word}” does not belong here"), word=word)


def read_single(fields: Mapping[str, Json], place: str) -> tuple[str, Json]:
    """Return the one word and value of `fields`. Raises BadOffer."""
    if len(fields) != 1:
        raise refuse(place, gettext_noop("expected one condition; join several with all or any"))
    return next(iter(fields.items()))


def read_ids(value: Json, place: str) -> frozenset[int]:
    """Return a non-empty list of whole numbers as a set. Raises BadOffer."""
    is_fit = isinstance(value, list) and value and all(type(item) is int for item in value)
    if not is_fit:
        raise refuse(place, gettext_noop("expected a list of ids"))
    return frozenset(value)


def read_texts(value: Json, place: str) -> frozenset[str]:
    """Return a non-empty list of words as a set. Raises BadOffer."""
    is_fit = isinstance(value, list) and value and all(type(item) is str for item in value)
    if not is_fit:
        raise refuse(place, gettext_noop("expected a list of words"))
    return frozenset(value)


def read_count(value: Json, place: str, *, least: int) -> int:
    """Return a whole number of at least `least`. Raises BadOffer."""
    if type(value) is not int or value < least:
        raise refuse(
            place, gettext_noop("expected a whole number of at least {least}"), least=least
        )
    return value


def read_flag(value: Json, place: str) -> bool:
    """Return true or false. Raises BadOffer."""
    if type(value) is not bool:
        raise refuse(place, gettext_noop("expected true or false"))
    return value


def refuse(place: str, why: str, **values: int | str) -> BadOffer:
    """Return the refusal of what stands at `place`, for the caller to raise.

    `why` is a message of the catalogue, with `values` for its blanks.
    """
    said = translate(why, "en", **values)
    return BadOffer(f"{place}: {said}.", place=place, why=why, values=values)


SCOPE_FIELDS = {
    "variants": "variant_ids",
    "products": "product_ids",
    "categories": "category_ids",
    "brands": "brand_ids",
    "except_categories": "except_category_ids",
    "except_brands": "except_brand_ids",
    "except_variants": "except_variant_ids",
}
PRICES = {"price_from": "from_minor", "price_to": "to_minor"}
BY_PRICE = {"not_reduced", *PRICES}


def parse_scope(tree: Json, place: str = "scope") -> Scope:
    """Return the scope of a JSON object. Raises BadOffer.

    >>> parse_scope({"categories": [3]}).category_ids
    frozenset({3})
    """
    fields = read_object(tree, place)
    if not fields:
        return EVERYTHING
    if "listed" in fields:
        allow_only(fields, {"listed", *BY_PRICE}, place)
        # The rows are the caller's to fill in; until then the scope covers nothing, not everything
        is_listed = read_flag(fields["listed"], f"{place}.listed")
        ids = frozenset[int]() if is_listed else None
        return Scope(variant_ids=ids, **_read_prices(fields, place))
    allow_only(fields, {*SCOPE_FIELDS, *BY_PRICE}, place)
    chosen: dict[str, Json] = {
        field: read_ids(fields[key], f"{place}.{key}")
        for key, field in SCOPE_FIELDS.items()
        if fields.get(key, []) != []
    }
    if "variant_ids" in chosen and chosen.keys() & {"product_ids", "category_ids", "brand_ids"}:
        raise refuse(
            place, gettext_noop("variants cannot be mixed with products, categories or brands")
        )
    return Scope(**chosen, **_read_prices(fields, place))


def _read_prices(fields: Mapping[str, Json], place: str) -> dict[str, Json]:
    """Return what a scope says of the prices of its products."""
    found: dict[str, Json] = {
        field: read_count(fields[key], f"{place}.{key}", least=0)
        for key, field in PRICES.items()
        if fields.get(key) is not None
    }
    if found.get("from_minor", 0) > found.get("to_minor", found.get("from_minor", 0)):
        raise refuse(
            f"{place}.price_to", gettext_noop("it is below the lowest price: nothing is priced so")
        )
    if "not_reduced" in fields:
        found["is_unreduced"] = read_flag(fields["not_reduced"], f"{place}.not_reduced")
    return found


PLACE = "terms"
MOST_PARTS = 5
MOST_STEPS = 10
MOST_GIFTS = 10
MOST = 10**9
_MEASURES = ("percent", "amount", "price")


def parse_nothing(tree: Json) -> None:
    """Accept no terms at all. Raises BadOffer for any."""
    allow_only(read_object(tree, PLACE), (), PLACE)


def parse_group(tree: Json) -> GroupOf | None:
    """Return how many units cost the price together; None: each unit costs it.

    >>> parse_group({"size": 3})
    GroupOf(size=3, free=0, max_sets=None)
    """
    fields = read_object(tree, PLACE)
    if not fields:
        return None
    allow_only(fields, ("size", "max_sets"), PLACE)
    return GroupOf(_count(fields, "size", least=2), 0, _sets(fields))


def parse_cheapest(tree: Json) -> GroupOf:
    """Return of how many units how many are cheaper.

    >>> parse_cheapest({"size": 3})
    GroupOf(size=3, free=1, max_sets=None)
    """
    fields = read_object(tree, PLACE)
    allow_only(fields, ("size", "free", "max_sets"), PLACE)
    size = _count(fields, "size", least=2)
    free = _number(fields.get("free", 1), f"{PLACE}.free", least=1)
    if free >= size:
        raise refuse(f"{PLACE}.free", gettext_noop("something of the group must be paid"))
    return GroupOf(size, free, _sets(fields))


def parse_buy_get(tree: Json) -> BuyGet:
    """Return how many units must be bought, and how many are then cheaper.

    >>> parse_buy_get({"buy": 2, "get": 1})
    BuyGet(buy=2, get=1, get_scope=None, max_sets=None)
    """
    fields = read_object(tree, PLACE)
    allow_only(fields, ("buy", "get", "get_scope", "max_sets"), PLACE)
    scope = None
    if "get_scope" in fields:
        scope = parse_scope(fields["get_scope"], f"{PLACE}.get_scope")
    return BuyGet(
        _count(fields, "buy", least=1), _count(fields, "get", least=1), scope, _sets(fields)
    )


def parse_bundle(tree: Json) -> Bundle:
    """Return the parts of a bundle, each with a scope of its own.

    >>> parse_bundle({"parts": [{"scope": {"categories": [1]}}, {"scope": {"brands": [2]}}]}).size
    2
    """
    fields = read_object(tree, PLACE)
    allow_only(fields, ("parts", "max_sets"), PLACE)
    parts = fields.get("parts")
    if not isinstance(parts, list) or not 2 <= len(parts) <= MOST_PARTS:
        raise refuse(
            f"{PLACE}.parts", gettext_noop("expected a list of 2 to {most} parts"), most=MOST_PARTS
        )
    return Bundle(
        tuple(_part(part, f"{PLACE}.parts[{i}]") for i, part in enumerate(parts)), _sets(fields)
    )


def parse_quantity_tiers(tree: Json) -> Tiers:
    """Return steps by units: percent, amount off each unit, or price of a unit.

    >>> parse_quantity_tiers({"steps": [{"from": 6, "price": 450}]}).steps[0].price_minor
    450
    """
    return _tiers(tree, _MEASURES)


def parse_spend_tiers(tree: Json) -> Tiers:
    """Return steps by money: percent or amount off all in scope.

    >>> parse_spend_tiers({"steps": [{"from": 4000, "amount": 500}]}).reached(4_000).amount_minor
    500
    """
    tiers = _tiers(tree, ("percent", "amount"))
    for i, step in enumerate(tiers.steps):
        if step.amount_minor is not None and step.amount_minor >= step.at_least:
            raise refuse(
                f"{PLACE}.steps[{i}].amount", gettext_noop("it takes off all that must be spent")
            )
    return tiers


def parse_gift(tree: Json) -> Gift:
    """Return the gift: the first of the variants that is in stock.

    >>> parse_gift({"variants": [7]})
    Gift(variant_ids=(7,), quantity=1)
    """
    fields = read_object(tree, PLACE)
    allow_only(fields, ("variants", "quantity"), PLACE)
    ids = fields.get("variants", [])
    read_ids(ids, f"{PLACE}.variants")
    if len(set(ids)) != len(ids) or len(ids) > MOST_GIFTS:
        raise refuse(
            f"{PLACE}.variants",
            gettext_noop("expected up to {most} ids, each once"),
            most=MOST_GIFTS,
        )
    return Gift(tuple(ids), _number(fields.get("quantity", 1), f"{PLACE}.quantity", least=1))


def parse_delivery(tree: Json) -> Delivery:
    """Return which ways of delivery are cheaper, and their price if it is one.

    >>> parse_delivery({"methods": ["standard"], "price": 199}).price_minor
    199
    """
    fields = read_object(tree, PLACE)
    allow_only(fields, ("methods", "price"), PLACE)
    methods = frozenset[str]()
    if "methods" in fields:
        methods = read_texts(fields["methods"], f"{PLACE}.methods")
    price = fields.get("price")
    if price is not None:
        price = _number(price, f"{PLACE}.price", least=0)
    return Delivery(methods, price)


def parse_points(tree: Json) -> Points:
    """Return how many points, for each amount paid if one is named.

    >>> parse_points({"points": 5, "per": 100})
    Points(points=5, per_minor=100)
    """
    fields = read_object(tree, PLACE)
    allow_only(fields, ("points", "per"), PLACE)
    per = fields.get("per")
    if per is not None:
        per = _number(per, f"{PLACE}.per", least=1)
    return Points(_count(fields, "points", least=1), per)


def _tiers(tree: Json, measures: tuple[str, ...]) -> Tiers:
    fields = read_object(tree, PLACE)
    allow_only(fields, ("steps",), PLACE)
    steps = fields.get("steps")
    if not isinstance(steps, list) or not 1 <= len(steps) <= MOST_STEPS:
        raise refuse(
            f"{PLACE}.steps", gettext_noop("expected a list of 1 to {most} steps"), most=MOST_STEPS
        )
    found = [_step(step, f"{PLACE}.steps[{i}]", measures) for i, step in enumerate(steps)]
    for i in range(1, len(found)):
        _check_rise(found[i - 1], found[i], f"{PLACE}.steps[{i}]")
    return Tiers(tuple(found))


def _step(tree: Json, place: str, measures: tuple[str, ...]) -> Step:
    fields = read_object(tree, place)
    allow_only(fields, ("from", *measures), place)
    used = [word for word in measures if word in fields]
    if len(used) != 1:
        raise refuse(place, gettext_noop("expected one of {names}"), names=", ".join(measures))
    at_least = _number(fields.get("from"), f"{place}.from", least=1)
    word = used[0]
    if word == "percent":
        return Step(at_least, percent=_percent(fields[word], f"{place}.percent"))
    amount = _number(fields[word], f"{place}.{word}", least=1)
    if word == "price":
        return Step(at_least, price_minor=amount)
    return Step(at_least, amount_minor=amount)


def _check_rise(before: Step, after: Step, place: str) -> None:
    """Refuse steps where buying more would save less, or that cannot be compared."""
    if after.at_least <= before.at_least:
        raise refuse(f"{place}.from", gettext_noop("steps go upwards"))
    deeper = (
        _is_more(before.percent, after.percent),
        _is_more(before.amount_minor, after.amount_minor),
        _is_more(after.price_minor, before.price_minor),
    )
    if not any(deeper):
        raise refuse(
            place, gettext_noop("each step must give more than the one before, in the same measure")
        )


def _is_more(less: Decimal | int | None, more: Decimal | int | None) -> bool:
    return less is not None and more is not None and more > less


def _part(tree: Json, place: str) -> Part:
    fields = read_object(tree, place)
    allow_only(fields, ("scope", "quantity"), place)
    scope = parse_scope(fields.get("scope", {}), f"{place}.scope")
    return Part(scope, _number(fields.get("quantity", 1), f"{place}.quantity", least=1))


def _percent(value: Json, place: str) -> Decimal:
    try:
        percent = Decimal(str(value)) if type(value) in (int, float, str) else Decimal(0)
    except InvalidOperation:
        percent = Decimal(0)
    if not percent.is_finite() or not 0 < percent <= 100 or percent != round(percent, 2):
        raise refuse(
            place, gettext_noop("expected a percentage above 0, at most 100, with two decimals")
        )
    return percent


def _count(fields: Mapping[str, Json], word: str, *, least: int) -> int:
    return _number(fields.get(word), f"{PLACE}.{word}", least=least)


def _number(value: Json, place: str, *, least: int) -> int:
    number = read_count(value, place, least=least)
    if number > MOST:
        raise refuse(place, gettext_noop("numbers go up to {most}"), most=MOST)
    return number


def _sets(fields: Mapping[str, Json]) -> int | None:
    if "max_sets" not in fields:
        return None
    return _number(fields["max_sets"], f"{PLACE}.max_sets", least=1)
