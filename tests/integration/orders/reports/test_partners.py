"""Co-branded campaigns: what a partner pays ties to redemptions and returns, to the cent."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from orders.cart.services.carts import add_to_cart
from orders.payments.api import RefundPart, refund_order
from orders.values import OrderView
from promotions.models import (
    Partner,
    PartnerEntry,
    PartnerProduct,
    PartnerShare,
    Settlement,
)
from promotions.partners.selectors import reconcile_redemptions, report_settlement, write_report
from promotions.partners.services import PartnerRefused, close_settlement, correct_partner
from shop.ground.catalog.models import Variant
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=40)


@pytest.fixture
def share(prices: FakePrices) -> PartnerShare:
    """A dairy that pays 33.33 % of "15 % off everything"."""
    campaign = make_campaign("dairy-weeks", percent="15")
    partner = Partner.objects.create(code="dairy", name="Happy Dairy")
    return PartnerShare.objects.create(partner=partner, campaign=campaign, percent=Decimal("33.33"))


def buy(shelf: Shelf, key: str) -> OrderView:
    """Three cheddars (12.00) and a merlot (9.00), paid."""
    visit = context_of(make_shopper())
    add_to_cart(context=visit, variant_id=shelf.cheddar, quantity=3)
    add_to_cart(context=visit, variant_id=shelf.merlot)
    order = place(visit, key=key)
    assert pay(order) == "succeeded"
    return order


def give_back(order: OrderView, line: int, quantity: int) -> None:
    refund_order(
        order_id=order.order_id,
        parts=[RefundPart(order.lines[line].line_id, quantity, restocked=quantity)],
        reason="back",
        idempotency_key=f"{order.number}-{line}-{order.lines[line].refunded_quantity}-{quantity}",
        now=NOON,
    )


def settle(partner: Partner, ends_on: date = date(2026, 12, 1)) -> Settlement:
    return close_settlement(partner_id=partner.pk, ends_on=ends_on, by_id=None, now=LATER)


def test_a_settlement_is_the_sum_of_uses_and_returns(shelf: Shelf, share: PartnerShare) -> None:
    order = buy(shelf, "one")
    give_back(order, 0, 1)
    settlement = settle(share.partner)
    # 15 % of 12.00 and 9.00 is 1.80 and 1.35; the dairy pays 0.60 and 0.45
    assert (settlement.used_minor, settlement.returned_minor) == (315, 60)
    assert (settlement.due_minor, settlement.entry_count) == (60 + 45 - 20, 3)
    assert [tie.is_reconciled for tie in reconcile_redemptions(share.partner_id)] == [True]
    rows = report_settlement(settlement)
    assert sum(row.due_minor for row in rows) == settlement.due_minor
    assert write_report(settlement).splitlines()[-1] == "total,,2,3.15,0.60,0.00,0.85,USD"
    assert order.number not in write_report(settlement)


def test_what_comes_back_after_closing_belongs_to_the_next_period(
    shelf: Shelf, share: PartnerShare
) -> None:
    order = buy(shelf, "one")
    first = settle(share.partner)
    give_back(order, 0, 3)
    give_back(order, 1, 1)
    correct_partner(share_id=share.pk, partner_minor=7, reason="agreed by mail", key="1", now=NOON)
    second = settle(share.partner, date(2027, 1, 1))
    assert (first.due_minor, second.due_minor) == (105, -105 + 7)
    assert (second.starts_on, second.returned_minor, second.corrected_minor) == (
        first.ends_on,
        315,
        7,
    )
    share.refresh_from_db()
    assert share.charged_minor == 0


def test_a_closed_period_never_changes(shelf: Shelf, share: PartnerShare) -> None:
    buy(shelf, "one")
    settlement = settle(share.partner)
    for act in (
        lambda: Settlement.objects.update(due_minor=0),
        lambda: PartnerEntry.objects.update(partner_minor=0),
        lambda: PartnerEntry.objects.update(settlement=None),
        lambda: Settlement.objects.all()._raw_delete("default"),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            act()
    for ends_on in (settlement.ends_on, settlement.ends_on - timedelta(days=1)):
        with pytest.raises(PartnerRefused) as refusal:
            settle(share.partner, ends_on)
        assert refusal.value.code == "closed"
    with pytest.raises(PartnerRefused) as early:
        settle(share.partner, (LATER + timedelta(days=2)).date())
    assert early.value.code == "period_open"


def test_a_cap_and_a_product_list_limit_the_partners_share(
    shelf: Shelf, share: PartnerShare
) -> None:
    product = Variant.objects.get(pk=shelf.cheddar).product
    PartnerProduct.objects.create(share=share, product=product)
    PartnerShare.objects.update(cap_minor=100)
    first, _second = buy(shelf, "one"), buy(shelf, "two")
    booked = PartnerEntry.objects.order_by("pk").values_list("discount_minor", "partner_minor")
    assert list(booked) == [(180, 60), (135, 0), (180, 40), (135, 0)]
    give_back(first, 0, 3)
    share.refresh_from_db()
    assert share.charged_minor == 40
