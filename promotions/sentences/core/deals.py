"""Texts of multi-buy offers, such as "Any 2 of Cheese for $5.00"."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any as Json

from promotions.engine.api import (
    All,
    Bundle,
    BuyGet,
    GroupOf,
    OfferValue,
    Part,
    Scope,
    Step,
    Tiers,
    needed_facts,
    parse_scope,
)
from promotions.sentences.core.benefits import say_bounds
from promotions.sentences.core.conditions import list_clauses
from promotions.sentences.core.plans import Answers, Template, write_percent
from promotions.sentences.core.words import Lexicon, say_number, say_products
from shop.ground.kernel.translation import gettext_noop, pgettext_noop

# Names of promotions for shoppers: the benefit and the condition.

LONGEST = 120
LONGEST_GOODS = 70
# kind -> name; the blanks are the sentence's own, and {off}: "free" or "at 10% off"
NAMES: Mapping[str, str] = {
    "price_cut": gettext_noop("{percent}% off {goods}"),
    "set_price": gettext_noop("{goods} at {price} each"),
    "any_few": gettext_noop("Any {size} of {goods} for {price}"),
    "amount_off": gettext_noop("{amount} off each: {goods}"),
    "cart_amount": gettext_noop("{amount} off from {cart_value}"),
    "coupon": gettext_noop("{amount} off from {cart_value}"),
    "coupon_batch": gettext_noop("{percent}% off {goods} with your code"),
    "flash_sale": gettext_noop("Flash sale: {percent}% off {goods}"),
    "member": gettext_noop("With an account: {percent}% off {goods}"),
    "welcome": gettext_noop("{amount} off your first order from {cart_value}"),
    "win_back": gettext_noop("Welcome back: {percent}% off {goods}"),
    "referral": gettext_noop("From a friend: {amount} off your first order from {cart_value}"),
    "partner": gettext_noop("{percent}% off {goods}"),
    "gift": gettext_noop("Gift from {cart_value}: {gift}"),
    "buy_get": gettext_noop("{goods}: buy {buy}, get {get} {off}"),
    "cheapest_free": gettext_noop("{goods}: of {size} the cheapest is free"),
    "cheapest_piece": gettext_noop("{goods}: the cheapest of {pieces} {off}"),
    "bundle": gettext_noop("{goods} + {goods2}: {percent}% off together"),
    "quantity_tiers": gettext_noop(
        "{goods}: {percent1}% off from {from1}, {percent2}% from {from2}"
    ),
    "spend_tiers": gettext_noop("{goods}: {amount1} off from {from1}, {amount2} from {from2}"),
    "free_delivery": gettext_noop("Free delivery from {cart_value}"),
    "points": gettext_noop("{goods}: {points} points for each {per}"),
}
_SHORT = gettext_noop("chosen products")


def name_promotion(template: Template, answers: Answers, words: Lexicon) -> str:
    """Return what shoppers read of a filled-in sentence, in the language of `words`.

    Long lists of products are not spelled out; a name that is too long all the same is the kind's.
    """
    said = {
        blank.name: _SAY.get(blank.kind, _say_plain)(answers.get(blank.name), words)
        for blank in template.blanks
        if blank.name in answers
    }
    if "percent" in said:
        off = words.translate("at {percent}% off", percent=said["percent"])
        said["off"] = words.translate("free") if answers["percent"] == 100 else off
    name = words.translate(NAMES[template.code], **said)
    name = name[:1].upper() + name[1:]
    return name if len(name) <= LONGEST else words.translate(template.title)


def say_briefly(scope: Scope, words: Lexicon) -> str:
    """Return which products a scope means; long lists are not spelled out."""
    products = say_products(scope, words)
    return products if len(products) <= LONGEST_GOODS else words.translate(_SHORT)


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


INFERRED = frozenset({"segment", "tags"})
FREE = gettext_noop("free")
AT = gettext_noop("at {cut}")
SAME = pgettext_noop("deal", "{goods}: buy {buy}, get {get} {off}")
OTHER = gettext_noop("Buy {buy} of {goods}, get {get} of {got} {off}")
GROUP = gettext_noop("Any {size} of {goods} for {price}")
CHEAPEST = gettext_noop("{goods}: of every {size}, the cheapest is {cut}")
CHEAPEST_FEW = gettext_noop("{goods}: of every {size}, the {free} cheapest are {cut}")
BUNDLE = gettext_noop("{goods} together {off}")
TIERS = gettext_noop("{goods}: {steps}")
PRODUCT = gettext_noop(" (of one product)")
MOST = gettext_noop(", at most {sets} times an order")
WHERE = gettext_noop(", if {clauses}")


def say_deal(offer: OfferValue, words: Lexicon) -> str:
    """Return what buying several gives, with what it asks; "" for offers of other kinds.

    >>> from promotions.engine.core.values import Benefit, BenefitKind
    >>> from tests.factories.promotions import make_offer
    >>> two = Benefit(BenefitKind.SET_PRICE, amount_minor=500, terms=GroupOf(2))
    >>> say_deal(make_offer(benefit=two), Lexicon("en", "en_US", "USD"))
    'Any 2 of all products for $5.00'
    """
    said = _say(offer, words)
    if not said:
        return ""
    sets = getattr(offer.benefit.terms, "max_sets", None)
    if sets is not None:
        said += words.translate(MOST, sets=sets)
    for bound in say_bounds(offer.benefit, words):
        said += words.translate(", {bound}", bound=bound)
    condition = offer.condition
    parts = condition.parts if isinstance(condition, All) else (condition,)
    asked = [one for one in parts if not needed_facts(one) & INFERRED]
    if clauses := [text for one in asked for text in list_clauses(one, words)]:
        said += words.translate(WHERE, clauses=words.both(clauses))
    return said


def _say(offer: OfferValue, words: Lexicon) -> str:
    benefit, terms, products = offer.benefit, offer.benefit.terms, say_briefly(offer.scope, words)
    price = words.money(benefit.amount_minor or 0)
    cut = _cut(benefit.percent, words)
    off = cut if cut == words.translate(FREE) else words.translate(AT, cut=cut)
    match terms:
        case BuyGet(buy, get, None):
            return words.translate(SAME, goods=products, buy=buy, get=get, off=off)
        case BuyGet(buy, get, scope):
            got = products if scope is None else say_briefly(scope, words)
            return words.translate(OTHER, goods=products, buy=buy, get=get, got=got, off=off)
        case GroupOf(size, 0):
            return words.translate(GROUP, goods=products, size=size, price=price)
        case GroupOf(size, free):
            form = CHEAPEST if free == 1 else CHEAPEST_FEW
            return words.translate(form, goods=products, size=size, free=free, cut=cut)
        case Bundle(parts):
            counted = " + ".join(_say_part(part, words) for part in parts)
            at_price = words.translate("for {price}", price=price)
            together = off if benefit.amount_minor is None else at_price
            return words.translate(BUNDLE, goods=counted, off=together)
        case Tiers(steps) if benefit.kind == "quantity_tiers":
            one = "" if benefit.target == "cart" else words.translate(PRODUCT)
            listed = words.translate(", ").join(_say_step(step, words) for step in steps)
            return words.translate(TIERS, goods=products + one, steps=listed)
        case _:
            return ""


def _say_part(part: Part, words: Lexicon) -> str:
    products = say_briefly(part.scope, words)
    return products if part.quantity == 1 else f"{part.quantity} × {products}"


def _say_step(step: Step, words: Lexicon) -> str:
    count = step.at_least
    if step.percent is not None:
        share = say_number(step.percent)
        return words.translate("{share}% off from {count}", share=share, count=count)
    if step.price_minor is not None:
        price = words.money(step.price_minor)
        return words.translate("{price} each from {count}", price=price, count=count)
    amount = words.money(step.amount_minor or 0)
    return words.translate("{amount} off each from {count}", amount=amount, count=count)


def _cut(percent: Decimal | None, words: Lexicon) -> str:
    if percent is None or percent == 100:
        return words.translate(FREE)
    share = say_number(percent)
    return words.translate("{share}% off", share=share)
