"""Texts of multi-buy offers, such as "Any 2 of Cheese for $5.00"."""

from __future__ import annotations

from decimal import Decimal

from promotions.engine.api import (
    All,
    Bundle,
    BuyGet,
    GroupOf,
    OfferValue,
    Part,
    Step,
    Tiers,
    needed_facts,
)
from promotions.sentences.core.benefits import say_bounds
from promotions.sentences.core.conditions import list_clauses
from promotions.sentences.core.names import say_briefly
from promotions.sentences.core.words import Lexicon, say_number
from shop.ground.kernel.translation import gettext_noop, pgettext_noop

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
