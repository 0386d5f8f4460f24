"""The shop's own face: name, look, sender and legal pages come from one row."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.conf import settings
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client, override_settings
from django.urls import reverse
from PIL import Image

from shop.ground.catalog.selectors import forget_catalog
from shop.ground.storeinfo.models import StoreProfile
from shop.ground.storeinfo.selectors import check_store, get_store
from shop.ground.storeinfo.services import introduce_store
from shop.management.commands.seed_demo_store import FACTS, NAME
from tests.factories.pricing import Dairy

pytestmark = pytest.mark.django_db


def set_store(**facts: Any) -> None:
    """Change the row, and let this process see it at once."""
    StoreProfile.objects.filter(pk=1).update(**facts)
    forget_catalog()


def is_for_everybody(answer: Any) -> bool:
    """Return whether a shared cache may keep an answer and give it to whoever asks."""
    kept, differs = answer["Cache-Control"], answer.get("Vary", "")
    return "public" in kept and "Cookie" not in differs and not answer.cookies


@pytest.fixture
def orchard(dairy: Dairy) -> None:
    """A shop of another name with its own colour."""
    set_store(name="Orchard & Sons", name_zh="果园", tagline="Apples", accent="#7a1fa2")


def test_every_page_carries_the_shops_own_name(orchard: None, client: Client) -> None:
    for path, status in (("/", 200), ("/offers/", 200), ("/cart/", 200), ("/nowhere/", 404)):
        page = client.get(path)
        assert page.status_code == status
        text = page.content.decode()
        assert "Orchard &amp; Sons</title>" in text or "<title>Orchard &amp; Sons" in text, path
        assert "Fairtag" not in text, path
    chinese = client.get("/zh-hans/").content.decode()
    assert ">果园</a>" in re.sub(r"<svg.*?</svg>", "", chinese)
    assert client.get(reverse("account_login")).content.decode().count("Fairtag") == 0


def test_colours_are_a_style_sheet_named_by_its_content(orchard: None, client: Client) -> None:
    page = client.get("/").content.decode()
    address = re.search(r'href="(/store/[0-9a-f]+/colours\.css)"', page)[1]
    sheet = client.get(address)
    assert "--leaf:light-dark(#7a1fa2,#" in sheet.content.decode()
    assert "immutable" in sheet["Cache-Control"]
    assert is_for_everybody(sheet)
    set_store(accent="#1d6340")
    gone = client.get(address)
    assert (gone.status_code, gone["Cache-Control"]) == (404, "private, no-store")
    assert "colours.css" not in client.get("/").content.decode()


def test_staff_upload_a_logo_that_the_shop_shows(root: Client, client: Client) -> None:
    file = io.BytesIO()
    Image.new("RGB", (300, 100), (9, 9, 9)).save(file, "PNG")
    answer = post(root, logo_file=SimpleUploadedFile("logo.png", file.getvalue()))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    forget_catalog()
    page = client.get("/").content.decode()
    address = re.search(r'<img src="(/store/[0-9a-f]{16}/logo\.webp)" alt="Orchard"', page)[1]
    logo = client.get(address)
    assert (logo["Content-Type"], logo.content[:4]) == ("image/webp", b"RIFF")
    assert is_for_everybody(logo)
    manifest = client.get(reverse("manifest")).json()
    assert manifest["name"] == "Orchard"
    assert client.get(manifest["icons"][0]["src"])["Content-Type"] == "image/png"
    gone = client.get(address.replace("/store/", "/store/x"))
    assert (gone.status_code, gone["Cache-Control"]) == (404, "private, no-store")
    staff = root.get(reverse("admin:index")).content.decode()
    assert "Orchard" in staff
    assert "Fairtag" not in staff


def test_unreadable_colours_and_unsafe_files_are_refused(root: Client) -> None:
    page = post(root, accent="#ffdd00").content.decode()
    assert "The nearest that is readable is #" in page
    nearest = re.search(r"readable is (#[0-9a-f]{6})", page)[1]
    assert post(root, accent=nearest).status_code == 302
    script = SimpleUploadedFile("logo.png", b"<svg><script>alert(1)</script></svg>")
    assert "no PNG, JPEG or WebP picture" in post(root, logo_file=script).content.decode()
    links = post(root, links="javascript:alert(1)").content.decode()
    assert "does not begin with https://" in links
    assert "one line" in post(root, sender_name="Shop\rBcc: x@y.example").content.decode()


def test_legal_pages_are_linked_once_they_are_written(orchard: None, client: Client) -> None:
    assert "/imprint/" not in client.get("/").content.decode()
    assert client.get("/imprint/").status_code == client.get("/terms/").status_code == 404
    set_store(
        company="Orchard Ltd",
        address="1 Lane\nKent",
        terms="# Prices\nFinal. <script>",
        terms_zh="最终价格。",
        delivery="By van.",
        returns="- within 30 days",
        links="https://social.example/orchard",
    )
    home = client.get("/").content.decode()
    for path in ("/imprint/", "/terms/", "/delivery-and-returns/", "https://social.example"):
        assert f'href="{path}' in home
    assert "1 Lane<br>Kent" in client.get("/imprint/").content.decode()
    terms = client.get("/terms/").content.decode()
    assert "<h2>Prices</h2>" in terms
    assert "Final. &lt;script&gt;" in terms
    assert "最终价格。" in client.get("/zh-hans/terms/").content.decode()
    rules = client.get("/delivery-and-returns/").content.decode()
    assert "Standard delivery" in rules
    assert "$4.99" in rules
    assert "<li>within 30 days</li>" in rules


def test_the_manifest_is_the_same_for_everybody_at_its_address(
    orchard: None, root: Client, client: Client
) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "of-a-session-long-gone"
    for path, name in (
        ("/site.webmanifest", "Orchard & Sons"),
        ("/zh-hans/site.webmanifest", "果园"),
    ):
        answers = [browser.get(path) for browser in (root, client)]
        assert all(is_for_everybody(answer) for answer in answers)
        assert [answer.json()["name"] for answer in answers] == [name, name]


@pytest.mark.parametrize("is_sandbox", [True, False])
def test_only_a_sandbox_says_that_nothing_is_charged(
    orchard: None, client: Client, is_sandbox: bool
) -> None:
    with override_settings(SANDBOX_PAYMENTS=is_sandbox):
        forget_catalog()
        set_store(tagline=f"Apples {is_sandbox}")  # a version of its own: the frame is remembered
        said = "Orchard &amp; Sons is a demonstration shop: nothing is shipped"
        assert (said in client.get("/").content.decode()) is is_sandbox


def test_mails_are_sent_by_the_shop(orchard: None, client: Client) -> None:
    set_store(sender_email="post@orchard.example")
    words = {"email": "ann@example.com", "password1": "ver7-l0ng-words", "password2": "x"}
    client.post(reverse("account_signup"), {**words, "password2": words["password1"]})
    assert mail.outbox[0].from_email == "Orchard & Sons <post@orchard.example>"
    assert mail.outbox[0].subject == "Confirm your e-mail address at Orchard & Sons"
    assert "Fairtag" not in mail.outbox[0].body


def test_there_is_one_store_profile_and_it_is_cached(
    dairy: Dairy, django_assert_num_queries: Any
) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        StoreProfile.objects.create(pk=2, name="Other")
    forget_catalog()
    with django_assert_num_queries(2):  # the version and the row
        get_store()
    with django_assert_num_queries(0):
        assert get_store().name == "Shop"


def test_production_is_told_what_is_missing(dairy: Dairy) -> None:
    forget_catalog()
    assert check_store() == []
    warning = check_store(databases=["default"])[0]
    assert warning.msg.endswith("lack: imprint, email, terms, delivery, returns.")


def test_the_demos_name_is_data(dairy: Dairy) -> None:
    assert introduce_store(name=NAME, facts=FACTS)
    assert not introduce_store(name="Other", facts={})
    forget_catalog()
    assert (get_store().name, get_store().list_missing()) == ("Fairtag", ["returns"])


def post(root: Client, **changes: Any) -> Any:
    """Send the page's form with changes."""
    row = StoreProfile.objects.get()
    names = [
        field.name for field in StoreProfile._meta.fields if field.editable and field.name != "id"
    ]
    given = {name: getattr(row, name) for name in names} | {"name": "Orchard"} | changes
    return root.post(reverse("admin:shop_storeprofile_change", args=[1]), given)
