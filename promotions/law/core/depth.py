"""Depth of an offer: the lowest price a unit in its scope can reach.

What a set saves belongs to all its units by value, as the evaluator spreads it, so three for the
price of two is a third off each of them and not one piece for nothing. Prices are arrays (m,) of
minor units; offers are those of a snapshot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

type IntArray = NDArray[np.int64]
type FloatArray = NDArray[np.float64]
type BoolArray = NDArray[np.bool_]
type Offer = Mapping[str, Any]
# What one unit takes part in saving, and what that is worth before: (m,) each
type Saved = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True)
class Roles:
    """What m products are to one offer, as masks (m,).

    `bought`: what it is taken off, or must be bought for it. `given`: what is then given away or
    cheaper. `parts` of a bundle. `least_minor`: the least that must be bought for it, by its
    condition; `is_whole_cart`: it is taken off everything, so that this bounds its share.
    `names_goods`: it is about these products and not about all, or all but some.
    """

    bought: BoolArray
    given: BoolArray
    parts: tuple[BoolArray, ...] = ()
    least_minor: int = 0
    is_whole_cart: bool = False
    names_goods: bool = True


def all_bought(m: int) -> Roles:
    """Return the roles of an offer on all of m products."""
    return Roles(np.ones(m, dtype=np.bool_), np.zeros(m, dtype=np.bool_))


def deepest_unit(offer: Offer, prices: IntArray, roles: Roles) -> IntArray:
    """Return what one unit comes to at most off, (m,); the price where the offer means it not.

    >>> three_for_two = {"benefit_kind": "buy_get", "percent": "100", "terms": {"buy": 2, "get": 1}}
    >>> deepest_unit(three_for_two, np.array([900, 300]), all_bought(2)).tolist()
    [600, 200]
    """
    find = KINDS.get(str(offer.get("benefit_kind")))
    is_meant = roles.bought | roles.given
    if find is None or not is_meant.any():
        return prices
    price = prices.astype(np.float64)
    saved, worth = find(offer, price, roles)
    cap = offer.get("max_discount_minor")
    if cap is not None:
        saved = np.minimum(saved, float(cap))
    share = np.clip(saved / np.maximum(worth, 1.0), 0.0, 1.0)
    cut = np.floor(price * share + 0.5).astype(np.int64)
    return np.where(is_meant, prices - cut, prices)


def named_percents(offer: Offer) -> Iterator[float]:
    """Return every percentage an offer names: its own, and those of its steps.

    >>> tiers = {"steps": [{"from": 3, "percent": 5}, {"from": 6, "percent": "12.5"}]}
    >>> list(named_percents({"percent": None, "terms": tiers}))
    [5.0, 12.5]
    """
    if offer.get("percent") is not None:
        yield float(offer["percent"])
    for step in (offer.get("terms") or {}).get("steps", ()):
        if step.get("percent") is not None:
            yield float(step["percent"])


def promises_amount(offer: Offer) -> bool:
    """Return whether an offer promises units free, cheaper by an amount, or at a price.

    What is taken off the whole cart promises nothing of a unit, nor does a share below 100 %.

    >>> promises_amount({"benefit_kind": "fixed_amount", "target": "unit", "amount_minor": 20})
    True
    >>> promises_amount({"benefit_kind": "percentage", "percent": "10"})
    False
    """
    kind = offer.get("benefit_kind")
    if kind in ("percentage", "quantity_tiers"):
        steps = (offer.get("terms") or {}).get("steps", ())
        is_free = max(named_percents(offer), default=0.0) >= 100.0
        return is_free or any(step.get("percent") is None for step in steps)
    if kind == "bundle":
        return offer.get("percent") is None
    is_of_units = kind == "fixed_amount" and offer.get("target") != "cart"
    return is_of_units or kind in ("set_price", "buy_get", "cheapest_free")


def given_away(offer: Offer, roles: Roles) -> BoolArray:
    """Return which products the offer gives away for nothing, (m,).

    Of products cheaper by less than their price none is given away.
    """
    kind = offer.get("benefit_kind")
    if kind == "gift":
        return roles.given
    is_free = max(named_percents(offer), default=0.0) >= 100.0
    if not is_free or kind not in ("percentage", "buy_get", "cheapest_free", "quantity_tiers"):
        return np.zeros(len(roles.bought), dtype=np.bool_)
    return roles.given if roles.given.any() else roles.bought


def _share(offer: Offer) -> float:
    return float(offer.get("percent") or 0) / 100.0


def _percentage(offer: Offer, price: FloatArray, roles: Roles) -> Saved:
    cut = np.floor(price * _share(offer) + 0.5)
    cap = offer.get("max_line_minor")
    return (cut if cap is None else np.minimum(cut, float(cap))), price


def _amount(offer: Offer, price: FloatArray, roles: Roles) -> Saved:
    """An amount off everything is a share of the least cart; off some products, of one piece."""
    amount = np.full(len(price), float(offer["amount_minor"]))
    is_bounded = offer.get("target") == "cart" and roles.is_whole_cart and roles.least_minor
    return amount, np.maximum(price, float(roles.least_minor)) if is_bounded else price


def _set_price(offer: Offer, price: FloatArray, roles: Roles) -> Saved:
    """One piece, or with the dearest of the others as many as are sold together."""
    size = int((offer.get("terms") or {}).get("size", 1))
    worth = price + (size - 1) * price[roles.bought].max(initial=0.0)
    return np.maximum(worth - float(offer["amount_minor"]), 0.0), worth


def _buy_get(offer: Offer, price: FloatArray, roles: Roles) -> Saved:
    terms, share = offer["terms"], _share(offer)
    buy, get = int(terms["buy"]), int(terms["get"])
    if not roles.given.any():
        return price * share * get, price * (buy + get)
    least = float(price[roles.bought].min()) if roles.bought.any() else 0.0
    dearest = float(price[roles.given].max(initial=0.0))
    given = np.where(roles.given, price + (get - 1) * dearest, get * dearest)
    bought = np.where(roles.bought, price + (buy - 1) * least, buy * least)
    return share * given, given + bought


def _cheapest(offer: Offer, price: FloatArray, roles: Roles) -> Saved:
    size, free = int(offer["terms"]["size"]), int(offer["terms"].get("free", 1))
    return price * _share(offer) * free, price * size


def _bundle(offer: Offer, price: FloatArray, roles: Roles) -> Saved:
    """With the dearest products in every other place of the bundle."""
    if offer.get("percent") is not None:
        return price * _share(offer), price
    pieces = [int(part.get("quantity", 1)) for part in offer["terms"]["parts"]]
    dearest = [float(price[part].max(initial=0.0)) for part in roles.parts]
    whole = sum(count * top for count, top in zip(pieces, dearest, strict=True))
    worth = np.zeros(len(price))
    for part, top in zip(roles.parts, dearest, strict=True):
        worth = np.where(part, np.maximum(worth, whole - top + price), worth)
    return np.maximum(worth - float(offer["amount_minor"]), 0.0), worth


def _quantity_tiers(offer: Offer, price: FloatArray, roles: Roles) -> Saved:
    saved = np.zeros(len(price))
    for step in offer["terms"]["steps"]:
        if step.get("percent") is not None:
            saved = np.maximum(saved, price * float(step["percent"]) / 100.0)
        elif step.get("price") is not None:
            saved = np.maximum(saved, price - float(step["price"]))
        else:
            saved = np.maximum(saved, float(step["amount"]))
    return saved, price


def _spend_tiers(offer: Offer, price: FloatArray, roles: Roles) -> Saved:
    steps = offer["terms"]["steps"]
    percents = [float(step["percent"]) / 100.0 for step in steps if step.get("percent") is not None]
    amounts = [float(s["amount"]) / float(s["from"]) for s in steps if s.get("amount") is not None]
    return price * max(percents + amounts), price


def _gift(offer: Offer, price: FloatArray, roles: Roles) -> Saved:
    """Its value, of what must be bought for it and itself: all of it where nothing must be."""
    value = price * int(offer["terms"].get("quantity", 1))
    return np.where(roles.given, value, 0.0), value + float(roles.least_minor)


KINDS: Mapping[str, Callable[[Offer, FloatArray, Roles], Saved]] = {
    "percentage": _percentage,
    "fixed_amount": _amount,
    "set_price": _set_price,
    "buy_get": _buy_get,
    "cheapest_free": _cheapest,
    "bundle": _bundle,
    "quantity_tiers": _quantity_tiers,
    "spend_tiers": _spend_tiers,
    "gift": _gift,
}


@dataclass(frozen=True, slots=True)
class LawRow:
    """A row of the table of promotion laws; periods are half-open.

    `pause_days`: how long an offer must rest before it comes again with a new end. `raise_days`:
    how long a price must have stood before a cut from it is announced. `percent_is_claim`: "-10 %"
    is reckoned from the reference price even where no old price is named. `members_count`: what
    members pay lowers the reference price too. `personal_cap` and `gift_kinds`, `banned_kinds`
    (products that may not be given away, or not be promoted at all) bound what may be offered;
    `minimum_prices` are minor units a piece by kind of products.
    """

    code: str
    pause_days: int = 30
    raise_days: int = 30
    percent_is_claim: bool = True
    members_count: bool = True
    personal_cap: float = 30.0
    below_cost_allowed: bool = False
    gift_kinds: frozenset[str] = frozenset({"restricted", "child_directed"})
    banned_kinds: frozenset[str] = frozenset()
    minimum_prices: tuple[tuple[str, int], ...] = ()
    stock_days: int = 2
    up_to_share: float = 0.20
    points_notice_days: int = 30
    terms_language: str = ""
    groups_allowed: frozenset[str] = frozenset()
    source: str = ""
    valid_from: date = date(2000, 1, 1)
    valid_to: date | None = None

    def looks_at_references(self, audience: str, *, names_was: bool) -> bool:
        """Return whether a rule compares with reference prices; else drafts may have any.

        They are long to reckon for many products.
        """
        return names_was or (audience == "public" and self.percent_is_claim)


STRICTEST = LawRow(code="unknown")


def find_law(rows: Sequence[LawRow], codes: Sequence[str], day: date) -> LawRow:
    """Return the row that holds on `day` in a place, or the strictest.

    `codes` name the place, most special first, as pricing's `candidate_codes` lists them. A place
    with rows of its own of which none holds yet or any more does not fall back to a laxer
    neighbour.

    >>> find_law([LawRow("UK", pause_days=28)], ("GB", "UK"), date(2026, 11, 26)).pause_days
    28
    >>> find_law([], ("XX",), date(2026, 11, 26)).code
    'unknown'
    """
    for code in codes:
        own = [row for row in rows if row.code == code]
        if own:
            return next((row for row in own if _holds(row, day)), STRICTEST)
    return STRICTEST


def _holds(row: LawRow, day: date) -> bool:
    return row.valid_from <= day and (row.valid_to is None or day < row.valid_to)
