"""What competitors' prices do to ours: limit rises where the merchant says so, and no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pricing.api import list_quality, publish_price_book
from pricing.competitors.services.competitors import import_feed
from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.models.proposals import PriceProposal
from pricing.optimum.core.explain import say_rule
from tests.factories.competitors import make_source
from tests.factories.policies import change_policy
from tests.factories.pricing import NOON, Dairy, make_model, open_dairy

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def let_move(dairy: Dairy, **policy: Any) -> None:
    """Open the dairy with elasticities that chance backs, and whatever the policy should say."""
    open_dairy()
    change_policy(**policy)
    make_model({dairy.brie: 1.54, dairy.gouda: 1.54}, trained_at=NOON, is_causal=True)


def public_of(variant: int) -> int:
    return PublicPrice.objects.get(variant_id=variant).public_minor


def publish_beside(price: str, *, hours: int) -> None:
    """Take in that Hilltop sells brie at `price`, and publish."""
    at = NOON + hours * HOUR
    import_feed(code="hilltop", text=f"sku,price\nBRIE,{price}\n", now=at)
    publish_price_book(now=at + HOUR, everything=True)


def test_a_competitors_cut_alone_moves_no_price(
    dairy: Dairy,
) -> None:
    let_move(dairy, ceiling_over_list=0.50)
    make_source(ttl_hours=24 * 30)
    publish_beside("4.60", hours=1)
    assert public_of(dairy.brie) == 659
    publish_beside("3.10", hours=30)
    assert public_of(dairy.brie) == 719
    rows = PriceProposal.objects.filter(variant_id=dairy.brie)
    assert not [row for row in rows if "competitor_band" in [*row.bound, *row.relaxed]]


def test_a_policy_that_keeps_to_competitors_limits_only_rises(dairy: Dairy) -> None:
    let_move(dairy, ceiling_over_list=0.50, keeps_to_competitors=True, competitor_above=0.10)
    make_source(ttl_hours=24 * 30)
    publish_beside("5.60", hours=1)
    assert public_of(dairy.brie) == 609
    row = PriceProposal.objects.get(variant_id=dairy.brie)
    assert "competitor_band" in row.bound
    publish_beside("4.60", hours=30)
    assert public_of(dairy.brie) == 609


def test_a_competitor_who_becomes_dearer_is_not_followed(dairy: Dairy) -> None:
    let_move(dairy)
    make_source(ttl_hours=24 * 30)
    for days in (0, 1, 2):
        publish_beside(f"{6 + days}.00", hours=1 + 24 * days)
        assert public_of(dairy.brie) == 600


def test_an_implausible_price_moves_nothing_and_is_badged(dairy: Dairy) -> None:
    let_move(dairy)
    make_source()
    text = "sku,price,currency\nBRIE,0.0006,USD\nGOUDA,2.00,EUR\n"
    import_feed(code="hilltop", text=text, now=NOON + HOUR)
    publish_price_book(now=NOON + 2 * HOUR)
    assert (public_of(dairy.brie), public_of(dairy.gouda)) == (600, 500)
    for code, variant in (("feed_outlier", dairy.brie), ("feed_currency", dairy.gouda)):
        report = list_quality(code=code)
        assert [one.variant_id for one in report.rows] == [variant]
        assert say_rule(f"badge:{code}", "en") in report.rows[0].sentences
