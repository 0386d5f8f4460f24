"""Fixtures of the pricing room: nothing remembered between tests, and a small dairy."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from pricing.demand.selectors.versions import load_weights
from pricing.policy.models.policy import PricingPolicy
from pricing.policy.selectors import load_policy
from pricing.quoting.selectors.serving import forget_serving
from pricing.quoting.services.public_views import public_views
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.pricing import Dairy, make_dairy


def forget_prices() -> None:
    """Forget what this process keeps of rules, books, models and public views."""
    forget_serving()
    public_views.clear()
    load_policy.cache_clear()
    load_weights.cache_clear()


@pytest.fixture(autouse=True)
def _fresh_prices() -> Iterator[None]:
    """No test sees what another one left in this process's memory of prices."""
    forget_prices()
    yield
    forget_prices()


@pytest.fixture
def dairy(db: None) -> Dairy:
    """Four cheeses, bread, wine and a toy, with list prices and costs, not priced yet.

    Chance moves no price: which products it draws follows their ids and the week.
    """
    PricingPolicy.objects.filter(is_active=True).update(shock_share=0.0)
    made = make_dairy()
    forget_catalog()
    return made


@pytest.fixture
def lasting_memories(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process remembers for a second or two lasts: a busy machine needs more for a page or
    a price book."""
    moment = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: moment)
