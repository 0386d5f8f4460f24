"""The sentences of gifts, sets, steps, delivery and points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any as Json

from promotions.planning.core.builder import blanks as b
from promotions.sentences.core.plans import Answers, Blank, Plan, Template, write_percent
from shop.ground.kernel.translation import gettext_noop

_CUT: dict[str, Json] = {"kind": "price_cut", "audience": "public"}
_NEEDED = replace(b.GOODS, is_needed=True)
_OTHER = Blank("goods2", "goods", gettext_noop("the other products"))


def _plan(kind: str, terms: dict[str, Json], **offer: Json) -> Plan:
    return Plan({**_CUT}, {"benefit_kind": kind, "terms": terms, **offer})


def _gift(answers: Answers) -> Plan:
    own = {"cart_value": answers["cart_value"]}
    terms = {"variants": answers["gift"], "quantity": answers["quantity"]}
    return _plan("gift", terms, condition=own)


def _buy_get(answers: Answers) -> Plan:
    terms = {"buy": answers["buy"], "get": answers["get"]}
    products = answers.get("goods") or {}
    return _plan("buy_get", terms, percent=write_percent(answers["percent"]), scope=products)


def _cheapest(answers: Answers) -> Plan:
    products = answers.get("goods") or {}
    return _plan("cheapest_free", {"size": answers["size"]}, percent="100", scope=products)


def _bundle(answers: Answers) -> Plan:
    parts = [{"scope": answers[key], "quantity": 1} for key in ("goods", "goods2")]
    return _plan("bundle", {"parts": parts}, percent=write_percent(answers["percent"]))


def _quantity(answers: Answers) -> Plan:
    steps = [
        {"from": answers[f"from{n}"], "percent": write_percent(answers[f"percent{n}"])}
        for n in (1, 2)
    ]
    return _plan("quantity_tiers", {"steps": steps}, scope=answers.get("goods") or {})


def _spend(answers: Answers) -> Plan:
    steps = [{"from": answers[f"from{n}"], "amount": answers[f"amount{n}"]} for n in (1, 2)]
    return _plan("spend_tiers", {"steps": steps}, scope=answers.get("goods") or {})


def _delivery(answers: Answers) -> Plan:
    own = {"cart_value": answers["cart_value"]}
    return _plan("delivery", {"price": 0}, condition=own)


def _points(answers: Answers) -> Plan:
    terms = {"points": answers["points"], "per": answers["per"]}
    plan = _plan("points", terms, scope=answers.get("goods") or {})
    return replace(plan, campaign={"kind": "loyalty", "audience": "members"})


def _money(name: str, label: str, example: str) -> Blank:
    return Blank(name, "money", label, example)


def _percent(name: str, example: str) -> Blank:
    return replace(b.PERCENT, name=name, example=example)


SETS: tuple[Template, ...] = (
    Template(
        "gift",
        gettext_noop("Gift"),
        gettext_noop("Something free with a cart of at least so much."),
        gettext_noop("Give {quantity} × {gift} free with a cart of at least {cart_value}"),
        (
            b.count("quantity", gettext_noop("pieces"), "1"),
            Blank("gift", "gift", gettext_noop("gift")),
            b.LEAST,
            *b.WINDOW,
        ),
        _gift,
        is_of_products=False,
    ),
    Template(
        "buy_get",
        gettext_noop("Buy X get Y"),
        gettext_noop("Some of the same products free or cheaper."),
        gettext_noop("For every {buy} of {goods} give {get} more at {percent} % off"),
        (
            b.count("buy", gettext_noop("bought"), "2"),
            b.GOODS,
            b.count("get", gettext_noop("given"), "1"),
            replace(b.PERCENT, example="100"),
            *b.WINDOW,
        ),
        _buy_get,
    ),
    Template(
        "cheapest_free",
        gettext_noop("Cheapest free"),
        gettext_noop("Of every few the cheapest costs nothing."),
        gettext_noop("Of every {size} of {goods} the cheapest is free"),
        (b.count("size", gettext_noop("pieces"), "3"), b.GOODS, *b.WINDOW),
        _cheapest,
    ),
    Template(
        "bundle",
        gettext_noop("Bundle"),
        gettext_noop("Two kinds of products together for less."),
        gettext_noop("Sell one of {goods} and one of {goods2} together at {percent} % off"),
        (_NEEDED, _OTHER, b.PERCENT, *b.WINDOW),
        _bundle,
    ),
    Template(
        "quantity_tiers",
        gettext_noop("More pieces, cheaper"),
        gettext_noop("Two steps by how many pieces are bought."),
        gettext_noop(
            "From {from1} of {goods} take {percent1} % off, from {from2} pieces {percent2} %"
        ),
        (
            b.count("from1", gettext_noop("pieces of the first step"), "3"),
            b.GOODS,
            _percent("percent1", "10"),
            b.count("from2", gettext_noop("pieces of the second step"), "6"),
            _percent("percent2", "15"),
            *b.WINDOW,
        ),
        _quantity,
        is_of_units=True,
    ),
    Template(
        "spend_tiers",
        gettext_noop("Spend more, save more"),
        gettext_noop("Two steps by what products cost together."),
        gettext_noop("When {goods} come to {from1} take {amount1} off, from {from2} on {amount2}"),
        (
            b.GOODS,
            _money("from1", gettext_noop("first step"), "40.00"),
            _money("amount1", gettext_noop("off at the first step"), "4.00"),
            _money("from2", gettext_noop("second step"), "80.00"),
            _money("amount2", gettext_noop("off at the second step"), "10.00"),
            *b.WINDOW,
        ),
        _spend,
        is_of_products=False,
    ),
    Template(
        "free_delivery",
        gettext_noop("Free delivery"),
        gettext_noop("No delivery fee from a cart value on."),
        gettext_noop("Deliver free of charge from a cart of {cart_value} on"),
        (b.LEAST, *b.WINDOW),
        _delivery,
        is_of_products=False,
    ),
    Template(
        "points",
        gettext_noop("Points"),
        gettext_noop("Extra points for members, by what they pay."),
        gettext_noop(
            "Give {points} points for each {per} paid for {goods} from {starts_at} to {ends_at}."
        ),
        (
            b.count("points", gettext_noop("points"), "5"),
            _money("per", gettext_noop("for each"), "1.00"),
            b.GOODS,
            b.STARTS,
            b.ENDS,
        ),
        _points,
        is_of_products=False,
        is_for_members=True,
    ),
)
