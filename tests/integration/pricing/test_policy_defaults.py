"""A changed default holds for shops without prices only: elsewhere staff say when prices move."""

import importlib

import pytest
from django.apps import apps

from pricing.core.values import Policy
from pricing.models import PricingPolicy
from pricing.services import publish_price_book
from tests.factories.pricing import NOON, Dairy

lower_the_default = importlib.import_module(
    "pricing.migrations.0024_worth_of_a_won_purchase"
).lower_the_default

pytestmark = pytest.mark.django_db


def read_share() -> float:
    return PricingPolicy.objects.get().won_purchase_share


def test_a_new_shop_starts_with_the_worth_that_the_code_names() -> None:
    assert read_share() == Policy().won_purchase_share == 0.10


def test_a_shop_without_prices_takes_the_new_worth() -> None:
    PricingPolicy.objects.update(won_purchase_share=0.30)
    lower_the_default(apps, None)
    assert read_share() == 0.10


def test_what_staff_had_set_themselves_stays() -> None:
    PricingPolicy.objects.update(won_purchase_share=0.25)
    lower_the_default(apps, None)
    assert read_share() == 0.25


def test_a_shop_that_has_published_prices_keeps_its_own(dairy: Dairy) -> None:
    PricingPolicy.objects.update(won_purchase_share=0.30)
    assert publish_price_book(now=NOON).is_new
    lower_the_default(apps, None)
    assert read_share() == 0.30
