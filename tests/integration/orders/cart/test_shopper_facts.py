"""Facts about the shopper are looked up for conditions that ask, once, and only with consent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.cart.services import evaluation_input as under_test
from orders.cart.services.carts import add_to_cart, view_cart
from orders.cart.services.evaluation_input import complete_shopper
from orders.models import Order
from pricing.base.core.values import QuoteContext
from profiles.segments.selectors.online import OnlineUnavailable
from profiles.values import Consents, OnlineProfile, ShopperValue
from promotions.engine.core.carts import OrderHistory, ShopperView
from shop.ground.catalog.selectors import get_market
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db
FULL = Consents(price=True, recommendations=True, analytics=True)
ASKED = frozenset({"first_order", "last_order", "orders_in:30", "orders_in:90", "spent_in:90"})


@pytest.fixture
def shopper(prices: FakePrices) -> ShopperValue:
    return make_shopper()


@pytest.fixture
def visit(shopper: ShopperValue) -> QuoteContext:
    return context_of(shopper)


@pytest.fixture
def orders(shopper: ShopperValue) -> None:
    """One in part refunded, one abroad, one canceled, one of somebody else."""
    _order(shopper.id, 10, total=2_000, refunded=500)
    _order(shopper.id, 30)
    _order(shopper.id, 60, currency="EUR")
    _order(shopper.id, 200)
    _order(shopper.id, 1, status="cancelled")
    _order(make_shopper().id, 2)


@pytest.fixture
def profile(monkeypatch: pytest.MonkeyPatch, shopper: ShopperValue) -> OnlineProfile:
    """The shopper's online profile, as the worker would have written it."""
    shown = OnlineProfile(
        pseudonym=str(shopper.pseudonym),
        shopper_id=shopper.id,
        consents=FULL,
        is_warm=True,
        feature_row=None,
        segment="vip",
        tags=("vegan",),
    )
    _know(monkeypatch, shown)
    return shown


def _know(monkeypatch: pytest.MonkeyPatch, profile: OnlineProfile | None) -> None:
    known = {} if profile is None else {profile.pseudonym: profile}
    monkeypatch.setattr(under_test, "read_online_profiles", lambda names, now: known)


def _order(
    shopper_id: int,
    days_ago: int,
    *,
    total: int = 1_000,
    refunded: int = 0,
    currency: str = "USD",
    status: str = "paid",
) -> None:
    Order.objects.create(
        number=f"FT-{shopper_id}-{days_ago}",
        shopper_id=shopper_id,
        market_code="us",
        currency=currency,
        subtotal_minor=total,
        total_minor=total,
        refunded_minor=refunded,
        status=status,
        placed_at=NOON - timedelta(days=days_ago),
    )


@pytest.mark.usefixtures("orders", "profile")
def test_past_orders_take_one_statement_whatever_is_asked(
    shopper: ShopperValue, visit: QuoteContext
) -> None:
    get_market("us")
    with CaptureQueriesContext(connection) as captured:
        found = complete_shopper(ShopperView(shopper.id), ASKED, visit)
    assert len(captured) == 1
    # an order placed to the second 30 days ago is out of the window; euros are no dollars
    assert found.history == OrderHistory(
        NOON - timedelta(days=10), counts={30: 1, 90: 3}, spent_minor={90: 2_500}
    )
    assert (found.is_first_order, found.is_private) == (False, False)


@pytest.mark.usefixtures("profile")
def test_who_never_ordered_has_an_empty_history(shopper: ShopperValue, visit: QuoteContext) -> None:
    found = complete_shopper(ShopperView(shopper.id), ASKED, visit)
    assert found.history == OrderHistory(None, {30: 0, 90: 0}, {90: 0})
    assert found.is_first_order is True


@pytest.mark.usefixtures("orders", "profile")
def test_segment_and_first_order_take_one_profile_and_one_statement(
    shopper: ShopperValue, visit: QuoteContext
) -> None:
    asked = frozenset({"segment", "tags", "first_order"})
    with CaptureQueriesContext(connection) as captured:
        found = complete_shopper(ShopperView(shopper.id), asked, visit)
    assert len(captured) == 1
    assert (found.segment, found.tags, found.is_first_order) == (
        "vip",
        frozenset({"vegan"}),
        False,
    )


@pytest.mark.parametrize("how", ["no consent", "gpc", "nobody known", "redis down"])
@pytest.mark.usefixtures("orders")
def test_without_consent_no_past_order_is_looked_at(
    shopper: ShopperValue,
    visit: QuoteContext,
    profile: OnlineProfile,
    monkeypatch: pytest.MonkeyPatch,
    how: str,
) -> None:
    """That it is no first order is the contract's own fact and is still asked."""
    if how == "no consent":
        _know(monkeypatch, replace(profile, consents=Consents(price=True, analytics=True)))
    elif how == "gpc":
        visit = replace(visit, gpc=True)
    elif how == "nobody known":
        _know(monkeypatch, None)
    else:
        monkeypatch.setattr(under_test, "read_online_profiles", _fail)
    with CaptureQueriesContext(connection) as captured:
        found = complete_shopper(ShopperView(shopper.id), ASKED | {"segment"}, visit)
    assert len(captured) == 1
    assert (found.is_private, found.history, found.segment) == (True, None, None)
    assert found.is_first_order is False
    with CaptureQueriesContext(connection) as captured:
        complete_shopper(ShopperView(shopper.id), ASKED - {"first_order"}, visit)
    assert len(captured) == 0


def _fail(names: list[str], now: datetime) -> dict[str, OnlineProfile]:
    raise OnlineUnavailable("down")


@pytest.mark.usefixtures("orders", "profile")
def test_an_offer_for_regulars_reaches_the_cart(visit: QuoteContext, shelf: Shelf) -> None:
    make_campaign("win-back", amount_minor=100, condition={"last_order": {"at_least_days": 10}})
    make_campaign("regulars", amount_minor=50, condition={"orders": {"days": 90, "at_least": 3}})
    make_campaign("too-late", amount_minor=9, condition={"last_order": {"at_most_days": 9}})
    cart = add_to_cart(context=visit, variant_id=shelf.gouda, quantity=3)
    assert (cart.discount_minor, [offer.label for offer in cart.offers]) == (
        150,
        ["win-back", "regulars"],
    )
    off = replace(visit, gpc=True)
    assert (view_cart(context=off).discount_minor) == 0
