"""What a promotion is called where shoppers read it: what it gives, and what it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any as Json

from promotions.core.builder.plans import Answers, Template, Text, write_percent
from promotions.core.builder.words import Lexicon, say_goods, say_number
from promotions.core.carts import Scope
from promotions.core.parse import parse_scope

LONGEST = 120
LONGEST_GOODS = 70
# kind -> name; the blanks are the sentence's own, and {off}: "free" or "at 10% off"
NAMES: Mapping[str, Text] = {
    "price_cut": ("{percent}% off {goods}", "{goods}减 {percent}%"),
    "set_price": ("{goods} at {price} each", "{goods}每件 {price}"),
    "any_few": ("Any {size} of {goods} for {price}", "{goods}任选 {size} 件共 {price}"),
    "amount_off": ("{amount} off each: {goods}", "{goods}每件减 {amount}"),
    "coupon": ("{amount} off from {cart_value}", "满 {cart_value} 减 {amount}"),
    "coupon_batch": ("{percent}% off {goods} with your code", "凭优惠码{goods}减 {percent}%"),
    "flash_sale": ("Flash sale: {percent}% off {goods}", "限时抢购：{goods}减 {percent}%"),
    "member": ("Members: {percent}% off {goods}", "会员专享：{goods}减 {percent}%"),
    "welcome": (
        "{amount} off your first order from {cart_value}",
        "首单满 {cart_value} 减 {amount}",
    ),
    "win_back": ("Welcome back: {percent}% off {goods}", "欢迎回来：{goods}减 {percent}%"),
    "referral": (
        "From a friend: {amount} off your first order from {cart_value}",
        "好友推荐：首单满 {cart_value} 减 {amount}",
    ),
    "partner": ("{percent}% off {goods}", "{goods}减 {percent}%"),
    "gift": ("Gift from {cart_value}: {gift}", "满 {cart_value} 赠 {gift}"),
    "buy_get": ("{goods}: buy {buy}, get {get} {off}", "{goods}：买 {buy} 件，{get} 件{off}"),
    "cheapest_free": (
        "{goods}: of {size} the cheapest is free",
        "{goods}：{size} 件中最便宜的一件免费",
    ),
    "cheapest_piece": (
        "{goods}: the cheapest of {pieces} {off}",
        "{goods}：{pieces} 件中最便宜的一件{off}",
    ),
    "bundle": (
        "{goods} + {goods2}: {percent}% off together",
        "{goods} + {goods2}：套餐减 {percent}%",
    ),
    "quantity_tiers": (
        "{goods}: {percent1}% off from {from1}, {percent2}% from {from2}",
        "{goods}：满 {from1} 件减 {percent1}%，满 {from2} 件减 {percent2}%",
    ),
    "spend_tiers": (
        "{goods}: {amount1} off from {from1}, {amount2} from {from2}",
        "{goods}：满 {from1} 减 {amount1}，满 {from2} 减 {amount2}",
    ),
    "free_delivery": ("Free delivery from {cart_value}", "满 {cart_value} 免运费"),
    "points": ("{goods}: {points} points for each {per}", "{goods}：每付 {per} 得 {points} 积分"),
}
_SHORT = ("chosen products", "所选商品")


def name_promotion(template: Template, answers: Answers, words: Lexicon) -> str:
    """Return what shoppers read of a filled-in sentence, in the language of `words`.

    Long lists of goods are not spelled out; a name that is too long all the same is the kind's.
    """
    said = {
        blank.name: _SAY.get(blank.kind, _say_plain)(answers.get(blank.name), words)
        for blank in template.blanks
        if blank.name in answers
    }
    if "percent" in said:
        off = words.pick((f"at {said['percent']}% off", f"减 {said['percent']}%"))
        said["off"] = words.pick(("free", "免费")) if answers["percent"] == 100 else off
    name = words.pick(NAMES[template.code]).format(**said)
    name = name[:1].upper() + name[1:]
    return name if len(name) <= LONGEST else words.pick(template.title)


def say_briefly(scope: Scope, words: Lexicon) -> str:
    """Return which products a scope means; long lists are not spelled out."""
    goods = say_goods(scope, words)
    return goods if len(goods) <= LONGEST_GOODS else words.pick(_SHORT)


def _say_gift(ids: Json, words: Lexicon) -> str:
    return words.either([words.name("variant", one) for one in ids])


def _say_plain(value: Json, _words: Lexicon) -> str:
    return say_number(value) if isinstance(value, int) else str(value)


_SAY: Mapping[str, Callable[[Json, Lexicon], str]] = {
    "percent": lambda value, _words: write_percent(value),
    "money": lambda value, words: words.money(value) if value is not None else "",
    "goods": lambda scope, words: say_briefly(parse_scope(scope or {}), words),
    "gift": _say_gift,
}
