"""Fill the pages of a new demo that purchases in stores leave empty."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from orders.order.api import list_orders
from orders.terms.api import list_delivery_methods
from orders.values import Contact
from profiles.shoppers.api import find_shopper_for_account, list_active_shoppers
from profiles.values import ShopperValue
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.inventory.selectors import count_available
from shop.ground.kernel.clock import utc_now
from shop.traffic.content import Buyer, ask_questions, sell, send_back, write_reviews

NAMES = ("olivia", "felix")
GOODS_EACH, REVIEWERS = 12, 400
ADDRESS = {
    "address_line1": "1 Example Street",
    "city": "Albany",
    "region": "NY",
    "postcode": "12207",
    "country": "US",
}


class Command(BaseCommand):
    """`manage.py seed_demo_content`."""

    help = "Add reviews, questions, orders and returns to a demo; a second run adds nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        """Add what is missing and say how much that was."""
        if settings.IS_PRODUCTION or not settings.SANDBOX_PAYMENTS:
            raise CommandError("Demo content is for demos: SANDBOX_PAYMENTS=1 and not HTTPS.")
        now, market = utc_now(), settings.MARKET_CODE
        shoppers = [find_demo_shopper(name) for name in NAMES]
        if any(one.channel == "online" for one in list_orders(shopper_id=shoppers[0].id)):
            self.stdout.write("The demo has its orders and reviews.")
            return
        reviewers = [one.id for one in list_active_shoppers(now - timedelta(days=366))[:REVIEWERS]]
        reviews = write_reviews(market=market, shopper_ids=reviewers, now=now)
        questions = ask_questions(market=market, shopper_id=shoppers[0].id, now=now)
        delivery = next(one.code for one in list_delivery_methods(market) if one.is_active)
        orders = sell(
            buyers=list_buyers(shoppers, market), delivery=delivery, market=market, now=now
        )
        send_back(orders=orders[2::4], now=now)
        self.stdout.write(f"{reviews} reviews, {questions} questions, {len(orders)} orders")


def find_demo_shopper(name: str) -> ShopperValue:
    """Return the shopper of a login of the demo."""
    account = get_user_model().objects.filter(email=f"{name}@fairtag.example").first()
    shopper = None if account is None else find_shopper_for_account(account.pk)
    if shopper is None:
        raise CommandError("The demo's accounts must be there first: seed_demo_accounts.")
    return shopper


def list_buyers(shoppers: list[ShopperValue], market: str) -> list[Buyer]:
    """Give each shopper an address and some of the most popular products that everybody may buy.

    The simulated visits may have bought the last pieces of a popular one.
    """
    arrays = load_variant_arrays(market)
    may_sell = ~arrays.restricted & (count_available(arrays.variant_id) > 1)
    popular = [
        int(arrays.variant_id[at]) for at in arrays.popularity.argsort()[::-1] if may_sell[at]
    ]
    return [
        Buyer(
            shopper=shopper,
            contact=Contact(
                email=f"{name}@fairtag.example", name=f"{name.capitalize()} Demo", **ADDRESS
            ),
            variant_ids=popular[at * GOODS_EACH : (at + 1) * GOODS_EACH],
        )
        for at, (name, shopper) in enumerate(zip(NAMES, shoppers, strict=True))
    ]
