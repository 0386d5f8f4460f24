"""The sentences staff fill in, one for each kind of promotion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any as Json

from promotions.core.builder import blanks as b
from promotions.core.builder.plans import Answers, Blank, Plan, Template, write_percent

_NEEDED = replace(b.GOODS, is_needed=True)


def _cut(answers: Answers, **campaign: Json) -> Plan:
    """A percentage off goods."""
    said: dict[str, Json] = {"kind": "price_cut", "audience": answers.get("audience", "public")}
    offer = {
        "benefit_kind": "percentage",
        "target": "line",
        "percent": write_percent(answers["percent"]),
        "scope": answers.get("goods") or {},
    }
    return Plan(said | campaign, offer)


def _amount(answers: Answers, **campaign: Json) -> Plan:
    """An amount off a cart of at least so much."""
    said: dict[str, Json] = {"kind": "price_cut", "audience": "public"}
    offer = {
        "benefit_kind": "fixed_amount",
        "amount_minor": answers["amount"],
        "condition": {"cart_value": answers["cart_value"]},
    }
    return Plan(said | campaign, offer)


def _with_code(plan: Plan, code: str) -> Plan:
    coupon = {"code": code, "per_shopper_limit": 1}
    return replace(plan, offer={**plan.offer, "requires_coupon": True}, coupon=coupon)


def _coupon(answers: Answers) -> Plan:
    return _with_code(_amount(answers, kind="coupon"), answers["coupon"])


def _batch(answers: Answers) -> Plan:
    plan = _cut(answers, kind="coupon")
    batch = {"pattern": answers["pattern"], "amount": answers["codes"]}
    return replace(plan, offer={**plan.offer, "requires_coupon": True}, batch=batch)


def _flash(answers: Answers) -> Plan:
    plan = _cut(answers, claims={"countdown": True})
    return replace(plan, limit={"max_uses": answers["pieces"]})


def _member(answers: Answers) -> Plan:
    return _cut(answers, kind="member", audience="members")


def _welcome(answers: Answers) -> Plan:
    plan = _amount(answers, kind="welcome")
    own = {"all": [{"cart_value": answers["cart_value"]}, {"first_order": True}]}
    return replace(plan, offer={**plan.offer, "condition": own})


def _referral(answers: Answers) -> Plan:
    plan = _welcome(answers)
    plan = replace(plan, campaign={**plan.campaign, "kind": "referral"})
    return _with_code(plan, answers["coupon"])


def _win_back(answers: Answers) -> Plan:
    plan = _cut(answers, kind="win_back")
    own = {"last_order": {"at_least_days": answers["days"]}}
    return replace(plan, offer={**plan.offer, "condition": own})


def _partner(answers: Answers) -> Plan:
    partner = {"code": answers["partner"], "percent": write_percent(answers["share"])}
    return replace(_cut(answers, kind="partner"), partner=partner)


_SHARE = Blank("share", "percent", ("the partner's share", "合作方承担比例"), "50")
_DAYS = b.count("days", "days", "天数", "60")
_CODES = b.count("codes", "how many codes", "优惠码数量", "1000")
_PATTERN = Blank("pattern", "pattern", ("pattern", "格式"), "SPRING-####-####")
_PARTNER = Blank("partner", "partner", ("partner", "合作方"))

CUTS: tuple[Template, ...] = (
    Template(
        "price_cut",
        ("Price cut", "降价"),
        ("A share off goods, for everybody or for members.", "对所选商品按比例降价。"),
        b.sentence(
            "Take {percent} % off {goods} for {audience}", "{audience}购买 {goods} 减 {percent} %"
        ),
        (b.PERCENT, b.GOODS, b.AUDIENCE, *b.WINDOW),
        _cut,
        is_of_units=True,
    ),
    Template(
        "coupon",
        ("Coupon", "优惠券"),
        ("One code for many shoppers, once each.", "一个优惠码，每位顾客限用一次。"),
        b.sentence(
            "With the code {coupon} take {amount} off a cart of at least {cart_value}",
            "使用优惠码 {coupon}，满 {cart_value} 减 {amount}",
        ),
        (b.CODE, b.AMOUNT, b.LEAST, *b.WINDOW),
        _coupon,
        is_of_products=False,
    ),
    Template(
        "coupon_batch",
        ("Batch of codes", "批量优惠码"),
        ("Many unguessable codes, each used once.", "大量不可猜测的优惠码，每个限用一次。"),
        b.sentence(
            "Make {codes} codes like {pattern}; each takes {percent} % off {goods} once",
            "生成 {codes} 个形如 {pattern} 的优惠码，每个可使 {goods} 减 {percent} % 一次",
        ),
        (_CODES, _PATTERN, b.PERCENT, b.GOODS, *b.WINDOW),
        _batch,
        is_of_units=True,
    ),
    Template(
        "flash_sale",
        ("Flash sale", "限时抢购"),
        ("A short window and a number of pieces.", "限时且限量。"),
        b.sentence(
            "Sell {pieces} pieces of {goods} at {percent} % off",
            "{goods} 限量 {pieces} 件减 {percent} %",
        ),
        (b.PIECES, _NEEDED, b.PERCENT, *b.WINDOW),
        _flash,
        is_of_units=True,
    ),
    Template(
        "member",
        ("Members only", "会员专享"),
        ("A share off goods for account holders.", "注册用户专享折扣。"),
        b.sentence("Members get {percent} % off {goods}", "会员购买 {goods} 减 {percent} %"),
        (b.PERCENT, b.GOODS, *b.WINDOW),
        _member,
        is_of_units=True,
    ),
    Template(
        "welcome",
        ("New shoppers", "新客优惠"),
        ("An amount off the first order.", "首单立减。"),
        b.sentence(
            "Take {amount} off a first order of at least {cart_value}",
            "首单满 {cart_value} 减 {amount}",
        ),
        (b.AMOUNT, b.LEAST, *b.WINDOW),
        _welcome,
        is_of_products=False,
    ),
    Template(
        "win_back",
        ("Win back", "唤回老客"),
        ("A share off for shoppers who have not ordered for long.", "面向久未下单的顾客。"),
        b.sentence(
            "Take {percent} % off {goods} for those who last ordered {days} days ago or earlier",
            "至少 {days} 天未下单的顾客购买 {goods} 减 {percent} %",
        ),
        (b.PERCENT, b.GOODS, _DAYS, *b.WINDOW),
        _win_back,
        is_of_units=True,
    ),
    Template(
        "referral",
        ("Referral", "推荐有礼"),
        (
            "A code members hand to friends; the inviter's points are in the programme's terms.",
            "会员转发给朋友的优惠码；推荐人的奖励见积分计划条款。",
        ),
        b.sentence(
            "With the code {coupon} a friend gets {amount} off a first order from {cart_value} on",
            "朋友使用优惠码 {coupon}，首单满 {cart_value} 减 {amount}",
        ),
        (b.CODE, b.AMOUNT, b.LEAST, *b.WINDOW),
        _referral,
        is_of_products=False,
    ),
    Template(
        "partner",
        ("Co-branded", "联合促销"),
        ("A partner pays a share of the discount.", "合作方承担部分折扣。"),
        b.sentence(
            "With {partner}, who pays {share} % of it, take {percent} % off {goods}",
            "与 {partner} 联合（对方承担 {share} %），{goods} 减 {percent} %",
        ),
        (_PARTNER, _SHARE, b.PERCENT, b.GOODS, *b.WINDOW),
        _partner,
        is_of_units=True,
    ),
)
