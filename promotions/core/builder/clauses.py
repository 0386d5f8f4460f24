"""Further clauses of a sentence: "and only if ...", each a small sentence with blanks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any as Json

from promotions.core.builder import blanks as b
from promotions.core.builder.brackets import BRACKETS
from promotions.core.builder.phrases import CHANNELS
from promotions.core.builder.plans import Answers, Blank, Text
from promotions.core.reasons import WEEKDAYS

_DAYS = b.count("days", "days", "天数", "90")


@dataclass(frozen=True, slots=True)
class Clause:
    """A condition staff may add. `sentence` has its blanks in braces, English and Chinese."""

    code: str
    sentence: Text
    blanks: tuple[Blank, ...]
    build: Callable[[Answers], dict[str, Json]] = field(repr=False)


def _cart_has(answers: Answers) -> dict[str, Json]:
    """Goods in the cart: one kind of selector at a time, as conditions have them."""
    goods = answers["goods"]
    parts: list[dict[str, Json]] = [
        {word: ids, "quantity": answers["pieces"]} for word, ids in goods.items()
    ]
    return parts[0] if len(parts) == 1 else {"any": parts}


def _choice(name: str, label: Text, choices: Mapping[str, Text]) -> Blank:
    return Blank(name, "choice", label, next(iter(choices)), choices=tuple(choices.items()))


def _worth(answers: Answers) -> dict[str, Json]:
    parts: list[dict[str, Json]] = [
        {word: ids, "value": answers["spent"]} for word, ids in answers["goods"].items()
    ]
    return parts[0] if len(parts) == 1 else {"any": parts}


def _different(answers: Answers) -> dict[str, Json]:
    goods = answers.get("goods")
    count = answers["products"]
    return {"different_products": {"at_least": count, "scope": goods} if goods else count}


_ORDERS = b.count("orders", "orders", "订单数", "3")
_SPENT = Blank("spent", "money", ("spent", "消费额"), "100.00")
_DAY_NAMES = {str(day): name for day, name in WEEKDAYS.items()}
_NEWNESS = {"new": ("new", "新顾客"), "returning": ("returning", "老顾客")}

CLAUSES: Mapping[str, Clause] = {
    one.code: one
    for one in (
        Clause(
            "cart_value",
            ("the cart is worth at least {cart_value}", "购物车满 {cart_value}"),
            (b.LEAST,),
            lambda a: {"cart_value": a["cart_value"]},
        ),
        Clause(
            "cart_quantity",
            ("the cart holds at least {pieces} pieces", "购物车至少有 {pieces} 件"),
            (b.count("pieces", "pieces", "件数", "3"),),
            lambda a: {"cart_quantity": a["pieces"]},
        ),
        Clause(
            "goods",
            (
                "the cart holds at least {pieces} of {goods}",
                "购物车至少有 {pieces} 件 {goods}",
            ),
            (b.count("pieces", "pieces", "件数", "1"), Blank("goods", "goods", b.GOODS.label)),
            _cart_has,
        ),
        Clause(
            "goods_worth",
            (
                "the cart holds {goods} worth at least {spent}",
                "购物车中的 {goods} 满 {spent}",
            ),
            (Blank("goods", "goods", b.GOODS.label), replace(_SPENT, example="20.00")),
            _worth,
        ),
        Clause(
            "different_products",
            (
                "the cart holds at least {products} different products of {goods}",
                "购物车至少有 {products} 种不同的 {goods}",
            ),
            (b.count("products", "products", "商品种数", "3"), b.GOODS),
            _different,
        ),
        Clause(
            "segments",
            ("the shopper is in segment {segments}", "顾客属于细分群体 {segments}"),
            (Blank("segments", "segments", ("segments", "细分群体")),),
            lambda a: {"segments": a["segments"]},
        ),
        Clause(
            "tags",
            ("the shopper carries the tag {tags}", "顾客带有标签 {tags}"),
            (Blank("tags", "words", ("tags", "标签")),),
            lambda a: {"tags": a["tags"]},
        ),
        Clause(
            "tiers",
            ("the member's tier is {tiers}", "会员等级为 {tiers}"),
            (Blank("tiers", "words", ("tiers", "等级")),),
            lambda a: {"tiers": a["tiers"]},
        ),
        Clause(
            "groups",
            ("the shopper has proved to be {groups}", "顾客已认证为 {groups}"),
            (Blank("groups", "words", ("groups", "群体"), "student"),),
            lambda a: {"groups": a["groups"]},
        ),
        Clause(
            "shopper",
            ("the shopper is {newness}", "顾客是{newness}"),
            (_choice("newness", ("new or returning", "新老顾客"), _NEWNESS),),
            lambda a: {"shopper": a["newness"]},
        ),
        Clause(
            "first_order",
            ("it is the shopper's first order", "这是顾客的首单"),
            (),
            lambda a: {"first_order": True},
        ),
        Clause(
            "member",
            ("the shopper has an account", "顾客已注册账户"),
            (),
            lambda a: {"member": True},
        ),
        Clause(
            "last_order",
            ("the last order is at least {days} days ago", "最近一次下单至少在 {days} 天前"),
            (_DAYS,),
            lambda a: {"last_order": {"at_least_days": a["days"]}},
        ),
        Clause(
            "last_order_within",
            ("the last order is at most {days} days ago", "最近一次下单在 {days} 天以内"),
            (_DAYS,),
            lambda a: {"last_order": {"at_most_days": a["days"]}},
        ),
        Clause(
            "orders",
            (
                "there were at least {orders} orders in the last {days} days",
                "最近 {days} 天至少下过 {orders} 单",
            ),
            (_ORDERS, _DAYS),
            lambda a: {"orders": {"days": a["days"], "at_least": a["orders"]}},
        ),
        Clause(
            "orders_most",
            (
                "there were at most {orders} orders in the last {days} days",
                "最近 {days} 天最多下过 {orders} 单",
            ),
            (_ORDERS, _DAYS),
            lambda a: {"orders": {"days": a["days"], "at_most": a["orders"]}},
        ),
        Clause(
            "spent",
            (
                "at least {spent} was spent in the last {days} days",
                "最近 {days} 天消费满 {spent}",
            ),
            (_SPENT, _DAYS),
            lambda a: {"spent": {"days": a["days"], "at_least": a["spent"]}},
        ),
        Clause(
            "spent_most",
            (
                "at most {spent} was spent in the last {days} days",
                "最近 {days} 天消费不超过 {spent}",
            ),
            (_SPENT, _DAYS),
            lambda a: {"spent": {"days": a["days"], "at_most": a["spent"]}},
        ),
        Clause(
            "weekday",
            ("it is {weekday}", "当天是{weekday}"),
            (
                _choice(
                    "weekday",
                    ("weekday", "星期"),
                    _DAY_NAMES,
                ),
            ),
            lambda a: {"weekdays": [int(a["weekday"])]},
        ),
        Clause(
            "hours",
            ("it is between {from} and {until}", "时间在 {from} 至 {until} 之间"),
            (
                Blank("from", "clock", ("from", "从"), "17:00"),
                Blank("until", "clock", ("until", "到"), "20:00"),
            ),
            lambda a: {"hours": [a["from"], a["until"]]},
        ),
        Clause(
            "channels",
            ("it is bought {channel}", "在{channel}购买"),
            (_choice("channel", ("channel", "渠道"), CHANNELS),),
            lambda a: {"channels": [a["channel"]]},
        ),
        Clause(
            "regions",
            ("the place is {regions}", "地区为 {regions}"),
            (Blank("regions", "words", ("places", "地区"), "US-NY"),),
            lambda a: {"regions": a["regions"]},
        ),
        Clause(
            "markets",
            ("the market is {markets}", "市场为 {markets}"),
            (Blank("markets", "words", ("markets", "市场")),),
            lambda a: {"markets": a["markets"]},
        ),
        Clause(
            "codes",
            ("the code {codes} was entered", "输入了优惠码 {codes}"),
            (Blank("codes", "words", ("codes", "优惠码")),),
            lambda a: {"codes": a["codes"]},
        ),
    )
}

# Others stand in it: what it means is said by `join_parts`
BRACKET = Clause(
    "bracket",
    ("of what stands in these brackets, {which}", "括号中的条件{which}"),
    (_choice("which", ("what holds of them", "如何成立"), BRACKETS),),
    lambda a: {},
)
