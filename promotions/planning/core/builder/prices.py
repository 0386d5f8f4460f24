"""The sentences of prices: one for each piece, one for any few together, an amount off each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any as Json

from promotions.planning.core.builder import blanks as b
from promotions.sentences.core.plans import Answers, Blank, Plan, Template, write_percent
from shop.ground.kernel.translation import gettext_noop

_NEEDED = replace(b.GOODS, is_needed=True)
_PRICE = Blank("price", "money", gettext_noop("price"), "2.50")
_TOGETHER = Blank("price", "money", gettext_noop("price together"), "5.00")
_OFF = Blank("amount", "money", gettext_noop("amount"), "0.50")
_SIZE = b.count("size", gettext_noop("pieces"), "2")


def _plan(answers: Answers, kind: str, **offer: Json) -> Plan:
    said: dict[str, Json] = {"kind": "price_cut", "audience": answers.get("audience", "public")}
    return Plan(said, {"benefit_kind": kind, "scope": answers.get("goods") or {}, **offer})


def _set_price(answers: Answers) -> Plan:
    return _plan(answers, "set_price", target="unit", amount_minor=answers["price"])


def _any_few(answers: Answers) -> Plan:
    terms = {"size": answers["size"]}
    return _plan(answers, "set_price", terms=terms, amount_minor=answers["price"])


def _amount_off(answers: Answers) -> Plan:
    return _plan(answers, "fixed_amount", target="unit", amount_minor=answers["amount"])


def _cheapest_piece(answers: Answers) -> Plan:
    products = answers.get("goods") or {}
    pieces: list[dict[str, Json]] = [
        {word: ids, "quantity": answers["pieces"]}
        for word, ids in products.items()
        if isinstance(ids, list)
    ] or [{"cart_quantity": answers["pieces"]}]
    return _plan(
        answers,
        "percentage",
        target="line",
        percent=write_percent(answers["percent"]),
        max_order_units=1,
        cheapest_first=True,
        condition=pieces[0] if len(pieces) == 1 else {"any": pieces},
    )


PRICES: tuple[Template, ...] = (
    Template(
        "set_price",
        gettext_noop("Special price"),
        gettext_noop("One price for each piece."),
        gettext_noop("Sell {goods} at {price} each for {audience}"),
        (_NEEDED, _PRICE, b.AUDIENCE, *b.WINDOW),
        _set_price,
        is_of_units=True,
    ),
    Template(
        "any_few",
        gettext_noop("Any few for a price"),
        gettext_noop("Some pieces together at one price."),
        gettext_noop("Sell any {size} of {goods} together at {price}"),
        (_SIZE, _NEEDED, _TOGETHER, *b.WINDOW),
        _any_few,
    ),
    Template(
        "amount_off",
        gettext_noop("Amount off"),
        gettext_noop("An amount off each piece of the chosen products."),
        gettext_noop("Take {amount} off each piece of {goods} for {audience}"),
        (_OFF, _NEEDED, b.AUDIENCE, *b.WINDOW),
        _amount_off,
        is_of_units=True,
    ),
    Template(
        "cheapest_piece",
        gettext_noop("Cheapest piece"),
        gettext_noop("The one cheapest piece of an order for less, or free."),
        gettext_noop(
            "With at least {pieces} of {goods} in the cart, take {percent} % off the cheapest one"
        ),
        (
            b.count("pieces", gettext_noop("pieces in the cart"), "3"),
            b.GOODS,
            replace(b.PERCENT, example="100"),
            *b.WINDOW,
        ),
        _cheapest_piece,
    ),
)
