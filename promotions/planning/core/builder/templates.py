"""The sentences staff fill in, one for each kind of promotion."""

from __future__ import annotations

from dataclasses import replace
from typing import Any as Json

from promotions.planning.core.builder import blanks as b
from promotions.sentences.core.plans import Answers, Blank, Plan, Template, write_percent
from shop.ground.kernel.translation import gettext_noop

_NEEDED = replace(b.GOODS, is_needed=True)


def _cut(answers: Answers, **campaign: Json) -> Plan:
    """A percentage off products."""
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
    said: dict[str, Json] = {"kind": "price_cut", "audience": answers.get("audience", "public")}
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


_SHARE = Blank("share", "percent", gettext_noop("the partner's share"), "50")
_DAYS = b.count("days", gettext_noop("days"), "60")
_CODES = b.count("codes", gettext_noop("how many codes"), "1000")
_PATTERN = Blank("pattern", "pattern", gettext_noop("pattern"), "SPRING-####-####")
_PARTNER = Blank("partner", "partner", gettext_noop("partner"))

CUTS: tuple[Template, ...] = (
    Template(
        "price_cut",
        gettext_noop("Price cut"),
        gettext_noop("A share off products, for everybody or for account holders."),
        gettext_noop("Take {percent} % off {goods} for {audience}"),
        (b.PERCENT, b.GOODS, b.AUDIENCE, *b.WINDOW),
        _cut,
        is_of_units=True,
    ),
    Template(
        "cart_amount",
        gettext_noop("Amount off the cart"),
        gettext_noop("An amount off from a cart value on, for everybody or for account holders."),
        gettext_noop("Take {amount} off a cart of at least {cart_value} for {audience}"),
        (b.AMOUNT, b.LEAST, b.AUDIENCE, *b.WINDOW),
        _amount,
        is_of_products=False,
    ),
    Template(
        "coupon",
        gettext_noop("Coupon"),
        gettext_noop("One code for many shoppers, once each."),
        gettext_noop("With the code {coupon} take {amount} off a cart of at least {cart_value}"),
        (b.CODE, b.AMOUNT, b.LEAST, *b.WINDOW),
        _coupon,
        is_of_products=False,
        is_of_campaign=True,
    ),
    Template(
        "coupon_batch",
        gettext_noop("Batch of codes"),
        gettext_noop("Many unguessable codes, each used once."),
        gettext_noop("Make {codes} codes like {pattern}; each takes {percent} % off {goods} once"),
        (_CODES, _PATTERN, b.PERCENT, b.GOODS, *b.WINDOW),
        _batch,
        is_of_units=True,
        is_of_campaign=True,
    ),
    Template(
        "flash_sale",
        gettext_noop("Flash sale"),
        gettext_noop("A short window and a number of pieces."),
        gettext_noop("Sell {pieces} pieces of {goods} at {percent} % off"),
        (b.PIECES, _NEEDED, b.PERCENT, *b.WINDOW),
        _flash,
        is_of_units=True,
        is_of_campaign=True,
    ),
    Template(
        "member",
        gettext_noop("Account holders only"),
        gettext_noop("A share off products for account holders."),
        gettext_noop("Account holders get {percent} % off {goods}"),
        (b.PERCENT, b.GOODS, *b.WINDOW),
        _member,
        is_of_units=True,
        is_of_campaign=True,
        is_for_members=True,
    ),
    Template(
        "welcome",
        gettext_noop("New shoppers"),
        gettext_noop("An amount off the first order."),
        gettext_noop("Take {amount} off a first order of at least {cart_value}"),
        (b.AMOUNT, b.LEAST, *b.WINDOW),
        _welcome,
        is_of_products=False,
    ),
    Template(
        "win_back",
        gettext_noop("Win back"),
        gettext_noop("A share off for shoppers who have not ordered for long."),
        gettext_noop(
            "Take {percent} % off {goods} for those who last ordered {days} days ago or earlier"
        ),
        (b.PERCENT, b.GOODS, _DAYS, *b.WINDOW),
        _win_back,
        is_of_units=True,
    ),
    Template(
        "referral",
        gettext_noop("Referral"),
        gettext_noop(
            "A code members hand to friends; the inviter's points are in the programme's terms."
        ),
        gettext_noop(
            "With the code {coupon} a friend gets {amount} off a first order from {cart_value} on"
        ),
        (b.CODE, b.AMOUNT, b.LEAST, *b.WINDOW),
        _referral,
        is_of_products=False,
        is_of_campaign=True,
    ),
    Template(
        "partner",
        gettext_noop("Co-branded"),
        gettext_noop("A partner pays a share of the discount."),
        gettext_noop("With {partner}, who pays {share} % of it, take {percent} % off {goods}"),
        (_PARTNER, _SHARE, b.PERCENT, b.GOODS, *b.WINDOW),
        _partner,
        is_of_units=True,
        is_of_campaign=True,
    ),
)
