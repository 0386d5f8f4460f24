"""Each scope of the kill switch reaches every process by itself, with Redis down too."""

from __future__ import annotations

import time

import pytest

from pricing.api import quote_variants, set_kill_switch
from pricing.demand.models.demand import DemandModelVersion
from pricing.policy.models.policy import KillSwitch
from pricing.quoting.selectors.serving import FRESH_SECONDS, get_serving
from profiles.values import ShopperValue
from tests.factories.dead_redis import redis_down
from tests.factories.pricing import NOON, Dairy, look_at, make_treated, open_dairy, visit

pytestmark = pytest.mark.django_db

SCOPES = ("global", "market", "category", "sku", "model")


@pytest.fixture
def alice(dairy: Dairy) -> ShopperValue:
    """Alice has looked at all cheeses in an open dairy."""
    open_dairy()
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    return alice


def key_of(scope: str) -> str:
    model = DemandModelVersion.objects.get(status="active")
    keys = {"market": "us", "category": "dairy/cheese/soft", "sku": "BRIE", "model": str(model.pk)}
    return keys.get(scope, "")


def stopped(dairy: Dairy, scope: str) -> set[int]:
    wanted = {"category": {dairy.brie, dairy.camembert}, "sku": {dairy.brie}}
    return wanted.get(scope, set(dairy.cheeses))


def lowered(dairy: Dairy, shopper: ShopperValue) -> set[int]:
    views = quote_variants(context=visit(shopper), variant_ids=dairy.cheeses).prices
    return {one for one, view in views.items() if view.is_personal}


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_stops_its_own_goods_and_no_others(
    dairy: Dairy, alice: ShopperValue, scope: str
) -> None:
    assert lowered(dairy, alice) == set(dairy.cheeses)
    # Written by another process: this one is told by nobody and must find it by itself.
    KillSwitch.objects.create(scope=scope, key=key_of(scope), is_active=True, at=NOON)
    time.sleep(FRESH_SECONDS)
    assert lowered(dairy, alice) == set(dairy.cheeses) - stopped(dairy, scope)


@pytest.mark.parametrize("scope", SCOPES)
def test_a_scope_is_flipped_and_seen_with_redis_down(
    dairy: Dairy, alice: ShopperValue, scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    get_serving()
    with redis_down(monkeypatch):
        set_kill_switch(
            scope=scope, key=key_of(scope), is_active=True, reason="test", by_id=None, now=NOON
        )
        time.sleep(FRESH_SECONDS)
        page = get_serving().served("us", "online", NOON)
        assert page is not None
        closed = page.book.terms.variant_id[page.is_closed & page.book.terms.is_open]
        assert stopped(dairy, scope) <= set(closed.tolist())
        assert lowered(dairy, alice) == set()
    assert lowered(dairy, alice) == set(dairy.cheeses) - stopped(dairy, scope)
