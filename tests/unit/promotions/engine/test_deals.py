"""What several units give is said in plain words, with the products named, in both languages."""

from __future__ import annotations

from decimal import Decimal

import pytest

from promotions.engine.core.benefits.terms import Bundle, BuyGet, GroupOf, Part, Step, Tiers
from promotions.engine.core.carts import Scope
from promotions.engine.core.conditions.tree import All, CartHas, HasTag
from promotions.engine.core.values import Benefit, BenefitKind, Target
from promotions.sentences.core.deals import say_deal
from promotions.sentences.core.words import Lexicon
from tests.factories.promotions import make_offer, percent_off

Kind = BenefitKind
NAMES = {("category", 1): "Cheese", ("category", 2): "Bread"}
ENGLISH = Lexicon("en", "en_US", "USD", NAMES)
CHINESE = Lexicon(
    "zh-hans", "zh_Hans_CN", "USD", {("category", 1): "奶酪", ("category", 2): "面包"}
)
CHEESE, BREAD = (Scope(category_ids=frozenset({one})) for one in (1, 2))
FREE = {"percent": Decimal(100)}
HALF = {"percent": Decimal(50)}


@pytest.mark.parametrize(
    ("benefit", "english", "chinese"),
    [
        (
            Benefit(Kind.SET_PRICE, Target.CART, amount_minor=500, terms=GroupOf(2)),
            "Any 2 of Cheese for $5.00",
            "奶酪任选 2 件共 US$5.00",
        ),
        (
            Benefit(Kind.CHEAPEST_FREE, Target.CART, terms=GroupOf(3, 1), **FREE),
            "Cheese: of every 3, the cheapest is free",
            "奶酪：每 3 件中最便宜的一件免费",
        ),
        (
            Benefit(Kind.CHEAPEST_FREE, Target.CART, terms=GroupOf(5, 2, max_sets=1), **HALF),
            "Cheese: of every 5, the 2 cheapest are 50% off, at most 1 times an order",
            "奶酪：每 5 件中最便宜的 2 件减 50%，每单最多 1 次",
        ),
        (
            Benefit(Kind.BUY_GET, Target.CART, terms=BuyGet(2, 1), **FREE),
            "Cheese: buy 2, get 1 free",
            "奶酪：买 2 件，再得 1 件免费",
        ),
        (
            Benefit(Kind.BUY_GET, Target.CART, terms=BuyGet(1, 1, BREAD), **HALF),
            "Buy 1 of Cheese, get 1 of Bread at 50% off",
            "买 1 件奶酪，1 件面包减 50%",
        ),
        (
            Benefit(
                Kind.BUNDLE,
                Target.CART,
                amount_minor=800,
                terms=Bundle((Part(CHEESE, 2), Part(BREAD))),
            ),
            "2 × Cheese + Bread together for $8.00",
            "2 × 奶酪 + 面包 套餐价 US$8.00",
        ),
        (
            Benefit(
                Kind.QUANTITY_TIERS,
                Target.LINE,
                terms=Tiers((Step(3, Decimal(10)), Step(6, price_minor=250))),
            ),
            "Cheese (of one product): 10% off from 3, $2.50 each from 6",
            "奶酪（同一商品）：满 3 件减 10%，满 6 件每件 US$2.50",
        ),
        (percent_off(), "", ""),
    ],
)
def test_a_deal_names_its_products_and_what_it_asks(
    benefit: Benefit, english: str, chinese: str
) -> None:
    offer = make_offer(benefit=benefit, scope=CHEESE)
    assert (say_deal(offer, ENGLISH), say_deal(offer, CHINESE)) == (english, chinese)


def test_a_condition_is_told_and_what_was_inferred_is_not() -> None:
    two = Benefit(Kind.SET_PRICE, Target.CART, amount_minor=500, terms=GroupOf(2))
    asked = All((CartHas(min_value_minor=2_000), HasTag(frozenset({"wine"}))))
    offer = make_offer(benefit=two, scope=CHEESE, condition=asked)
    told = "Any 2 of Cheese for $5.00, if the cart is worth at least $20.00"
    assert say_deal(offer, ENGLISH) == told
