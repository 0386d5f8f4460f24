"""The sentences of prices: one for each piece, one for any few together, an amount off each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any as Json

from promotions.core.builder import blanks as b
from promotions.core.builder.plans import Answers, Blank, Plan, Template, write_percent

_NEEDED = replace(b.GOODS, is_needed=True)
_PRICE = Blank("price", "money", ("price", "价格"), "2.50")
_TOGETHER = Blank("price", "money", ("price together", "合计价格"), "5.00")
_OFF = Blank("amount", "money", ("amount", "金额"), "0.50")
_SIZE = b.count("size", "pieces", "件数", "2")


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
    goods = answers.get("goods") or {}
    pieces: list[dict[str, Json]] = [
        {word: ids, "quantity": answers["pieces"]}
        for word, ids in goods.items()
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
        ("Special price", "特价"),
        ("One price for each piece.", "每件统一特价。"),
        b.sentence(
            "Sell {goods} at {price} each for {audience}", "{audience}购买 {goods} 每件 {price}"
        ),
        (_NEEDED, _PRICE, b.AUDIENCE, *b.WINDOW),
        _set_price,
        is_of_units=True,
    ),
    Template(
        "any_few",
        ("Any few for a price", "任选几件一口价"),
        ("Some pieces together at one price.", "任选若干件合计一个价格。"),
        b.sentence(
            "Sell any {size} of {goods} together at {price}", "{goods} 任选 {size} 件共 {price}"
        ),
        (_SIZE, _NEEDED, _TOGETHER, *b.WINDOW),
        _any_few,
    ),
    Template(
        "amount_off",
        ("Amount off", "每件立减"),
        ("An amount off each piece of goods.", "所选商品每件减一定金额。"),
        b.sentence(
            "Take {amount} off each piece of {goods} for {audience}",
            "{audience}购买 {goods} 每件减 {amount}",
        ),
        (_OFF, _NEEDED, b.AUDIENCE, *b.WINDOW),
        _amount_off,
        is_of_units=True,
    ),
    Template(
        "cheapest_piece",
        ("Cheapest piece", "最便宜的一件"),
        ("The one cheapest piece of an order for less, or free.", "每单最便宜的一件优惠或免费。"),
        b.sentence(
            "With at least {pieces} of {goods} in the cart, take {percent} % off the cheapest one",
            "购物车有至少 {pieces} 件 {goods} 时，其中最便宜的一件减 {percent} %",
        ),
        (
            b.count("pieces", "pieces in the cart", "购物车件数", "3"),
            b.GOODS,
            replace(b.PERCENT, example="100"),
            *b.WINDOW,
        ),
        _cheapest_piece,
    ),
)
