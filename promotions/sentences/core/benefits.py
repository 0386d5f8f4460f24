"""A benefit as the main clause of a sentence: "Take 10 % off Cheese"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from promotions.engine.api import (
    EVERYTHING,
    Benefit,
    BenefitKind,
    Bundle,
    BuyGet,
    Delivery,
    Gift,
    GroupOf,
    Points,
    Scope,
    Step,
    Target,
    Tiers,
)
from promotions.sentences.core.words import Lexicon, say_number, say_products
from shop.ground.kernel.translation import gettext_noop

Kind = BenefitKind
Say = Callable[[Benefit, Scope, Lexicon], str]


def say_benefit(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    """Return what the shopper gains, with its most per set, line and order.

    >>> words = Lexicon("en", "en_US", "USD", {("category", 3): "Cheese"})
    >>> tenth = Benefit(Kind.PERCENTAGE, percent=Decimal(10), cap_minor=500)
    >>> say_benefit(tenth, Scope(category_ids=frozenset({3})), words)
    'Take 10 % off Cheese, at most $5.00 an order'
    """
    said = _SAY[benefit.kind](benefit, scope, words)
    sets = getattr(benefit.terms, "max_sets", None)
    if sets is not None:
        said += words.translate(", at most {sets} times an order", sets=sets)
    for bound in say_bounds(benefit, words):
        said += words.translate(", {bound}", bound=bound)
    if benefit.cap_line_minor is not None:
        cap = words.money(benefit.cap_line_minor)
        said += words.translate(", at most {cap} a line", cap=cap)
    if benefit.cap_minor is not None:
        cap = words.money(benefit.cap_minor)
        said += words.translate(", at most {cap} an order", cap=cap)
    return said


def say_bounds(benefit: Benefit, words: Lexicon) -> Iterator[str]:
    """Yield of how many units at most it lowers the price."""
    each, most = benefit.most_units_line, benefit.most_units
    if each is not None:
        yield words.translate("at most {each} of each product", each=each)
    if most is not None and benefit.cheapest_first:
        yield (
            words.translate("only on the cheapest piece of an order")
            if most == 1
            else words.translate("only on the {most} cheapest pieces of an order", most=most)
        )
    elif most is not None:
        yield words.translate("at most {most} in one order", most=most)


def _percentage(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    share, products = _share(benefit.percent), say_products(scope, words)
    return words.translate("Take {share} % off {goods}", share=share, goods=products)


def _fixed(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    amount, products = words.money(benefit.amount_minor or 0), say_products(scope, words)
    if benefit.target is Target.UNIT:
        said = gettext_noop("Take {amount} off each piece of {goods}")
    elif benefit.target is Target.LINE:
        said = gettext_noop("Take {amount} off each product among {goods}")
    elif scope == EVERYTHING:
        said = gettext_noop("Take {amount} off the cart")
    else:
        said = gettext_noop("Take {amount} off {goods} together")
    return words.translate(said, amount=amount, goods=products)


def _set_price(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    amount, products = words.money(benefit.amount_minor or 0), say_products(scope, words)
    if isinstance(benefit.terms, GroupOf):
        size = benefit.terms.size
        return words.translate(
            "Sell any {size} of {goods} together at {amount}",
            size=size,
            goods=products,
            amount=amount,
        )
    return words.translate("Sell {goods} at {amount} each", goods=products, amount=amount)


def _terms[T](benefit: Benefit, kind: type[T]) -> T:
    """Return the terms of a benefit; `parse_benefits` pairs them with its kind."""
    if not isinstance(benefit.terms, kind):
        raise TypeError(f"{benefit.kind} comes without its {kind.__name__}")
    return benefit.terms


def _gift(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, Gift)
    gift, count = [words.name("variant", key) for key in terms.variant_ids], 0
    count, first = terms.quantity, gift[0]
    said = words.translate("Add {count} × {first} as a gift", count=count, first=first)
    if len(gift) > 1:
        others = words.either(gift[1:])
        said += words.translate(" (if out of stock {others})", others=others)
    return said


def _buy_get(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, BuyGet)
    products, off = say_products(scope, words), _off(benefit.percent, words)
    got = products if terms.get_scope is None else say_products(terms.get_scope, words)
    return words.translate(
        "For every {buy} of {goods} give {get} of {got} {off}",
        buy=terms.buy,
        goods=products,
        get=terms.get,
        got=got,
        off=off,
    )


def _cheapest(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, GroupOf)
    products, off = say_products(scope, words), _off(benefit.percent, words)
    return words.translate(
        "Of every {size} of {goods} give the {free} cheapest {off}",
        size=terms.size,
        goods=products,
        free=terms.free,
        off=off,
    )


def _bundle(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, Bundle)
    parts = [f"{part.quantity} × {say_products(part.scope, words)}" for part in terms.parts]
    together = " + ".join(parts)
    if benefit.amount_minor is not None:
        amount = words.money(benefit.amount_minor)
        return words.translate(
            "Sell {together} together at {amount}", together=together, amount=amount
        )
    off = _off(benefit.percent, words)
    return words.translate("Sell {together} together {off}", together=together, off=off)


def _quantity_tiers(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    products = say_products(scope, words)
    steps = _steps(benefit, words, lambda step: f"{step.at_least}")
    each = benefit.target is not Target.CART
    one = words.translate(" of one product") if each else ""
    return words.translate(
        "By pieces{one} of {goods}: {steps}", one=one, goods=products, steps=steps
    )


def _spend_tiers(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    products = say_products(scope, words)
    steps = _steps(benefit, words, lambda step: words.money(step.at_least))
    return words.translate("By what {goods} cost together: {steps}", goods=products, steps=steps)


def _steps(benefit: Benefit, words: Lexicon, reach: Callable[[Step], str]) -> str:
    terms = _terms(benefit, Tiers)
    is_each = benefit.kind is Kind.QUANTITY_TIERS
    said = []
    for step in terms.steps:
        at = reach(step)
        if step.percent is not None:
            what = _off(step.percent, words)
        elif step.price_minor is not None:
            price = words.money(step.price_minor)
            what = words.translate("{price} each", price=price)
        else:
            amount = words.money(step.amount_minor or 0)
            off = gettext_noop("{amount} off each") if is_each else gettext_noop("{amount} off")
            what = words.translate(off, amount=amount)
        said.append(words.translate("from {at} {what}", at=at, what=what))
    return words.translate(", ").join(said)


def _delivery(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, Delivery)
    methods = [words.name("delivery", code) for code in sorted(terms.methods)]
    by = words.translate(" by {methods}", methods=words.either(methods)) if methods else ""
    if terms.price_minor is not None:
        free = words.translate("free of charge")
        price = words.money(terms.price_minor)
        at = words.translate("for {price} at most", price=price) if terms.price_minor else free
        return words.translate("Deliver{by} {at}", by=by, at=at)
    if benefit.amount_minor is not None:
        amount = words.money(benefit.amount_minor)
        return words.translate("Take {amount} off delivery{by}", amount=amount, by=by)
    share = _share(benefit.percent)
    return words.translate("Take {share} % off delivery{by}", share=share, by=by)


def _points(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, Points)
    if terms.per_minor is None:
        return words.translate("Give {points} points", points=terms.points)
    per, products = words.money(terms.per_minor), say_products(scope, words)
    return words.translate(
        "Give {points} points for each {per} paid for {goods}",
        points=terms.points,
        per=per,
        goods=products,
    )


def _share(percent: Decimal | None) -> str:
    return say_number(percent or 0)


def _off(percent: Decimal | None, words: Lexicon) -> str:
    if percent == 100:  # the whole price
        return words.translate("free")
    share = _share(percent)
    return words.translate("{share} % cheaper", share=share)


_SAY: Mapping[BenefitKind, Say] = {
    Kind.PERCENTAGE: _percentage,
    Kind.FIXED_AMOUNT: _fixed,
    Kind.SET_PRICE: _set_price,
    Kind.GIFT: _gift,
    Kind.BUY_GET: _buy_get,
    Kind.CHEAPEST_FREE: _cheapest,
    Kind.BUNDLE: _bundle,
    Kind.QUANTITY_TIERS: _quantity_tiers,
    Kind.SPEND_TIERS: _spend_tiers,
    Kind.DELIVERY: _delivery,
    Kind.POINTS: _points,
}
