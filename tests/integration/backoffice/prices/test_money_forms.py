"""Staff type and read money in the market's currency; the database keeps minor units."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import reverse

from orders.models import DeliveryMethod
from promotions.models import Campaign, Offer
from shop.ground.catalog.models import Market
from shop.ground.staff.money import MoneyField


def test_no_form_of_the_staff_asks_for_minor_units(root: Client) -> None:
    asked = dict(_list_amounts(root))
    assert {"orders.DeliveryMethod.price_minor", "shop.Variant.cost_minor"} <= set(asked)
    assert {"promotions.Campaign.claim_was", "promotions.Offer.amount_minor"} <= set(asked)
    assert {"promotions.MembershipTier.threshold_minor"} <= set(asked)
    assert [name for name, field in asked.items() if not isinstance(field, MoneyField)] == []


def test_a_budget_of_600_is_600_dollars(root: Client) -> None:
    campaign = Campaign.objects.order_by("pk").first()
    assert _save(root, campaign, budget_minor="600") == {}
    assert Campaign.objects.get(pk=campaign.pk).budget_minor == 60_000
    response = root.get(_address(campaign))
    form = response.context["adminform"].form
    assert [form[one].label for one in ("budget_minor", "starts_at")] == ["Budget", "Starts at"]
    page = response.content.decode()
    field = page[page.index('name="budget_minor"') :][:2000]
    assert re.search(r'value="600\.00"', field)
    assert re.search(r">\s*USD\s*<", field)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("600,00", "Write a point before the decimals and no comma, such as 600.00."),
        ("1,200.00", "Write a point before the decimals and no comma, such as 600.00."),
        ("600.005", "USD has 2 decimals: write an amount such as 600.00."),
        ("six", "Write an amount of USD, such as 600.00."),
        ("-5", "At least $0.00."),
        ("9" * 20, "At most $1,000,000,000,000.00."),
    ],
)
def test_what_is_no_amount_is_refused_with_what_to_write(
    root: Client, typed: str, said: str
) -> None:
    campaign = Campaign.objects.order_by("pk").first()
    before = campaign.budget_minor
    assert _save(root, campaign, budget_minor=typed) == {"budget_minor": [said]}
    assert Campaign.objects.get(pk=campaign.pk).budget_minor == before


def test_the_market_that_is_chosen_says_currency_and_decimals(root: Client) -> None:
    Market.objects.create(code="jp", name="Japan", currency="JPY", time_zone="Asia/Tokyo")
    row = DeliveryMethod.objects.order_by("pk").first()
    address = reverse("admin:orders_deliverymethod_change", args=[row.pk])
    typed = _fields_of(root.get(address))
    typed |= {"market_code": "jp", "price_minor": "500.50"}
    refused = root.post(address, typed).context["adminform"].form.errors
    assert refused == {"price_minor": ["JPY has 0 decimals: write an amount such as 60000."]}
    assert root.post(address, {**typed, "price_minor": "500"}).status_code == 302
    row.refresh_from_db()
    assert (row.market_code, row.price_minor) == ("jp", 500)
    listed = root.get(reverse("admin:orders_deliverymethod_changelist")).content.decode()
    assert "¥500" in listed


def test_an_offer_is_in_the_money_of_its_campaign(root: Client) -> None:
    Market.objects.create(code="kw", name="Kuwait", currency="KWD")
    offer = Offer.objects.order_by("pk").first()
    Campaign.objects.filter(pk=offer.campaign_id).update(market_code="kw")
    Offer.objects.filter(pk=offer.pk).update(max_discount_minor=1_500)
    page = root.get(reverse("admin:promotions_offer_change", args=[offer.pk]))
    assert page.context["adminform"].form["max_discount_minor"].value() == "1.500"
    assert re.search(r">\s*KWD\s*<", page.content.decode())


def test_what_staff_may_only_read_is_money_too(root: Client) -> None:
    campaign = Campaign.objects.order_by("pk").first()
    Campaign.objects.filter(pk=campaign.pk).update(budget_minor=60_000, spent_minor=1_234)
    assert "$12.34" in root.get(_address(campaign)).content.decode()


def _list_amounts(browser: Client) -> Iterator[tuple[str, forms.Field]]:
    """Yield every form field of every staff table that holds an amount."""
    request = RequestFactory().get("/admin/")
    request.user = browser.get(reverse("admin:index")).context["request"].user
    for model, table in admin.site._registry.items():
        may_type = table.has_add_permission(request) or table.has_change_permission(request)
        if may_type:
            yield from _amounts_of(model, table.get_form(request))
        for inline in table.inlines:
            rows = inline(model, admin.site)
            yield from _amounts_of(inline.model, rows.get_formset(request).form)


def _amounts_of(model: Any, form: Any) -> Iterator[tuple[str, forms.Field]]:
    words = ("_minor", "price", "claim_was", "point_value")
    for name, field in form.base_fields.items():
        is_number = not isinstance(field, forms.BooleanField | forms.FileField)
        if is_number and (name.endswith(words)):
            yield f"{model._meta.label}.{name}", field


def _address(campaign: Campaign) -> str:
    return reverse("admin:promotions_campaign_change", args=[campaign.pk])


def _fields_of(page: Any) -> dict[str, Any]:
    """Return what a browser would send for a page's form if nothing was typed."""
    sent: dict[str, Any] = {}
    bound = [page.context["adminform"].form]
    for rows in page.context["inline_admin_formsets"]:
        bound += [rows.formset.management_form, *rows.formset.forms]
    for form in bound:
        for field in form:
            value, name = field.value(), field.html_name
            if isinstance(field.field, forms.MultiValueField):
                pieces = field.field.widget.decompress(value)
                sent |= {f"{name}_{at}": str(one or "") for at, one in enumerate(pieces)}
            elif not (value is None or value is False):
                sent[name] = "on" if value is True else str(value)
    return sent


def _save(browser: Client, campaign: Campaign, **typed: str) -> dict[str, list[str]]:
    """Save a campaign's page with something else typed; return its errors."""
    answer = browser.post(
        _address(campaign), {**_fields_of(browser.get(_address(campaign))), **typed}
    )
    return {} if answer.status_code == 302 else dict(answer.context["adminform"].form.errors)
