"""From the columns and JSON staff save to a benefit; what cannot be explained is refused.

`terms` by kind (amounts are minor units, scopes as in `parse`):
set_price {} or, for a price of several units together, {"size": 3} ·
buy_get {"buy": 2, "get": 1, "get_scope": {...}} · cheapest_free {"size": 3, "free": 1} ·
bundle {"parts": [{"scope": {...}, "quantity": 1}, ...]} ·
quantity_tiers {"steps": [{"from": 3, "percent" | "amount" | "price": ...}, ...]} ·
spend_tiers the same with amounts of money in "from" and no price ·
gift {"variants": [ids], "quantity": 1} · delivery {"methods": [codes], "price": 199} ·
points {"points": 5, "per": 100}.
Kinds made of sets also take "max_sets". What lowers single units may lower so many of them at most:
`most_units_line` of each variant, `most_units` of an order, of these the cheapest
(`cheapest_first`) or else those it lowers most.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any as Json

from promotions.engine.core.benefits.terms import BuyGet, Delivery, Terms
from promotions.engine.core.carts import EVERYTHING, Scope
from promotions.engine.core.parsing.terms import (
    parse_bundle,
    parse_buy_get,
    parse_cheapest,
    parse_delivery,
    parse_gift,
    parse_group,
    parse_nothing,
    parse_points,
    parse_quantity_tiers,
    parse_spend_tiers,
    refuse,
)
from promotions.engine.core.values import Benefit, BenefitKind, Target
from shop.ground.kernel.translation import gettext_noop

Kind, UNIT, LINE, CART = BenefitKind, Target.UNIT, Target.LINE, Target.CART
PERCENT, AMOUNT = "percent", "amount"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a kind needs: targets, which measures in their columns, and how its terms are read.

    `measures`: exactly one of them; `is_needed` False: or none.
    """

    targets: frozenset[Target]
    measures: frozenset[str]
    read: Callable[[Json], Terms | None]
    sentence: str
    is_needed: bool = True
    has_cap: bool = True


_ONE, _NONE = frozenset({PERCENT, AMOUNT}), frozenset[str]()
RULES: Mapping[BenefitKind, Rule] = {
    Kind.PERCENTAGE: Rule(
        frozenset({LINE, CART}),
        frozenset({PERCENT}),
        parse_nothing,
        gettext_noop("a percentage is taken of a line or of the cart, not of a unit"),
    ),
    Kind.FIXED_AMOUNT: Rule(frozenset(Target), frozenset({AMOUNT}), parse_nothing, ""),
    Kind.SET_PRICE: Rule(
        frozenset({UNIT, CART}),
        frozenset({AMOUNT}),
        parse_group,
        gettext_noop("a set price is for each unit, or for several units together in the cart"),
    ),
    Kind.BUY_GET: Rule(
        frozenset({CART}),
        frozenset({PERCENT}),
        parse_buy_get,
        gettext_noop("buy X get Y looks at the cart"),
    ),
    Kind.CHEAPEST_FREE: Rule(
        frozenset({CART}),
        frozenset({PERCENT}),
        parse_cheapest,
        gettext_noop("the cheapest free looks at the cart"),
    ),
    Kind.BUNDLE: Rule(
        frozenset({CART}), _ONE, parse_bundle, gettext_noop("a bundle looks at the cart")
    ),
    Kind.QUANTITY_TIERS: Rule(
        frozenset({LINE, CART}),
        _NONE,
        parse_quantity_tiers,
        gettext_noop("quantity tiers count the units of a line or of the cart"),
    ),
    Kind.SPEND_TIERS: Rule(
        frozenset({CART}),
        _NONE,
        parse_spend_tiers,
        gettext_noop("spend tiers count what the cart costs"),
    ),
    Kind.GIFT: Rule(
        frozenset({CART}), _NONE, parse_gift, gettext_noop("a gift is added to the cart")
    ),
    Kind.DELIVERY: Rule(
        frozenset({CART}),
        _ONE,
        parse_delivery,
        gettext_noop("delivery is lowered for the cart"),
        is_needed=False,
    ),
    Kind.POINTS: Rule(
        frozenset({CART}),
        _NONE,
        parse_points,
        gettext_noop("points are for the cart"),
        has_cap=False,
    ),
}
_NEEDED: Mapping[frozenset[str], str] = {
    frozenset({PERCENT}): gettext_noop("this kind of benefit needs a percent, and no amount"),
    frozenset({AMOUNT}): gettext_noop("this kind of benefit needs an amount, and no percent"),
    _ONE: gettext_noop("this kind of benefit needs a percent or an amount"),
    _NONE: gettext_noop("this kind of benefit needs neither percent nor amount"),
}
_OPEN = gettext_noop("this kind of benefit has a percent, an amount or neither")
_OWN_GOODS = frozenset({Kind.BUNDLE, Kind.GIFT, Kind.DELIVERY})
_OF_SETS = frozenset({Kind.BUY_GET, Kind.CHEAPEST_FREE, Kind.BUNDLE})
# What lowers each unit for itself, so that it may lower only some of them
_OF_UNITS = frozenset(
    {
        (Kind.PERCENTAGE, LINE),
        (Kind.FIXED_AMOUNT, UNIT),
        (Kind.SET_PRICE, UNIT),
        (Kind.QUANTITY_TIERS, LINE),
        (Kind.QUANTITY_TIERS, CART),
    }
)


def build_benefit(
    *,
    kind: str,
    target: str,
    percent: Decimal | None,
    amount_minor: int | None,
    cap_minor: int | None,
    cap_line_minor: int | None = None,
    most_units_line: int | None = None,
    most_units: int | None = None,
    cheapest_first: bool = False,
    terms: Json = None,
) -> Benefit:
    """Return the benefit, or raise BadOffer for one that cannot be computed or explained."""
    if kind not in set(BenefitKind):  # stored by another release
        raise refuse(
            "benefit", gettext_noop("{kind} is not computed: use a percentage or tiers"), kind=kind
        )
    rule = RULES[BenefitKind(kind)]
    if Target(target) not in rule.targets:
        raise refuse("benefit", rule.sentence)
    _check_measures(rule, percent, amount_minor)
    _check_caps(rule, [cap for cap in (cap_minor, cap_line_minor) if cap is not None])
    benefit = Benefit(
        BenefitKind(kind),
        Target(target),
        percent,
        amount_minor,
        cap_minor,
        rule.read({} if terms is None else terms),
        cap_line_minor,
        most_units_line=most_units_line,
        most_units=most_units,
        cheapest_first=cheapest_first,
    )
    _check_mix(benefit)
    _check_units(benefit)
    return benefit


def check_scope(benefit: Benefit, scope: Scope) -> None:
    """Refuse a scope that says nothing beside the benefit's own products. Raises BadOffer."""
    if benefit.kind in _OWN_GOODS and scope != EVERYTHING:
        raise refuse(
            "scope",
            gettext_noop(
                "this kind of benefit does not look at the offer's scope; "
                "say in the condition which products it needs"
            ),
        )
    if isinstance(benefit.terms, BuyGet) and benefit.terms.get_scope is not None:
        if benefit.terms.get_scope == scope:
            raise refuse("terms.get_scope", gettext_noop("the same products: leave it out"))
        if benefit.terms.get_scope == EVERYTHING:
            raise refuse(
                "terms.get_scope",
                gettext_noop("it covers what is bought too, so nothing would count"),
            )


def _check_caps(rule: Rule, caps: list[int]) -> None:
    if caps and not rule.has_cap:
        raise refuse(
            "benefit", gettext_noop("points take no money off, so they have no most per order")
        )
    if any(cap <= 0 for cap in caps):
        raise refuse("benefit", gettext_noop("the most per order or line must be above 0"))


def _check_measures(rule: Rule, percent: Decimal | None, amount_minor: int | None) -> None:
    given = {PERCENT: percent, AMOUNT: amount_minor}
    used = {word for word, value in given.items() if value is not None}
    if used - rule.measures or len(used) > 1 or (rule.is_needed and rule.measures and not used):
        raise refuse("benefit", _NEEDED[rule.measures] if rule.is_needed else _OPEN)
    if percent is not None and not 0 < percent <= 100:
        raise refuse("benefit", gettext_noop("a percentage is above 0 and at most 100"))
    if amount_minor is not None and amount_minor <= 0:
        raise refuse("benefit", gettext_noop("an amount is above 0"))


def _check_mix(benefit: Benefit) -> None:
    """Refuse what reads one way and would be computed another."""
    if benefit.kind is Kind.SET_PRICE and (benefit.target is CART) != (benefit.terms is not None):
        raise refuse(
            "terms",
            gettext_noop(
                'a price of several units needs their number ("size") and the target cart'
            ),
        )
    measured = benefit.percent is not None or benefit.amount_minor is not None
    if isinstance(benefit.terms, Delivery) and measured == (benefit.terms.price_minor is not None):
        raise refuse(
            "terms.price",
            gettext_noop("delivery needs a percent, an amount or a price, and only one"),
        )
    if benefit.cap_line_minor is not None and benefit.kind in (Kind.GIFT, Kind.DELIVERY):
        raise refuse(
            "benefit",
            gettext_noop("this kind of benefit lowers no line, so there is no most per line"),
        )


def _check_units(benefit: Benefit) -> None:
    """Refuse a number of units where single units are not what is lowered."""
    if benefit.cheapest_first and benefit.most_units is None:
        raise refuse("benefit", gettext_noop("the cheapest first: of how many in one order?"))
    if not benefit.counts_units:
        return
    bounds = (benefit.most_units_line, benefit.most_units)
    if any(most is not None and most <= 0 for most in bounds):
        raise refuse("benefit", gettext_noop("the most units per product or order must be above 0"))
    if benefit.kind in _OF_SETS or (benefit.terms is not None and benefit.kind is Kind.SET_PRICE):
        raise refuse(
            "benefit", gettext_noop("it lowers sets of units: say in the terms how many sets")
        )
    if (benefit.kind, benefit.target) not in _OF_UNITS:
        raise refuse(
            "benefit",
            gettext_noop("only what lowers each unit for itself can lower so many units at most"),
        )
