"""What the pages of a new demo show beside prices: reviews, questions, orders, a return, answers.

The shop's own functions make all of it, and every text says that it is a demo's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle

from orders.cart.api import add_to_cart
from orders.checkout.api import place_order
from orders.fulfilment.api import hand_out_parcel, pack_order, ship_parcel
from orders.payments.api import start_payment
from orders.returns.api import Finding, receive_return, request_return, settle_return
from orders.satisfaction.api import rate_order
from orders.values import Contact, OrderView
from pricing.base.core.values import QuoteContext
from profiles.events.api import list_shopper_lines
from profiles.reviews.api import answer_as_shop, ask_question, write_review
from profiles.values import ShopperValue
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.kernel.errors import FairtagError
from shop.traffic.acts import METHOD

MARK = "[demo]"
REVIEWED, MOST_OF_ONE = 60, 3
MANY = 10**9
REVIEWS = (
    (5, "As expected. We will buy it again."),
    (4, "Good, as described. The pack could be larger."),
    (5, "We buy it every week."),
    (3, "Fine for every day, nothing special."),
    (4, "We always have one at home."),
    (2, "Not to my taste."),
    (5, "Better than the brand I bought before."),
    (1, "Not what I had hoped for."),
)
# True of every product of the sample: nobody knows what is in one, or how it keeps.
QUESTIONS = (
    ("Does it contain nuts?", "We do not know: nobody has given us a list of its ingredients."),
    ("Does it look like the picture?", "The picture is an illustration. We have no photograph."),
    ("Where does it come from?", ""),
    ("Can I send it back?", "What holds for it stands under Returns on this page."),
)


# Where the demo's buyers live: its law holds for what they are shown.
PLACE = "US-NY"
# What becomes of the orders of each buyer.
PARTS = ("packed", "sent", "returned", "kept")


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who orders: a shopper with an address, and which products, shared out among the orders."""

    shopper: ShopperValue
    contact: Contact
    variant_ids: Sequence[int]


def write_reviews(*, market: str, shopper_ids: Sequence[int], now: datetime) -> int:
    """Let buyers of the most popular products review them; return how many reviews there are."""
    arrays = load_variant_arrays(market)
    popular = arrays.popularity.argsort()[::-1][: REVIEWED * 2]
    product_of = {int(arrays.variant_id[at]): int(arrays.product_id[at]) for at in popular}
    bought = list_shopper_lines(shopper_ids=shopper_ids, since=now - timedelta(days=366), until=now)
    texts, written = cycle(REVIEWS), dict[int, int]()
    for line in bought:
        product = product_of.get(line.variant_id)
        if product is None or written.get(product, 0) >= MOST_OF_ONE:
            continue
        rating, text = next(texts)
        of_product = {one: product for one, its in product_of.items() if its == product}
        try:
            write_review(
                shopper_id=line.shopper_id,
                variant_ids=of_product,
                rating=rating,
                text=f"{MARK} {text}",
                now=now,
            )
        except FairtagError:  # the purchase is older than the events that are kept
            continue
        written[product] = written.get(product, 0) + 1
    return sum(written.values())


def ask_questions(*, market: str, shopper_id: int, now: datetime) -> int:
    """Ask about the most popular products, and answer all questions but one; return how many."""
    arrays = load_variant_arrays(market)
    popular = arrays.popularity.argsort()[::-1][: len(QUESTIONS)]
    for at, (question, answer) in zip(popular, QUESTIONS, strict=True):
        asked = ask_question(
            shopper_id=shopper_id,
            product_id=int(arrays.product_id[at]),
            text=f"{MARK} {question}",
            now=now,
        )
        if answer:
            answer_as_shop(question_id=asked, text=f"{MARK} {answer}", now=now)
    return len(QUESTIONS)


def sell(*, buyers: Sequence[Buyer], delivery: str, market: str, now: datetime) -> list[OrderView]:
    """Sell each buyer four orders: one to be packed, one on its way, one that comes back in part,
    one that is fine."""
    sold = []
    for buyer in buyers:
        packed, sent, returned, kept = (
            _buy(
                replace(buyer, variant_ids=buyer.variant_ids[at :: len(PARTS)]),
                delivery,
                market,
                now,
                f"demo-{buyer.shopper.id}-{part}",
            )
            for at, part in enumerate(PARTS)
        )
        _send(sent, now)
        for order in (returned, kept):
            hand_out_parcel(shipment_id=_send(order, now), now=now)
        rate_order(order_id=kept.order_id, score=5, words=f"{MARK} All as ordered.", now=now)
        rate_order(order_id=returned.order_id, score=3, words="", now=now)
        sold += [packed, sent, returned, kept]
    return sold


def send_back(*, orders: Sequence[OrderView], now: datetime) -> None:
    """Send one piece of each order back; the first return is settled, the others wait; what is
    perishable nobody sends."""
    for number, order in enumerate(orders):
        line = order.lines[0].line_id
        asked = request_return(
            order_id=order.order_id,
            lines=[(line, 1)],
            reason="damaged",
            comment=f"{MARK} The pack was open.",
            now=now,
        )
        if asked.is_sent:
            receive_return(return_id=asked.return_id, now=now)
        if not number:
            settle_return(return_id=asked.return_id, findings=[Finding(line, 1, 0)], now=now)


def _buy(buyer: Buyer, delivery: str, market: str, now: datetime, key: str) -> OrderView:
    context = QuoteContext(
        shopper_pseudonym=buyer.shopper.pseudonym,
        market=market,
        channel="online",
        jurisdiction_code=PLACE,
        language="en",
        gpc=False,
        now=now,
        purpose="demo",
        is_look=False,
    )
    for variant_id in buyer.variant_ids:
        add_to_cart(context=context, variant_id=variant_id, quantity=1, token=None)
    order = place_order(
        context=context,
        idempotency_key=key,
        contact=buyer.contact,
        delivery_method=delivery,
        shown_total_minor=MANY,
    )
    start_payment(order_id=order.order_id, method=METHOD, idempotency_key=key, now=now)
    return order


def _send(order: OrderView, now: datetime) -> int:
    """Pack all of an order and give it to the shop's own van; return the parcel's id."""
    parcel = pack_order(order_id=order.order_id, now=now)
    ship_parcel(shipment_id=parcel.shipment_id, now=now)
    return parcel.shipment_id
