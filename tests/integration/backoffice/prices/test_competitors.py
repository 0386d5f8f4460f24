"""Staff register sources of competitors' prices and take lists in; the form says what cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from pricing.competitors.models.competitors import (
    CompetitorPrice,
    CompetitorSource,
    QuarantinedCompetitorRow,
)
from pricing.quoting.selectors.serving import current_public_prices
from shop.ground.catalog.models import Variant
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_money
from shop.ground.staff.roles import ANALYST, MERCHANDISER

ADD = "admin:pricing_competitorsource_add"
LIST = "sku,price\n{sku},{price}\nNOBODY,1.00\n"


def fields(**changes: Any) -> dict[str, Any]:
    given = {
        "code": "hilltop",
        "name": "Hilltop",
        "kind": "upload",
        "market": "us",
        "currency": "USD",
        "basis": "Their public price page.",
        "ttl_hours": "72",
        "every_hours": "24",
        "is_active": "on",
    }
    return given | changes


def list_file(text: str) -> SimpleUploadedFile:
    return SimpleUploadedFile("list.csv", text.encode(), content_type="text/csv")


def errors_of(answer: Any) -> str:
    return str(answer.context["adminform"].form.errors)


def test_a_merchandiser_registers_a_source_and_takes_in_its_list(
    as_role: Callable[[str], Client],
) -> None:
    browser = as_role(MERCHANDISER)
    variant = Variant.objects.order_by("pk").first()
    before = CompetitorPrice.objects.count()
    text = LIST.format(sku=variant.sku, price=variant.list_minor / 100)
    answer = browser.post(reverse(ADD), fields(price_list=list_file(text)))
    assert answer.status_code == 302
    source = CompetitorSource.objects.get(code="hilltop")
    assert source.created_by.email == "merchandiser@staff.example"
    assert CompetitorPrice.objects.count() == before + 1
    price = CompetitorPrice.objects.get(source=source)
    assert (price.variant_id, price.price_minor) == (variant.pk, variant.list_minor)
    refused = QuarantinedCompetitorRow.objects.get(source=source)
    assert (refused.reason, refused.payload["sku"]) == ("no_match", "NOBODY")
    page = browser.get(reverse("admin:index"))
    said = [str(one) for one in page.context["messages"]]
    assert "1 prices stored, 0 known before, 1 rows refused." in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"currency": "EUR"}, "currency"),
        ({"kind": "http", "url": ""}, "Only https addresses"),
        ({"kind": "http", "url": "https://10.0.0.1/list.csv"}, "not allowed this host"),
        ({"basis": ""}, "required"),
        ({"ttl_hours": "0"}, "greater than or equal to 1"),
        ({"ttl_hours": "20000000"}, "less than or equal to 8784"),
        ({"every_hours": "9000"}, "less than or equal to 8784"),
        ({"price_list": SimpleUploadedFile("list.csv", b"\xff\xfe")}, "UTF-8"),
    ],
)
def test_a_source_that_could_never_be_used_is_not_kept(
    root: Client, changes: dict[str, Any], said: str
) -> None:
    answer = root.post(reverse(ADD), fields(**changes))
    assert answer.status_code == 200
    assert said in errors_of(answer)
    assert not CompetitorSource.objects.filter(code="hilltop").exists()


def test_a_new_source_starts_in_the_shops_own_market(root: Client) -> None:
    form = root.get(reverse(ADD)).context["adminform"].form
    assert (form["market"].value(), form["currency"].value()) == ("us", "USD")


def test_an_empty_table_says_what_will_stand_in_it(root: Client) -> None:
    listed = reverse("admin:pricing_competitorsource_changelist")
    assert "Nothing matches" in root.get(listed, {"q": "nobody of this name"}).content.decode()
    CompetitorPrice.objects.all().delete()
    QuarantinedCompetitorRow.objects.all().delete()
    CompetitorSource.objects.all().delete()
    text = root.get(listed).content.decode()
    assert "Register where a competitor shows its prices in public" in text
    assert "Reset filters" not in text


def test_a_file_that_is_no_list_keeps_the_source(root: Client) -> None:
    answer = root.post(reverse(ADD), fields(price_list=list_file("a,b\n1,2\n")), follow=True)
    said = [str(one) for one in answer.context["messages"]]
    assert "There is no column price." in said
    assert CompetitorSource.objects.filter(code="hilltop").exists()


def test_a_source_in_use_again_waits_for_its_next_list(root: Client) -> None:
    variant = Variant.objects.order_by("pk").first()
    text = LIST.format(sku=variant.sku, price=variant.list_minor / 100)
    root.post(reverse(ADD), fields(price_list=list_file(text)))
    source = CompetitorSource.objects.get(code="hilltop")
    assert source.imported_at is not None
    change = reverse("admin:pricing_competitorsource_change", args=[source.pk])
    given = fields()
    del given["is_active"]
    for form in (given, fields()):
        assert root.post(change, form).status_code == 302
        source.refresh_from_db()
        assert (source.is_active, source.imported_at) == ("is_active" in form, None)


def test_fetching_now_says_why_it_was_refused(root: Client) -> None:
    source = CompetitorSource.objects.order_by("pk").first()
    CompetitorSource.objects.filter(pk=source.pk).update(
        kind="http", url="https://elsewhere.example/list.csv"
    )
    address = reverse("admin:pricing_competitorsource_fetch_now", args=[source.pk])
    root.post(address, {"_form_submitted": "on"})
    source.refresh_from_db()
    assert source.problem == "The operator has not allowed this host."


def test_prices_there_stand_beside_ours_with_the_gap(root: Client) -> None:
    row = CompetitorPrice.objects.select_related("source__market", "variant__product").latest("pk")
    own = current_public_prices(variant_ids=[row.variant_id], now=utc_now()).public_minor[0]
    CompetitorPrice.objects.exclude(pk=row.pk).delete()
    CompetitorPrice.objects.filter(pk=row.pk).update(price_minor=int(own) * 9 // 10)
    page = root.get(reverse("admin:pricing_competitorprice_changelist"))
    shown = page.context["cl"].result_list[0]
    table = page.context["cl"].model_admin
    assert table.product(shown) == f"{row.variant.product.name} · {row.variant.sku}"
    assert (table.own_price(shown), table.gap(shown)) == (show_money(int(own), "USD"), "-10 %")
    heads = re.findall(r"Product|Our public price|Price there|Gap", page.content.decode())
    assert list(dict.fromkeys(heads)) == ["Product", "Our public price", "Price there", "Gap"]


def test_an_analyst_reads_but_does_not_register(as_role: Callable[[str], Client]) -> None:
    browser = as_role(ANALYST)
    assert browser.get(reverse(ADD)).status_code == 403
    assert browser.get(reverse("admin:pricing_competitorprice_changelist")).status_code == 200
