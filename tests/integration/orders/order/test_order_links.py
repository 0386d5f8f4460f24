"""The secret link of an order: stored as a hash, it ends, and shows no address to strangers."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection
from django.test import Client

from orders.cart.services.carts import add_to_cart
from orders.models import Order
from orders.order.selectors import get_order_by_token
from orders.order.services.mail import renew_link, send_order_email
from orders.refusals import OrderNotFound
from orders.values import OrderView
from shop.ground.kernel.clock import utc_now
from tests.factories.orders import (
    BOB_AT_HOME,
    FakePrices,
    Shelf,
    context_of,
    make_shopper,
    place,
)

pytestmark = pytest.mark.django_db
PRIVATE = ("Bob Baker", "bob@example.org", "1 Mill Lane", "12207")


@pytest.fixture
def order(prices: FakePrices, shelf: Shelf) -> OrderView:
    now = utc_now()
    visit = context_of(make_shopper(now), now)
    add_to_cart(context=visit, variant_id=shelf.rye)
    return place(visit)


def _shown(page: str) -> list[str]:
    return [each for each in PRIVATE if each in page]


def _read_link_of_last_mail() -> str:
    body = str(mail.outbox[-1].body)
    return next(word for word in body.split() if "/orders/" in word).split("/orders/")[1].strip("/")


def test_no_column_holds_the_link_or_a_part_of_it(order: OrderView) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(o)::text FROM orders_order o")
        row = cursor.fetchone()[0]
        cursor.execute("SELECT coalesce(string_agg(body::text, ''), '') FROM orders_idempotencykey")
        kept = cursor.fetchone()[0]
    assert len(order.token) == 43
    assert all(order.token[n : n + 8] not in row + kept for n in range(36))
    assert hashlib.sha256(order.token.encode()).hexdigest() in row
    assert get_order_by_token(token=order.token, now=utc_now()).number == order.number


def test_a_link_ends_and_each_letter_brings_one_that_works(order: OrderView) -> None:
    later = utc_now() + timedelta(days=91)
    assert renew_link(order_id=order.order_id, now=utc_now()) == order.token
    with pytest.raises(OrderNotFound):
        get_order_by_token(token=order.token, now=later)
    assert send_order_email(order_id=order.order_id, kind="placed", now=later)
    fresh = _read_link_of_last_mail()
    assert fresh != order.token
    assert get_order_by_token(token=fresh, now=later).number == order.number
    with pytest.raises(OrderNotFound):
        get_order_by_token(token=order.token, now=utc_now())


def test_a_rotated_key_makes_new_links_and_keeps_mailed_ones(
    order: OrderView, settings: pytest.FixtureRequest
) -> None:
    settings.SECRET_KEY = "the key after a rotation"  # type: ignore[attr-defined]  # its fixture
    assert get_order_by_token(token=order.token, now=utc_now()).number == order.number
    fresh = renew_link(order_id=order.order_id, now=utc_now())
    assert get_order_by_token(token=fresh, now=utc_now()).number == order.number


def test_a_link_passed_on_shows_goods_but_nobody_s_address(order: OrderView) -> None:
    stranger, path = Client(), f"/orders/{order.token}/"
    page = stranger.get(path).content.decode()
    assert "Rye" in page
    assert _shown(page) == []
    answers = [stranger.post(path, {"email": email}) for email in ("a@b.example", "eve@b.example")]
    assert [answer.status_code for answer in answers] == [422, 422]
    for answer in answers:
        assert "This is not the e-mail address" in answer.content.decode()
        assert _shown(answer.content.decode()) == []
    assert stranger.post(path, {"email": "  BOB@example.org "}).status_code == 302
    assert _shown(stranger.get(path).content.decode()) == list(PRIVATE)
    assert _shown(Client().get(path).content.decode()) == []


def test_the_email_is_guessed_twenty_times_at_most(order: OrderView) -> None:
    codes = [
        Client().post(f"/orders/{order.token}/", {"email": f"{n}@b.example"}).status_code
        for n in range(21)
    ]
    assert codes == [422] * 20 + [429]


def test_only_the_signed_in_owner_sees_the_order(
    prices: FakePrices, shelf: Shelf, django_user_model: type
) -> None:
    owner, other = Client(), Client()
    for client, name in ((owner, "bob"), (other, "eve")):
        account = django_user_model.objects.create_user(f"{name}@example.org", "a long password")  # type: ignore[attr-defined]  # any model
        client.force_login(account)
        client.post("/cart/add/", {"line": f"{shelf.rye}:"})
    sums = owner.get("/checkout/").context["checkout"].cart.total_minor
    given = {name: getattr(BOB_AT_HOME, name) for name in BOB_AT_HOME.__slots__}
    placed = owner.post(
        "/checkout/",
        {
            **given,
            "place": "1",
            "delivery": "standard",
            "method": "sandbox-card",
            "shown_total": str(sums),
        },
    )
    number, link = Order.objects.get().number, placed["Location"]
    for path in (f"/orders/{number}/", link):
        assert _shown(owner.get(path).content.decode()) == list(PRIVATE)
    assert f"/orders/{number}/" in owner.get("/account/orders/").content.decode()
    assert _shown(other.get(link).content.decode()) == []
    for client in (other, Client()):
        assert client.get(f"/orders/{number}/").status_code == 404


def test_guests_see_the_address_after_ordering_and_after_tracking(
    prices: FakePrices, shelf: Shelf, order: OrderView
) -> None:
    guest = Client()
    found = guest.post("/orders/", {"number": order.number, "email": "bob@example.org"})
    assert found["Location"] == f"/orders/{order.token}/"
    assert _shown(guest.get(found["Location"]).content.decode()) == list(PRIVATE)
    wrong = [
        Client().post("/orders/", {"number": number, "email": email}).content.decode()
        for number, email in (
            (order.number, "eve@b.example"),
            ("FT-00000-00000", PRIVATE[1]),
        )
    ]
    assert all("We found no order with this number and e-mail address." in page for page in wrong)


def test_whoever_has_the_link_alone_cannot_cancel(order: OrderView) -> None:
    stranger, page = Client(), f"/orders/{order.token}/"
    assert "Cancel this order" not in stranger.get(page).content.decode()
    refused = stranger.post(f"{page}cancel/", follow=True).content.decode()
    assert "Enter the e-mail address of the order first." in refused
    assert Order.objects.get().status != "cancelled"
    stranger.post(page, {"email": "bob@example.org"})
    assert "Cancel this order" in stranger.get(page).content.decode()
    done = stranger.post(f"{page}cancel/", follow=True).content.decode()
    assert "The order is canceled." in done
    assert Order.objects.get().status == "cancelled"


def test_canceling_an_unpaid_order_promises_no_money_back(order: OrderView) -> None:
    client, page = Client(), f"/orders/{order.token}/"
    client.post(page, {"email": "bob@example.org"})
    client.post(f"{page}pay/", {"method": "sandbox-declined", "key": "k"})
    declined = client.get(page).content.decode()
    assert "Please try another way to pay." in declined
    assert "What you paid" not in declined
    done = client.post(f"{page}cancel/", follow=True).content.decode()
    assert "The order is canceled. Nothing was charged." in done
    assert "What you paid" not in done
    assert "Please try another way to pay." not in done
    assert send_order_email(order_id=order.order_id, kind="cancelled", now=utc_now())
    assert "Bob Baker, your order is canceled. Nothing was charged." in str(mail.outbox[-1].body)
