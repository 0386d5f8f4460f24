"""The sentences of gifts, sets, steps, delivery and points."""

from __future__ import annotations

from dataclasses import replace
from typing import Any as Json

from promotions.core.builder import blanks as b
from promotions.core.builder.plans import Answers, Blank, Plan, Template, write_percent

_CUT: dict[str, Json] = {"kind": "price_cut", "audience": "public"}
_NEEDED = replace(b.GOODS, is_needed=True)
_OTHER = Blank("goods2", "goods", ("the other goods", "另一种商品"))


def _plan(kind: str, terms: dict[str, Json], **offer: Json) -> Plan:
    return Plan({**_CUT}, {"benefit_kind": kind, "terms": terms, **offer})


def _gift(answers: Answers) -> Plan:
    own = {"cart_value": answers["cart_value"]}
    terms = {"variants": answers["gift"], "quantity": answers["quantity"]}
    return _plan("gift", terms, condition=own)


def _buy_get(answers: Answers) -> Plan:
    terms = {"buy": answers["buy"], "get": answers["get"]}
    goods = answers.get("goods") or {}
    return _plan("buy_get", terms, percent=write_percent(answers["percent"]), scope=goods)


def _cheapest(answers: Answers) -> Plan:
    goods = answers.get("goods") or {}
    return _plan("cheapest_free", {"size": answers["size"]}, percent="100", scope=goods)


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


def _money(name: str, english: str, chinese: str, example: str) -> Blank:
    return Blank(name, "money", (english, chinese), example)


def _percent(name: str, example: str) -> Blank:
    return replace(b.PERCENT, name=name, example=example)


SETS: tuple[Template, ...] = (
    Template(
        "gift",
        ("Gift", "赠品"),
        ("Something free with a cart of at least so much.", "满额赠送。"),
        b.sentence(
            "Give {quantity} × {gift} free with a cart of at least {cart_value}",
            "满 {cart_value} 赠 {quantity} 件 {gift}",
        ),
        (
            b.count("quantity", "pieces", "件数", "1"),
            Blank("gift", "gift", ("gift", "赠品")),
            b.LEAST,
            *b.WINDOW,
        ),
        _gift,
        is_of_products=False,
    ),
    Template(
        "buy_get",
        ("Buy X get Y", "买几送几"),
        ("Some of the same goods free or cheaper.", "同类商品买几件送几件。"),
        b.sentence(
            "For every {buy} of {goods} give {get} more at {percent} % off",
            "每买 {buy} 件 {goods}，再得 {get} 件减 {percent} %",
        ),
        (
            b.count("buy", "bought", "购买件数", "2"),
            b.GOODS,
            b.count("get", "given", "赠送件数", "1"),
            replace(b.PERCENT, example="100"),
            *b.WINDOW,
        ),
        _buy_get,
    ),
    Template(
        "cheapest_free",
        ("Cheapest free", "最低价免单"),
        ("Of every few the cheapest costs nothing.", "每几件中最便宜的一件免费。"),
        b.sentence(
            "Of every {size} of {goods} the cheapest is free",
            "{goods} 每 {size} 件中最便宜的一件免费",
        ),
        (b.count("size", "pieces", "件数", "3"), b.GOODS, *b.WINDOW),
        _cheapest,
    ),
    Template(
        "bundle",
        ("Bundle", "套餐"),
        ("Two kinds of goods together for less.", "两种商品组合优惠。"),
        b.sentence(
            "Sell one of {goods} and one of {goods2} together at {percent} % off",
            "{goods} 与 {goods2} 各一件组合减 {percent} %",
        ),
        (_NEEDED, _OTHER, b.PERCENT, *b.WINDOW),
        _bundle,
    ),
    Template(
        "quantity_tiers",
        ("More pieces, cheaper", "多买多省"),
        ("Two steps by how many pieces are bought.", "按件数分两档优惠。"),
        b.sentence(
            "From {from1} of {goods} take {percent1} % off, from {from2} pieces {percent2} %",
            "{goods} 满 {from1} 件减 {percent1} %，满 {from2} 件减 {percent2} %",
        ),
        (
            b.count("from1", "pieces of the first step", "第一档件数", "3"),
            b.GOODS,
            _percent("percent1", "10"),
            b.count("from2", "pieces of the second step", "第二档件数", "6"),
            _percent("percent2", "15"),
            *b.WINDOW,
        ),
        _quantity,
        is_of_units=True,
    ),
    Template(
        "spend_tiers",
        ("Spend more, save more", "满减"),
        ("Two steps by what goods cost together.", "按消费额分两档优惠。"),
        b.sentence(
            "When {goods} come to {from1} take {amount1} off, from {from2} on {amount2}",
            "{goods} 满 {from1} 减 {amount1}，满 {from2} 减 {amount2}",
        ),
        (
            b.GOODS,
            _money("from1", "first step", "第一档", "40.00"),
            _money("amount1", "off at the first step", "第一档减额", "4.00"),
            _money("from2", "second step", "第二档", "80.00"),
            _money("amount2", "off at the second step", "第二档减额", "10.00"),
            *b.WINDOW,
        ),
        _spend,
        is_of_products=False,
    ),
    Template(
        "free_delivery",
        ("Free delivery", "免运费"),
        ("No delivery fee from a cart value on.", "满额免运费。"),
        b.sentence(
            "Deliver free of charge from a cart of {cart_value} on", "满 {cart_value} 免运费"
        ),
        (b.LEAST, *b.WINDOW),
        _delivery,
        is_of_products=False,
    ),
    Template(
        "points",
        ("Points", "积分"),
        ("Extra points for members, by what they pay.", "会员按实付金额额外得积分。"),
        (
            "Give {points} points for each {per} paid for {goods} from {starts_at} to {ends_at}.",
            "会员购买 {goods} 每付 {per} 额外得 {points} 积分，从 {starts_at} 到 {ends_at}。",
        ),
        (
            b.count("points", "points", "积分", "5"),
            _money("per", "for each", "每付", "1.00"),
            b.GOODS,
            b.STARTS,
            b.ENDS,
        ),
        _points,
        is_of_products=False,
    ),
)
