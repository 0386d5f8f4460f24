"""What several units bought together give, as shoppers read it: "Any 2 of Cheese for $5.00"."""

from __future__ import annotations

from decimal import Decimal

from promotions.core.builder.benefits import say_bounds
from promotions.core.builder.conditions import list_clauses
from promotions.core.builder.names import say_briefly
from promotions.core.builder.plans import Text
from promotions.core.builder.words import Lexicon, say_number
from promotions.core.conditions import All, needed_facts
from promotions.core.terms import Bundle, BuyGet, GroupOf, Part, Step, Tiers
from promotions.core.values import OfferValue

INFERRED = frozenset({"segment", "tags"})
FREE: Text = ("free", "免费")
AT: Text = ("at {cut}", "{cut}")
SAME: Text = ("{goods}: buy {buy}, get {get} {off}", "{goods}：买 {buy} 件，再得 {get} 件{off}")
OTHER: Text = (
    "Buy {buy} of {goods}, get {get} of {got} {off}",
    "买 {buy} 件{goods}，{get} 件{got}{off}",
)
GROUP: Text = ("Any {size} of {goods} for {price}", "{goods}任选 {size} 件共 {price}")
CHEAPEST: Text = (
    "{goods}: of every {size}, the cheapest is {cut}",
    "{goods}：每 {size} 件中最便宜的一件{cut}",
)
CHEAPEST_FEW: Text = (
    "{goods}: of every {size}, the {free} cheapest are {cut}",
    "{goods}：每 {size} 件中最便宜的 {free} 件{cut}",
)
BUNDLE: Text = ("{goods} together {off}", "{goods} 套餐{off}")
TIERS: Text = ("{goods}: {steps}", "{goods}：{steps}")
PRODUCT: Text = (" (of one product)", "（同一商品）")
MOST: Text = (", at most {sets} times an order", "，每单最多 {sets} 次")
WHERE: Text = (", if {clauses}", "，条件：{clauses}")


def say_deal(offer: OfferValue, words: Lexicon) -> str:
    """Return what buying several gives, with what it asks; "" for offers of other kinds.

    >>> from promotions.core.values import Benefit, BenefitKind
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
        said += words.pick(MOST).format(sets=sets)
    for bound in say_bounds(offer.benefit, words):
        said += words.pick((f", {bound}", f"，{bound}"))
    condition = offer.condition
    parts = condition.parts if isinstance(condition, All) else (condition,)
    asked = [one for one in parts if not needed_facts(one) & INFERRED]
    if clauses := [text for one in asked for text in list_clauses(one, words)]:
        said += words.pick(WHERE).format(clauses=words.both(clauses))
    return said


def _say(offer: OfferValue, words: Lexicon) -> str:
    benefit, terms, goods = offer.benefit, offer.benefit.terms, say_briefly(offer.scope, words)
    price = words.money(benefit.amount_minor or 0)
    cut = _cut(benefit.percent, words)
    off = cut if cut == words.pick(FREE) else words.pick(AT).format(cut=cut)
    match terms:
        case BuyGet(buy, get, None):
            return words.pick(SAME).format(goods=goods, buy=buy, get=get, off=off)
        case BuyGet(buy, get, scope):
            got = goods if scope is None else say_briefly(scope, words)
            return words.pick(OTHER).format(goods=goods, buy=buy, get=get, got=got, off=off)
        case GroupOf(size, 0):
            return words.pick(GROUP).format(goods=goods, size=size, price=price)
        case GroupOf(size, free):
            form = CHEAPEST if free == 1 else CHEAPEST_FEW
            return words.pick(form).format(goods=goods, size=size, free=free, cut=cut)
        case Bundle(parts):
            counted = " + ".join(_say_part(part, words) for part in parts)
            at_price = words.pick((f"for {price}", f"价 {price}"))
            together = off if benefit.amount_minor is None else at_price
            return words.pick(BUNDLE).format(goods=counted, off=together)
        case Tiers(steps) if benefit.kind == "quantity_tiers":
            one = "" if benefit.target == "cart" else words.pick(PRODUCT)
            listed = words.pick((", ", "，")).join(_say_step(step, words) for step in steps)
            return words.pick(TIERS).format(goods=goods + one, steps=listed)
        case _:
            return ""


def _say_part(part: Part, words: Lexicon) -> str:
    goods = say_briefly(part.scope, words)
    return goods if part.quantity == 1 else f"{part.quantity} × {goods}"


def _say_step(step: Step, words: Lexicon) -> str:
    count = step.at_least
    if step.percent is not None:
        share = say_number(step.percent)
        pair = f"{share}% off from {count}", f"满 {count} 件减 {share}%"
    elif step.price_minor is not None:
        price = words.money(step.price_minor)
        pair = f"{price} each from {count}", f"满 {count} 件每件 {price}"
    else:
        amount = words.money(step.amount_minor or 0)
        pair = f"{amount} off each from {count}", f"满 {count} 件每件减 {amount}"
    return words.pick(pair)


def _cut(percent: Decimal | None, words: Lexicon) -> str:
    if percent is None or percent == 100:
        return words.pick(FREE)
    share = say_number(percent)
    return words.pick((f"{share}% off", f"减 {share}%"))
