"""Tell me when it is back, and the wish list: with and without an account, and without script."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from profiles.models import Account, RestockRequest, SavedVariant, Shopper
from profiles.privacy.api import PRIVACY
from profiles.wishes.api import forget_old_requests, tell_restocked
from profiles.wishes.services import KEEP_UNCONFIRMED
from shop.ground.catalog.models import Variant
from shop.ground.inventory.models import StockRecord
from shop.ground.kernel.clock import utc_now
from tests.factories.orders import FakePrices, Shelf

pytestmark = pytest.mark.django_db
SOON = datetime.max.replace(year=2126, tzinfo=utc_now().tzinfo)


@pytest.fixture
def browser(shelf: Shelf, prices: FakePrices) -> Client:
    """A guest; rye is sold out."""
    stock(shelf.rye, 0)
    return Client(headers={"Accept-Language": "en"})


@pytest.fixture
def page(shelf: Shelf) -> str:
    return f"/p/{Variant.objects.get(pk=shelf.rye).product.slug}/"


def stock(variant_id: int, pieces: int) -> None:
    StockRecord.objects.filter(variant_id=variant_id).update(on_hand=pieces, reserved=0)


def sign_in(browser: Client, email: str = "alice@example.com") -> Shopper:
    browser.force_login(Account.objects.create_user(email, "a long password"))
    browser.get("/cart/")
    return Shopper.objects.get(account__email=email)


def test_a_guest_confirms_and_is_told_once(browser: Client, page: str, shelf: Shelf) -> None:
    html = browser.get(page).content.decode()
    assert "Tell me" in html
    assert "tell-email" in html
    given = {"variant": shelf.rye, "email": "Bob@example.com"}
    for _ in range(2):
        assert browser.post(f"{page}tell-me/", given).status_code == 302
    (asking,) = mail.outbox
    assert asking.to == ["bob@example.com"]
    stock(shelf.rye, 3)
    assert tell_restocked(now=SOON) == 0  # nobody confirmed the address
    (link,) = re.findall(r"http\S+(/tell-me/\S+)", str(asking.body))
    assert "Confirm" in Client().get(link).content.decode()
    assert RestockRequest.objects.get().confirmed_at is None  # looking changes nothing
    assert "We will e-mail you" in Client().post(link, {"confirm": "1"}).content.decode()
    with CaptureQueriesContext(connection) as queries:
        assert tell_restocked(now=SOON) == 1
    assert any("SKIP LOCKED" in query["sql"] for query in queries)
    assert tell_restocked(now=SOON) == 0
    told = mail.outbox[1]
    assert (told.to, told.subject) == (["bob@example.com"], "Farm Rye is back in stock")
    assert f"{page}?variant={shelf.rye}" in str(told.body)


def test_the_letters_link_ends_the_request(browser: Client, page: str, shelf: Shelf) -> None:
    browser.post(f"{page}tell-me/", {"variant": shelf.rye, "email": "bob@example.com"})
    (link,) = re.findall(r"http\S+(/tell-me/\S+)", str(mail.outbox[0].body))
    assert f"{link}>" in mail.outbox[0].extra_headers["List-Unsubscribe"]
    assert Client().post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert not RestockRequest.objects.exists()
    assert Client().get(link).status_code == 404


def test_an_address_is_asked_three_times_a_day(browser: Client, shelf: Shelf) -> None:
    for variant_id in (shelf.rye, shelf.gouda, shelf.cheddar, shelf.merlot):
        stock(variant_id, 0)
        slug = Variant.objects.get(pk=variant_id).product.slug
        given = {"variant": variant_id, "email": "bob@example.com"}
        browser.post(f"/p/{slug}/tell-me/", given)
    assert len(mail.outbox) == 3


def test_an_account_asks_with_one_click_and_stops(browser: Client, page: str, shelf: Shelf) -> None:
    sign_in(browser)
    browser.post(f"{page}tell-me/", {"variant": shelf.rye})
    assert "We will e-mail you when it is back." in browser.get(page).content.decode()
    browser.post(f"{page}tell-me/", {"variant": shelf.rye, "stop": "1"})
    assert not RestockRequest.objects.exists()
    browser.post(f"{page}tell-me/", {"variant": shelf.rye})
    assert not mail.outbox
    stock(shelf.rye, 1)
    assert tell_restocked(now=SOON) == 1
    assert mail.outbox[0].to == ["alice@example.com"]


def test_what_is_in_stock_or_has_no_address_is_refused(
    browser: Client, page: str, shelf: Shelf
) -> None:
    assert browser.post(f"{page}tell-me/", {"variant": shelf.gouda}).status_code == 404
    browser.post(f"{page}tell-me/", {"variant": shelf.rye, "email": "no address"})
    stock(shelf.rye, 1)
    browser.post(f"{page}tell-me/", {"variant": shelf.rye, "email": "bob@example.com"})
    assert not RestockRequest.objects.exists()


def test_unconfirmed_requests_are_forgotten(browser: Client, page: str, shelf: Shelf) -> None:
    browser.post(f"{page}tell-me/", {"variant": shelf.rye, "email": "bob@example.com"})
    now = utc_now()
    assert forget_old_requests(now=now + KEEP_UNCONFIRMED / 2) == 0
    assert forget_old_requests(now=now + KEEP_UNCONFIRMED) == 1


def test_a_guests_list_joins_the_account(browser: Client, page: str, shelf: Shelf) -> None:
    for variant_id in (shelf.rye, shelf.gouda):
        assert browser.post("/saved/", {"keep": f"{variant_id}:1"}).status_code == 302
    html = browser.get("/saved/").content.decode()
    assert html.count('<article class="card">') == 2
    assert f'value="{shelf.rye}:0"' in html
    assert f'value="{shelf.gouda}:0"' in html
    assert "Sold out" in html
    assert f'value="{shelf.rye}:0"' in browser.get(page).content.decode()
    sign_in(browser)
    browser.post("/saved/", {"keep": f"{shelf.gouda}:0"})
    owner = Shopper.objects.get(account__email="alice@example.com")
    assert list(SavedVariant.objects.values_list("shopper", "variant")) == [(owner.pk, shelf.rye)]


def test_the_heart_answers_script_with_itself(browser: Client, shelf: Shelf) -> None:
    said = browser.post("/saved/", {"keep": f"{shelf.rye}:1"}, headers={"HX-Request": "true"})
    html = said.content.decode()
    assert 'aria-pressed="true"' in html
    assert f'value="{shelf.rye}:0"' in html
    assert 'hx-swap-oob="true"' in html
    assert browser.post("/saved/", {"keep": "nonsense"}).status_code == 404


def test_wishes_are_exported_and_erased(browser: Client, page: str, shelf: Shelf) -> None:
    shopper = sign_in(browser)
    browser.post("/saved/", {"keep": f"{shelf.rye}:1"})
    browser.post(f"{page}tell-me/", {"variant": shelf.rye})
    Client().post(f"{page}tell-me/", {"variant": shelf.rye, "email": "alice@example.com"})
    wishes = PRIVACY.export_shopper(shopper.pk)["wishes"]
    assert [one["variant_id"] for one in wishes["saved"]] == [shelf.rye]
    assert [one["variant_id"] for one in wishes["awaited"]] == [shelf.rye]
    PRIVACY.erase_shopper(shopper.pk, utc_now())
    assert not SavedVariant.objects.exists()
    assert not RestockRequest.objects.exists()
