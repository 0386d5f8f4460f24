"""A benefit as the main clause of a sentence: "Take 10 % off Cheese", in English and Chinese."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from promotions.core.builder.words import Lexicon, say_goods, say_number
from promotions.core.carts import EVERYTHING, Scope
from promotions.core.formula import Formula
from promotions.core.terms import Bundle, BuyGet, Delivery, Gift, GroupOf, Points, Step, Tiers
from promotions.core.values import Benefit, BenefitKind, Target

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
        said += words.pick((f", at most {sets} times an order", f"，每单最多 {sets} 次"))
    for bound in say_bounds(benefit, words):
        said += words.pick((f", {bound}", f"，{bound}"))
    if benefit.cap_line_minor is not None:
        cap = words.money(benefit.cap_line_minor)
        said += words.pick((f", at most {cap} a line", f"，每行最多减 {cap}"))
    if benefit.cap_minor is not None:
        cap = words.money(benefit.cap_minor)
        said += words.pick((f", at most {cap} an order", f"，每单最多减 {cap}"))
    return said


def say_bounds(benefit: Benefit, words: Lexicon) -> Iterator[str]:
    """Yield of how many units at most it lowers the price."""
    each, most = benefit.most_units_line, benefit.most_units
    if each is not None:
        yield words.pick((f"at most {each} of each product", f"每种商品最多 {each} 件"))
    if most is not None and benefit.cheapest_first:
        pieces = "the cheapest piece" if most == 1 else f"the {most} cheapest pieces"
        yield words.pick((f"only on {pieces} of an order", f"仅限每单最便宜的 {most} 件"))
    elif most is not None:
        yield words.pick((f"at most {most} in one order", f"每单最多 {most} 件"))


def _percentage(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    share, goods = _share(benefit.percent), say_goods(scope, words)
    return words.pick((f"Take {share} % off {goods}", f"{goods}减 {share}%"))


def _fixed(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    amount, goods = words.money(benefit.amount_minor or 0), say_goods(scope, words)
    if benefit.target is Target.UNIT:
        pair = f"Take {amount} off each piece of {goods}", f"{goods}每件减 {amount}"
    elif benefit.target is Target.LINE:
        pair = f"Take {amount} off each product among {goods}", f"{goods}每种商品减 {amount}"
    elif scope == EVERYTHING:
        pair = f"Take {amount} off the cart", f"购物车减 {amount}"
    else:
        pair = f"Take {amount} off {goods} together", f"{goods}合计减 {amount}"
    return words.pick(pair)


def _set_price(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    amount, goods = words.money(benefit.amount_minor or 0), say_goods(scope, words)
    if isinstance(benefit.terms, GroupOf):
        size = benefit.terms.size
        return words.pick(
            (
                f"Sell any {size} of {goods} together at {amount}",
                f"{goods}任选 {size} 件共 {amount}",
            )
        )
    return words.pick((f"Sell {goods} at {amount} each", f"{goods}每件 {amount}"))


def _terms[T](benefit: Benefit, kind: type[T]) -> T:
    """Return the terms of a benefit; `parse_benefits` pairs them with its kind."""
    if not isinstance(benefit.terms, kind):
        raise TypeError(f"{benefit.kind} comes without its {kind.__name__}")
    return benefit.terms


def _gift(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, Gift)
    gift, count = [words.name("variant", key) for key in terms.variant_ids], 0
    count, first = terms.quantity, gift[0]
    said = words.pick((f"Add {count} × {first} as a gift", f"赠送 {count} 件{first}"))
    if len(gift) > 1:
        others = words.either(gift[1:])
        said += words.pick((f" (if out of stock {others})", f"（缺货时改送{others}）"))
    return said


def _buy_get(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, BuyGet)
    goods, off = say_goods(scope, words), _off(benefit.percent, words)
    got = goods if terms.get_scope is None else say_goods(terms.get_scope, words)
    return words.pick(
        (
            f"For every {terms.buy} of {goods} give {terms.get} of {got} {off}",
            f"每买 {terms.buy} 件{goods}，{terms.get} 件{got}{off}",
        )
    )


def _cheapest(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, GroupOf)
    goods, off = say_goods(scope, words), _off(benefit.percent, words)
    return words.pick(
        (
            f"Of every {terms.size} of {goods} give the {terms.free} cheapest {off}",
            f"{goods}每 {terms.size} 件，最便宜的 {terms.free} 件{off}",
        )
    )


def _bundle(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, Bundle)
    parts = [f"{part.quantity} × {say_goods(part.scope, words)}" for part in terms.parts]
    together = " + ".join(parts)
    if benefit.amount_minor is not None:
        amount = words.money(benefit.amount_minor)
        return words.pick((f"Sell {together} together at {amount}", f"{together} 套餐价 {amount}"))
    off = _off(benefit.percent, words)
    return words.pick((f"Sell {together} together {off}", f"{together} 套餐{off}"))


def _quantity_tiers(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    goods = say_goods(scope, words)
    steps = _steps(benefit, words, lambda step: f"{step.at_least}")
    each = benefit.target is not Target.CART
    one = words.pick((" of one product", "（同一商品）")) if each else ""
    return words.pick((f"By pieces{one} of {goods}: {steps}", f"{goods}按件数{one}：{steps}"))


def _spend_tiers(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    goods = say_goods(scope, words)
    steps = _steps(benefit, words, lambda step: words.money(step.at_least))
    return words.pick((f"By what {goods} cost together: {steps}", f"{goods}按消费额：{steps}"))


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
            what = words.pick((f"{price} each", f"每件 {price}"))
        else:
            amount = words.money(step.amount_minor or 0)
            each = (f"{amount} off each", f"每件减 {amount}")
            what = words.pick(each if is_each else (f"{amount} off", f"减 {amount}"))
        said.append(words.pick((f"from {at} {what}", f"满 {at} {what}")))
    return words.pick((", ", "，")).join(said)


def _delivery(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, Delivery)
    methods = [words.name("delivery", code) for code in sorted(terms.methods)]
    by = (
        words.pick((f" by {words.either(methods)}", f"（{words.either(methods)}）"))
        if methods
        else ""
    )
    if terms.price_minor is not None:
        free = words.pick(("free of charge", "免费"))
        price = words.money(terms.price_minor)
        at = words.pick((f"for {price} at most", f"最多 {price}")) if terms.price_minor else free
        return words.pick((f"Deliver{by} {at}", f"配送{by}{at}"))
    if benefit.amount_minor is not None:
        amount = words.money(benefit.amount_minor)
        return words.pick((f"Take {amount} off delivery{by}", f"运费{by}减 {amount}"))
    share = _share(benefit.percent)
    return words.pick((f"Take {share} % off delivery{by}", f"运费{by}减 {share}%"))


def _points(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, Points)
    if terms.per_minor is None:
        return words.pick((f"Give {terms.points} points", f"赠送 {terms.points} 积分"))
    per, goods = words.money(terms.per_minor), say_goods(scope, words)
    return words.pick(
        (
            f"Give {terms.points} points for each {per} paid for {goods}",
            f"{goods}每付 {per} 赠 {terms.points} 积分",
        )
    )


def _formula(benefit: Benefit, scope: Scope, words: Lexicon) -> str:
    terms = _terms(benefit, Formula)
    goods, text = say_goods(scope, words), terms.text
    return words.pick((f"Take what “{text}” comes to off {goods}", f"{goods}按公式“{text}”减免"))


def _share(percent: Decimal | None) -> str:
    return say_number(percent or 0)


def _off(percent: Decimal | None, words: Lexicon) -> str:
    if percent == 100:  # the whole price
        return words.pick(("free", "免费"))
    share = _share(percent)
    return words.pick((f"{share} % cheaper", f"减 {share}%"))


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
    Kind.FORMULA: _formula,
}
