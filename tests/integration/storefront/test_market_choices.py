"""What a visitor may choose comes from the market: its languages, the browser's first, and the
regions whose price law the shop knows."""

from __future__ import annotations

from datetime import date

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from pricing.policy.models.policy import JurisdictionRow
from pricing.quoting.selectors.serving import forget_serving
from shop.doors.pages.regions import list_regions
from shop.ground.catalog.models import Market
from shop.ground.catalog.selectors import forget_catalog, get_market
from tests.factories.browsing import browse_as

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory", "shop")]


@pytest.mark.parametrize(
    ("asked", "place"),
    [
        ("", None),
        ("en-US,en;q=0.9,zh;q=0.8", None),
        ("zh-CN,zh;q=0.9,en;q=0.8", "/zh-hans/"),
        ("fr,zh-TW;q=0.5", "/zh-hans/"),
        ("fr", None),
        ("*;;;q=, \x00", None),
    ],
)
def test_the_first_page_opens_in_the_browsers_language(asked: str, place: str | None) -> None:
    client = browse_as(None, **{"accept-language": asked})
    answer = client.get("/")
    assert answer.get("Location") == place
    assert {"Accept-Language", "Cookie"} <= set(answer["Vary"].split(", "))
    # A page that somebody links to stays in the language of its address
    assert client.get("/p/rye-bread/").status_code == 200
    assert client.get("/zh-hans/p/rye-bread/").status_code == 200


def test_who_chose_a_language_is_not_led_elsewhere() -> None:
    client = browse_as(None, **{"accept-language": "zh-CN"})
    chosen = client.post("/zh-hans/region/", {"language": "en", "next": "/zh-hans/"})
    assert chosen["Location"] == "/"
    assert client.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    assert client.get("/").status_code == 200


def codes(language: str = "en") -> list[str]:
    return [code for code, _name in list_regions(get_market("us"), language)]


def test_regions_are_places_of_known_law_or_the_markets_choice() -> None:
    assert codes() == [
        "US",
        "US-CT",
        "US-MD",
        "US-NY",
        "US-other",
        "CN",
        "DE",
        "EU",
        "UK",
        "unknown",
    ]
    names = dict(list_regions(get_market("us"), "zh-hans"))
    assert (names["US-NY"], names["UK"], names["EU"]) == ("纽约州", "英国", "欧盟")
    assert (names["US"], names["US-other"]) == ("美国", "美国其他州")
    row = JurisdictionRow.objects.filter(code="US-NY").values().first()
    assert row is not None
    california = {"id": None, "code": "US-CA", "valid_from": date(2026, 1, 1)}
    JurisdictionRow.objects.create(**(row | california))
    forget_serving()
    assert dict(list_regions(get_market("us"), "en"))["US-CA"] == "California"
    Market.objects.filter(code="us").update(regions=["US-NY", "DE"])
    forget_catalog()
    assert codes() == ["US", "US-NY", "DE"]


def test_no_other_region_can_be_chosen() -> None:
    Market.objects.filter(code="us").update(regions=["US-NY"])
    forget_catalog()
    client = browse_as(None)
    page = client.get("/").content.decode()
    assert '<option value="US-NY"' in page
    assert '<option value="EU"' not in page
    for code, kept in (("US-NY", "US-NY"), ("EU", "US-NY"), ("X' OR 1=1", "US-NY")):
        client.post("/region/", {"region": code, "next": "/"})
        assert client.get("/").context["shop"]["region"] == kept


def test_staff_choose_languages_and_regions_of_a_market(root: Client) -> None:
    address = reverse("admin:shop_market_change", args=["us"])
    form = root.get(address).context["adminform"].form
    given = {**form.initial, "languages": ["zh-hans"], "language": "en", "regions": " US-NY, DE "}
    given = {name: value for name, value in given.items() if value not in (None, False)}
    refused = root.post(address, given)
    assert refused.context["adminform"].form.errors["language"] == [
        "Choose one of the languages of this market."
    ]
    assert root.post(address, given | {"language": "zh-hans"}).status_code == 302
    row = Market.objects.get(code="us")
    assert (row.languages, row.language, row.regions) == (["zh-hans"], "zh-hans", ["US-NY", "DE"])
