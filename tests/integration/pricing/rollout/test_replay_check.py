"""The nightly proof: every stored decision comes out again, and a changed one is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from pricing.api import drain_quotes, quote_variants
from pricing.ledger.models.quotes import Quote
from pricing.rollout.services.replay import ReplayDiffers, check_replay
from tests.factories.pricing import NOON, Dairy, look_at, make_treated, open_dairy, visit

pytestmark = pytest.mark.django_db
TOMORROW = NOON + timedelta(days=1)


@pytest.fixture
def decided(dairy: Dairy) -> int:
    """Decisions of four shoppers in the table; return how many."""
    open_dairy()
    for views in range(1, 5):
        shopper = make_treated()
        look_at(shopper, dairy.cheeses[:views])
        quote_variants(context=visit(shopper), variant_ids=dairy.all)
    drain_quotes()
    return Quote.objects.filter(is_complete=True).exclude(inputs={}).count()


def test_every_decision_comes_out_again(decided: int) -> None:
    assert decided >= 12
    assert check_replay(now=TOMORROW) == decided
    assert check_replay(now=TOMORROW, most=5) == 5


def test_a_changed_decision_is_named(decided: int) -> None:
    personal = Quote.objects.exclude(inputs={}).filter(is_personal=True)
    newest = personal.order_by("-issued_at", "-id").first()
    assert newest is not None
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pricing_quote DISABLE TRIGGER append_only")
        # Two cents below a price is no other candidate, whose chance the table would compare
        cursor.execute(
            "UPDATE pricing_quote SET quoted_minor = quoted_minor - 2 WHERE id = %s", [newest.pk]
        )
    with pytest.raises(ReplayDiffers, match=f"1 of {decided} decisions .*{newest.pk}"):
        check_replay(now=TOMORROW)
