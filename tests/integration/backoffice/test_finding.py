"""Staff find orders, shoppers and products by the words they have; masked roles by no name."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from orders.models import Order
from profiles.models import Shopper
from shop.ground.staff.roles import AUDITOR, MERCHANDISER, SUPPORT

NAME = "Dormouse"


@pytest.fixture
def named(stocked_shop: None) -> Order:
    """An order and a shopper's account with a name nobody else has."""
    found: Order = Order.objects.order_by("pk").first()
    Order.objects.filter(pk=found.pk).update(name=f"Anna {NAME}")
    people = get_user_model().objects.filter(shopper=found.shopper_id)
    people.update(first_name="Anna", last_name=NAME)
    found.refresh_from_db()
    return found


def find(browser: Client, table: str, words: str) -> list[str]:
    page = browser.get(reverse(f"admin:{table}_changelist"), {"q": words})
    return [str(row) for row in page.context["cl"].result_list]


def find_anywhere(browser: Client, words: str) -> list[str]:
    page = browser.get(reverse("admin:search"), {"s": words})
    return [] if page.context is None else [one.title for one in page.context["results"]]


def test_orders_and_shoppers_are_found_by_the_customer(
    as_role: Callable[[str], Client], named: Order
) -> None:
    support = as_role(SUPPORT)
    for words in (NAME, "anna dorm", named.email.upper(), named.number):
        assert find(support, "orders_order", words) == [named.number]
    household = named.shopper.external_ref
    for words in (NAME.lower(), named.shopper.account.email, household):
        assert find(support, "profiles_shopper", words) == [household]
    Shopper.objects.filter(pk=named.shopper_id).update(external_ref="household 987654")
    assert find(support, "orders_order", "987654") == [named.number]
    assert find(support, "profiles_shopper", "987654") == ["household 987654"]
    Shopper.objects.filter(pk=named.shopper_id).update(external_ref=household)
    assert {named.number, household} <= set(find_anywhere(support, NAME))


def test_roles_that_see_names_masked_find_nothing_by_them(
    as_role: Callable[[str], Client], named: Order
) -> None:
    auditor = as_role(AUDITOR)
    for words in (NAME, "Anna", named.email):
        assert find(auditor, "orders_order", words) == []
        assert find(auditor, "profiles_shopper", words) == []
        assert find_anywhere(auditor, words) == []
    assert find(auditor, "orders_order", named.number) == [named.number]
    assert find(auditor, "profiles_shopper", named.shopper.external_ref) != []


def test_cheese_finds_cheese_by_its_category(as_role: Callable[[str], Client]) -> None:
    merchandiser = as_role(MERCHANDISER)
    found = find(merchandiser, "shop_product", "cheese 3")
    assert found == ["Cheddar 3"]
    assert len(find(merchandiser, "shop_product", "cheese")) == 8
    assert [one for one in find_anywhere(merchandiser, "cheese 3") if one == "Cheddar 3"] == found
