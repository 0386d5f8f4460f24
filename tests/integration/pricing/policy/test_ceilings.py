"""A ceiling over the list price is chosen at set-up, and 0 unless chosen."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from pricing.api import publish_price_book
from pricing.ledger.models.ledger import PublicPrice
from pricing.policy.selectors import load_active_policy
from tests.factories.backoffice import make_staff
from tests.factories.pricing import NOON, Dairy, make_model

pytestmark = pytest.mark.django_db


def choose(share: str) -> str:
    told = StringIO()
    call_command("choose_ceiling", share, stdout=told)
    return told.getvalue()


def test_prices_exceed_list_only_where_the_merchant_chose_so(dairy: Dairy) -> None:
    assert load_active_policy().ceiling_over_list == 0.0
    before = load_active_policy()
    assert "10% above list" in choose("0.10")
    after = load_active_policy()
    assert after.ceiling_over_list == 0.10
    changed = {one for one in after.__slots__ if getattr(after, one) != getattr(before, one)}
    assert changed == {"version", "ceiling_over_list"}
    assert "already" in choose("0.1")
    make_model({dairy.brie: 1.2}, trained_at=NOON, is_causal=True)
    publish_price_book(now=NOON)
    assert 600 < PublicPrice.objects.get(variant_id=dairy.brie).public_minor <= 660


def test_once_prices_are_published_two_people_decide(dairy: Dairy) -> None:
    publish_price_book(now=NOON)
    assert "Nothing changed" in choose("0.10")
    assert load_active_policy().ceiling_over_list == 0.0


def test_what_is_no_share_is_refused() -> None:
    with pytest.raises(CommandError, match="share from 0 to 1"):
        choose("10")


def test_staff_read_on_the_list_of_policies_what_was_chosen() -> None:
    choose("0.10")
    browser = Client()
    browser.force_login(make_staff(is_superuser=True))
    page = browser.get(reverse("admin:pricing_pricingpolicy_changelist")).content.decode()
    assert "Set-up: public prices up to 10% above list." in page
