"""Signing up says the same to everybody; the mail tells who has an account already."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from tests.factories.orders import FakePrices, Shelf
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db

AUTH = "/_allauth/app/v1/auth"
PASSWORD = "a long and quiet river"
NEW, KNOWN, PENDING = (f"{name}@example.com" for name in ("anna", "carl", "dora"))
SECRETS = re.compile(
    rb'nonce="[^"]+"|csrfmiddlewaretoken" value="\w+"|"session_token": "\w+"|\w+@example.com'
)

NEW_EACH_TIME = ("Content-Security-Policy", "Expires", "X-Request-ID")


@pytest.fixture(autouse=True)
def _accounts(shelf: Shelf, prices: FakePrices, settings: Settings) -> None:
    """A confirmed account, and one whose mail nobody has followed yet."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    get_user_model().objects.create_user(KNOWN, PASSWORD)
    _sign_up(Client(), PENDING)
    cache.clear()
    mail.outbox.clear()


def _sign_up(browser: Client, email: str, query: str = "") -> Any:
    given = {"email": email, "password1": PASSWORD}
    return browser.post(f"/account/signup/{query}", given, REMOTE_ADDR="198.51.100.7")


def _sign_in(browser: Client, email: str, password: str = PASSWORD) -> Any:
    return browser.post("/account/login/", {"login": email, "password": password})


def _link_to(email: str) -> str:
    (letter,) = (each for each in mail.outbox if each.to == [email])
    (link,) = re.findall(r"http://testserver(/\S+)", str(letter.body))
    return str(link)


def _tell(answer: Any) -> tuple[Any, ...]:
    """Everything a stranger sees of an answer, but for what is new each time."""
    headers = {name: value for name, value in answer.items() if name not in NEW_EACH_TIME}
    cookies = {
        name: {**morsel, "value length": len(morsel.value)}
        for name, morsel in answer.cookies.items()
        if name not in ("csrftoken", "messages")  # signed; the page shows what messages says
    }
    for morsel in cookies.values():
        morsel.pop("expires")
    return answer.status_code, headers, sorted(answer.cookies), cookies, _plain(answer.content)


def _plain(content: bytes) -> bytes:
    return SECRETS.sub(b"", content)


def test_the_page_answers_byte_for_byte_alike() -> None:
    told = []
    for email in (NEW, KNOWN, PENDING):
        browser = Client()
        answer = _sign_up(browser, email)
        assert (answer.status_code, answer["Location"]) == (302, "/account/confirm-email/")
        shown = browser.get(answer["Location"])
        assert b"Check your mail" in shown.content
        later = [browser.get(path) for path in ("/account/login/", "/account/", "/account/signup/")]
        wrong = _sign_in(browser, email, PASSWORD if email != KNOWN else "another long river")
        assert b"The e-mail address or the password is not right" in wrong.content
        told.append([_tell(each) for each in (answer, shown, *later, wrong)])
    assert told[0] == told[1] == told[2]
    assert [letter.to for letter in mail.outbox] == [[NEW], [KNOWN], [PENDING]]


def test_the_api_answers_byte_for_byte_alike() -> None:
    told = []
    for email in (NEW, KNOWN, PENDING):
        given = {"email": email, "password": PASSWORD}
        answer = ApiClient().post(f"{AUTH}/signup", given)
        assert answer.status_code == 401
        pending = [each["id"] for each in answer.json()["data"]["flows"] if "is_pending" in each]
        assert pending == ["verify_email"]
        app = ApiClient(X_Session_Token=answer.json()["meta"]["session_token"])
        guess = {**given, "password": PASSWORD if email != KNOWN else "another long river"}
        later = [app.get(f"{AUTH}/session"), ApiClient().post(f"{AUTH}/login", guess)]
        assert later[1].status_code == 400
        told.append([_tell(each) for each in (answer, *later)])
    assert told[0] == told[1] == told[2]
    assert [letter.to for letter in mail.outbox] == [[NEW], [KNOWN], [PENDING]]


def test_a_known_address_takes_as_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is what takes long: as often for each address, at sign-up and sign-in."""
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def count(self: Any, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", count)
    counts = []
    for email in (NEW, KNOWN, PENDING):
        _sign_up(Client(), email)
        counts.append([len(hashed)])
        _sign_in(Client(), email, PASSWORD if email != KNOWN else "another long river")
        counts[-1].append(len(hashed))
        hashed.clear()
    assert counts == [[1, 3]] * 3


def test_the_email_says_who_is_registered_in_the_pages_language() -> None:
    for email in (NEW, KNOWN):
        Client().post("/zh-hans/account/signup/", {"email": email, "password1": PASSWORD})
    cache.clear()
    for email in ("anne@example.com", KNOWN):
        _sign_up(Client(), email)
    assert [letter.subject for letter in mail.outbox] == [
        "请确认您在 Shop 的电子邮箱",
        "您在 Shop 已有账户",
        "Confirm your e-mail address at Shop",
        "You already have an account at Shop",
    ]
    bodies = [str(letter.body) for letter in mail.outbox]
    assert "/zh-hans/account/confirm-email/" in bodies[0]
    assert "/zh-hans/account/password/reset/" in bodies[1]
    assert all("example.com" not in body for body in bodies[::2])


def test_the_link_signs_in_its_browser_and_keeps_the_cart(
    shelf: Shelf,
) -> None:
    browser = Client()
    browser.post("/cart/add/", {"line": f"{shelf.cheddar}:"})
    _sign_up(browser, NEW, "?next=/checkout/")
    assert b"heddar" in browser.get("/cart/").content
    assert b"Nothing to sign up for." in browser.get("/checkout/").content  # a guest may go on
    link = _link_to(NEW)
    assert browser.get(link).status_code == 200
    assert not EmailAddress.objects.get(email=NEW).verified  # a mail scanner follows links, too
    answer = browser.post(link)
    assert (answer.status_code, answer["Location"]) == (302, "/checkout/")
    assert b"You are signed in." in browser.get("/checkout/").content
    browser.cookies.pop("fairtag_shopper")
    assert b"heddar" in browser.get("/cart/").content
    assert b"This link has expired" in Client().get(link).content


def test_elsewhere_the_link_confirms_and_leads_to_the_sign_in(shelf: Shelf) -> None:
    browser = Client()
    browser.post("/cart/add/", {"line": f"{shelf.cheddar}:"})
    _sign_up(browser, NEW)
    answer = Client().post(_link_to(NEW))
    assert (answer.status_code, answer["Location"]) == (302, "/account/login/")
    assert _sign_in(browser, NEW).status_code == 302
    assert b"heddar" in browser.get("/cart/").content


def test_an_app_confirms_with_the_key_of_the_link(api: ApiClient) -> None:
    guest = api.post("/api/v1/guest").json()["shopper_token"]
    answer = api.post(f"{AUTH}/signup", {"email": NEW, "password": PASSWORD})
    session = answer.json()["meta"]["session_token"]
    key = _link_to(NEW).rstrip("/").rpartition("/")[2]
    app = ApiClient(X_Session_Token=session, X_Shopper_Token=guest)
    tokens = app.post(f"{AUTH}/email/verify", {"key": key})
    assert tokens.status_code == 200, tokens.content
    bearer = f"Bearer {tokens.json()['meta']['access_token']}"
    assert ApiClient(Authorization=bearer).get("/api/v1/account").json()["is_guest"] is False
    joined = ApiClient(X_Shopper_Token=guest).get("/api/v1/account")
    assert joined.json()["code"] == "token_joined"


def test_who_lost_the_mail_sets_a_new_password_by_another() -> None:
    browser = Client()
    assert browser.post("/account/password/reset/", {"email": PENDING}).status_code == 302
    form = browser.get(_link_to(PENDING))["Location"]
    browser.post(form, {"password1": "quite another river", "password2": "quite another river"})
    assert _sign_in(browser, PENDING).status_code == 200
    assert _sign_in(browser, PENDING, "quite another river").status_code == 302


def test_unconfirmed_sign_ins_are_counted_like_wrong_passwords() -> None:
    assert [_sign_in(Client(), PENDING).status_code for _ in range(6)] == [200] * 5 + [429]


def test_accounts_made_by_command_or_staff_sign_in(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", PASSWORD)
    call_command("createsuperuser", interactive=False, email="boss@example.com", verbosity=0)
    assert _sign_in(Client(), "boss@example.com").status_code == 302
    given = {"email": "Clerk@example.com", "usable_password": "true"}
    given |= {"password1": PASSWORD, "password2": PASSWORD}
    assert root.post("/admin/profiles/account/add/", given).status_code == 302
    assert _sign_in(Client(), "clerk@example.com").status_code == 302


def test_staff_who_change_an_address_change_who_can_sign_in(root: Client) -> None:
    page = f"/admin/profiles/account/{get_user_model().objects.get(email=KNOWN).pk}/change/"
    given = {"email": "carla@example.com", "is_active": "on", "first_name": "", "last_name": ""}
    other = get_user_model().objects.create_user("eve@example.com", PASSWORD)
    second = EmailAddress.objects.create(user=other, email="carla@example.com", verified=True)
    assert "Another account has confirmed" in root.post(page, given).content.decode()
    second.delete()
    assert root.post(page, given).status_code == 302
    assert _sign_in(Client(), "carla@example.com").status_code == 302
    assert _sign_in(Client(), KNOWN).status_code == 200


def test_demo_emails_are_read_on_the_same_machine_only(settings: Settings, tmp_path: Path) -> None:
    assert Client().get("/demo/mail/").status_code == 404
    assert b"This is a demo" not in Client().get("/account/login/").content
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH, settings.HAS_MAIL_PAGE = str(tmp_path), True
    Client().post("/zh-hans/account/signup/", {"email": NEW, "password1": PASSWORD})
    _sign_up(Client(), KNOWN)
    assert b'href="/demo/mail/"' in Client().get("/account/confirm-email/").content
    shown = Client().get("/demo/mail/").content.decode()
    assert NEW in shown
    assert "请确认您在 Shop 的电子邮箱" in shown
    assert re.search(r'<a href="http://testserver/zh-hans/account/confirm-email/[^"]+"', shown)
    assert "You already have an account at Shop" in shown
    lan = Client(REMOTE_ADDR="192.168.0.9")
    assert lan.get("/demo/mail/").status_code == 404
    told = lan.get("/account/login/").content.decode()
    assert "/demo/mail/" not in told
    assert f"They are files in {tmp_path}." in told
