"""Is the best combination of offers always found, and how long does a cart take?"""

from __future__ import annotations

import random
import time

from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.values import CartValue, OfferValue, ShopperFacts
from tests.benchmarks.measure import Figures, percentiles
from tests.factories.basket_oracle import find_best_gain, gain_of_evaluation
from tests.factories.baskets import draw_basket, draw_personal_basket
from tests.factories.promotions import ALICE, NOON

BASKETS = 50_000
TARGETS = {
    "baskets_not_best": ("<=", 0.0),
    "basket_ms_p95": ("<=", 10.0),
}


def measure(baskets: int = BASKETS) -> Figures:
    """Price random carts with up to six offers of every kind by engine and by trying all.

    Every other cart stands under a cap on what offers for chosen shoppers take off.
    """
    worse, durations = 0, []
    for seed in range(baskets):
        cart, offers, shopper = _draw(seed)
        started = time.perf_counter()
        gain = _engine(cart, offers, shopper)
        durations.append(time.perf_counter() - started)
        worse += gain != find_best_gain(cart, offers, shopper)
    _, p95, p99 = percentiles(durations)
    return {
        "baskets": baskets,
        "baskets_not_best": worse,
        "basket_ms_p95": p95,
        "basket_ms_p99": p99,
    }


def _draw(seed: int) -> tuple[CartValue, list[OfferValue], ShopperFacts]:
    rng = random.Random(seed)
    return draw_personal_basket(rng) if seed % 2 else (*draw_basket(rng), ALICE)


def _engine(cart: CartValue, offers: list[OfferValue], shopper: ShopperFacts) -> int:
    found = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=shopper, now=NOON)
    return gain_of_evaluation(cart, found)
