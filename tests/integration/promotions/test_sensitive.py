"""An offer addressed to shoppers never touches sensitive goods; a public one or a code does."""

from __future__ import annotations

import pytest

from profiles.models import Shopper
from promotions.models import CampaignShopper
from promotions.selectors import ShopperView, evaluate_cart, offers
from tests.factories.promotions import NOON, make_campaign, make_cart, make_line

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
PADS, BREAD = 41, 42


@pytest.fixture(autouse=True)
def pads_are_sensitive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Mark one of the two goods."""
    monkeypatch.setattr(offers, "list_sensitive_variants", lambda: frozenset({PADS}))


@pytest.mark.parametrize(
    ("audience", "code", "entered", "expected"),
    [
        ("public", "", (), {"bread": 90, "pads": 90}),
        ("personal", "", (), {"bread": 90, "pads": 100}),
        ("personal", "HELLO", ("HELLO",), {"bread": 90, "pads": 90}),
    ],
)
def test_who_gets_a_tenth_off_what(
    audience: str, code: str, entered: tuple[str, ...], expected: dict[str, int]
) -> None:
    campaign = make_campaign("tenth", percent="10", audience=audience, code=code)
    zoe = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    CampaignShopper.objects.create(campaign=campaign, shopper=zoe)
    found = evaluate_cart(
        cart=make_cart(
            make_line("bread", variant_id=BREAD, unit_minor=100, quantity=1),
            make_line("pads", variant_id=PADS, unit_minor=100, quantity=1),
        ),
        codes=entered,
        shopper=ShopperView(zoe.pk),
        now=NOON,
        language="en",
        locale="en_US",
    )
    assert found.totals == expected


def test_a_cart_of_nothing_else_gets_no_offer_and_asks_nothing_about_the_shopper() -> None:
    make_campaign("tenth", percent="10", audience="personal")
    found = evaluate_cart(
        cart=make_cart(make_line("pads", variant_id=PADS, unit_minor=100, quantity=1)),
        codes=(),
        shopper=ShopperView(None),
        now=NOON,
        language="en",
        locale="en_US",
    )
    assert (found.discount_minor, found.rejected, found.hints) == (0, (), ())
