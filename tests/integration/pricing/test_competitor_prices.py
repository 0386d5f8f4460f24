"""What competitors' prices do to ours: a ceiling, and never a reason to rise."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pricing.core.optimum import say_rule
from pricing.models import PriceProposal, PublicPrice
from pricing.selectors import list_quality
from pricing.services import publish_price_book
from pricing.services.competitors import import_feed
from tests.factories.competitors import make_source
from tests.factories.policies import change_policy
from tests.factories.pricing import NOON, Dairy, make_model, open_dairy

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def let_move(dairy: Dairy, **policy: Any) -> None:
    """Open the dairy with elasticities that chance backs, and whatever the policy should say."""
    open_dairy()
    change_policy(shock_share=0.0, **policy)
    make_model({dairy.brie: 1.54, dairy.gouda: 1.54}, trained_at=NOON, is_causal=True)


def public_of(variant: int) -> int:
    return PublicPrice.objects.get(variant_id=variant).public_minor


def test_a_cheaper_competitor_is_a_ceiling_reached_a_step_a_day(dairy: Dairy) -> None:
    let_move(dairy, competitor_above=0.10)
    make_source(ttl_hours=24 * 30)
    publish_price_book(now=NOON + HOUR)
    assert public_of(dairy.brie) == 600
    import_feed(code="hilltop", text="sku,price\nBRIE,4.60\n", now=NOON + 2 * HOUR)
    report = publish_price_book(now=NOON + 3 * HOUR)
    assert report.variants == 1
    assert public_of(dairy.brie) == 540
    row = PriceProposal.objects.filter(variant_id=dairy.brie).latest("id")
    assert "step_cap" in row.relaxed
    publish_price_book(now=NOON + 30 * HOUR, everything=True)
    assert 460 < public_of(dairy.brie) <= 506


def test_a_competitor_who_becomes_dearer_is_not_followed(dairy: Dairy) -> None:
    let_move(dairy)
    make_source(ttl_hours=24 * 30)
    import_feed(code="hilltop", text="sku,price\nBRIE,6.00\n", now=NOON + HOUR)
    publish_price_book(now=NOON + 2 * HOUR)
    before = public_of(dairy.brie)
    for days in (1, 2, 3):
        at = NOON + timedelta(days=days)
        import_feed(code="hilltop", text=f"sku,price\nBRIE,{6 + days}.00\n", now=at)
        publish_price_book(now=at + HOUR, everything=True)
        assert public_of(dairy.brie) <= before


def test_an_observational_elasticity_does_not_follow_a_competitor_further_than_a_rung(
    dairy: Dairy,
) -> None:
    open_dairy()
    make_source()
    import_feed(code="hilltop", text="sku,price\nBRIE,3.00\n", now=NOON + HOUR)
    publish_price_book(now=NOON + 2 * HOUR, everything=True)
    assert public_of(dairy.brie) in (599, 600)


def test_a_ceiling_waits_for_staff_where_they_decide(dairy: Dairy) -> None:
    let_move(dairy, auto_publish=False)
    make_source()
    import_feed(code="hilltop", text="sku,price\nBRIE,4.60\n", now=NOON + HOUR)
    publish_price_book(now=NOON + 2 * HOUR)
    assert public_of(dairy.brie) == 600
    row = PriceProposal.objects.get(variant_id=dairy.brie)
    assert (row.state, row.needs_two) == ("pending", True)
    assert row.final_minor <= 506


def test_a_price_that_is_not_believed_moves_nothing_and_is_badged(dairy: Dairy) -> None:
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
