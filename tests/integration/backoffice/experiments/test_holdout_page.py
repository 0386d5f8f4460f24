"""The permanent holdouts on the page of experiments."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from pricing.api import drain_quotes, quote_variants
from pricing.policy.models.policy import PricingPolicy
from pricing.quoting.selectors.quotes import find_first_personal
from profiles.experiments.selectors.holdout_readouts import read_holdout
from profiles.experiments.services.experiments import set_holdout
from tests.factories.experiments import spend_by_side
from tests.factories.pricing import NOON, look_at, make_treated, visit
from tests.factories.pricing_shocks import make_teas, open_tea_shop

pytestmark = pytest.mark.usefixtures("forgetful")


@pytest.fixture(autouse=True)
def _not_counted_today() -> None:
    read_holdout.cache_clear()


def test_the_page_of_experiments_says_it_in_words(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.doors.backoffice.views.experiments.utc_now", lambda: NOON)
    set_holdout(namespace="everything", share=0.3)
    (tea,) = make_teas(1)
    spend_by_side(1_000, 1_500, variant=tea)
    page = root.get(reverse("admin:experiments")).content.decode()
    assert "Held out of all experiments" in page
    assert "What the shop does pays off: everybody else brings +" in page
    assert "Held out of personal prices" in page
    assert "This is an A/A period" in page


def test_lift_is_counted_from_the_first_personal_price_on(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.doors.backoffice.views.experiments.utc_now", lambda: NOON)
    PricingPolicy.objects.filter(is_active=True).update(holdout_share=0.3)
    teas = make_teas()
    open_tea_shop(teas)
    spend_by_side(1_000, 1_500, variant=teas[0])
    first = NOON - timedelta(days=1)
    shopper = make_treated()
    look_at(shopper, teas[:3])
    quote_variants(context=visit(shopper), variant_ids=teas)
    drain_quotes()
    assert "This is an A/A period" in root.get(reverse("admin:experiments")).content.decode()
    later = NOON + timedelta(days=2)
    monkeypatch.setattr("shop.doors.backoffice.views.experiments.utc_now", lambda: later)
    page = root.get(reverse("admin:experiments")).content.decode()
    assert "This is an A/A period" not in page
    assert f"Counted since {NOON:%Y-%m-%d}, the first personal price." in page
    # Everything was spent before the first personal price: it says nothing of personal prices.
    assert first < find_first_personal() == NOON
    assert "Too few of the" in page
