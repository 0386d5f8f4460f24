"""Fixtures of the pricing room: nothing remembered between tests, and a small dairy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pricing.selectors.rules import load_policy
from pricing.selectors.serving import forget_serving
from pricing.selectors.versions import load_weights
from pricing.services.public_views import public_views
from shop.catalog.selectors import forget_catalog
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
    """Four cheeses, bread, wine and a toy, with list prices and costs, not priced yet."""
    made = make_dairy()
    forget_catalog()
    return made
