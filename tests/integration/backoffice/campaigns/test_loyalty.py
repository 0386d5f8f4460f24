"""Points and partners in the admin: corrections by two people, periods closed for good."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.translation import override

from promotions.admin.partners import PeriodForm
from promotions.loyalty.selectors.terms import find_pos_terminal, forget_programme
from promotions.models import Partner, PartnerEntry, PartnerShare, PointsAccount, PointsAdjustment
from promotions.partners.services import PartnerRefused, close_settlement
from shop.ground.catalog.models import Store
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import APPROVER, MERCHANDISER, SUPPORT
from tests.integration.backoffice.campaigns.test_campaigns import act, messages_of

REASON = "parcel was lost by the carrier"


@pytest.fixture(autouse=True)
def fresh_terms() -> None:
    forget_programme()


def test_a_large_correction_needs_another_person(as_role: Callable[[str], Client]) -> None:
    member = PointsAccount.objects.filter(shopper__isnull=False).latest("pk")
    support, approver = as_role(SUPPORT), as_role(APPROVER)
    act(support, "promotions_pointsaccount_correct", member.pk, points=40, reason=REASON)
    member.refresh_from_db()
    assert member.available == 140
    act(support, "promotions_pointsaccount_correct", member.pk, points=9_000, reason=REASON)
    asked = PointsAdjustment.objects.filter(points=9_000, account=member).latest("pk")
    assert asked.state == "waiting"
    assert act(support, "promotions_pointsadjustment_approve", asked.pk).status_code == 403
    act(approver, "promotions_pointsadjustment_approve", asked.pk)
    member.refresh_from_db()
    assert member.available == 9_140


def test_more_than_a_member_has_is_not_taken(as_role: Callable[[str], Client]) -> None:
    member = PointsAccount.objects.filter(shopper__isnull=False).latest("pk")
    support = as_role(SUPPORT)
    act(support, "promotions_pointsaccount_correct", member.pk, points=-101, reason=REASON)
    member.refresh_from_db()
    assert member.available == 100
    assert any("not enough points" in text for text in messages_of(support))


def test_a_period_is_closed_once_and_reports_sums_only(
    as_role: Callable[[str], Client],
) -> None:
    partner = Partner.objects.latest("pk")
    seller = as_role(MERCHANDISER)
    PartnerEntry.objects.create(
        share=PartnerShare.objects.get(partner=partner),
        kind="use",
        order_ref="FT-SECRET",
        quantity=1,
        discount_minor=301,
        partner_minor=151,
        key="late",
        at=utc_now() - timedelta(days=3),
    )
    day = (utc_now() - timedelta(days=1)).date().isoformat()
    for _ in range(2):
        act(seller, "promotions_partner_close_period", partner.pk, ends_on=day)
    settlement = partner.settlements.latest("pk")
    assert (partner.settlements.count(), settlement.due_minor) == (2, 151)
    report = seller.get(reverse("admin:promotions_settlement_csv", args=[settlement.pk]))
    assert report.content.decode().splitlines()[-1] == "total,,1,3.01,0.00,0.00,1.51,USD"
    assert b"FT-SECRET" not in report.content


def test_a_period_ends_today_by_the_shops_clock(
    as_role: Callable[[str], Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    late = datetime(2026, 11, 29, 2, tzinfo=UTC)  # nine in the evening in New York
    monkeypatch.setattr("promotions.admin.partners.utc_now", lambda: late)
    assert PeriodForm(RequestFactory().get("/"))["ends_on"].value() == date(2026, 11, 28)
    partner = Partner.objects.latest("pk")
    with override("zh-hans"), pytest.raises(PartnerRefused, match="该结算期尚未结束"):
        close_settlement(partner_id=partner.pk, ends_on=date(2026, 11, 29), by_id=None, now=late)


def test_terms_that_began_are_read_only(root: Client) -> None:
    address = reverse("admin:promotions_programmeterms_add")
    form = {
        "market_code": "us",
        "valid_from_0": "2020-01-01",
        "valid_from_1": "00:00",
        "earn_rate": "1",
        "point_value": "1",
    }
    assert "Terms begin in the future" in root.post(address, form).content.decode()


def test_a_tills_token_is_shown_once_and_ends_at_once(as_role: Callable[[str], Client]) -> None:
    seller = as_role(MERCHANDISER)
    store = Store.objects.get(external_ref="s0")
    seller.post(reverse("admin:promotions_tilltoken_add"), {"store": store.pk, "name": "Till 9"})
    [said] = [text for text in messages_of(seller) if "till_" in text]
    token = said.rpartition(" ")[2]
    made = find_pos_terminal(token)
    assert made is not None
    assert made.store_id == store.pk
    page = seller.get(reverse("admin:promotions_tilltoken_change", args=[made.token_id]))
    assert (page.status_code, token in page.content.decode()) == (200, False)
    support = as_role(SUPPORT)
    revoke = "promotions_tilltoken_revoke"
    assert act(support, revoke, made.token_id, reason=REASON).status_code == 403
    assert find_pos_terminal(token) == made
    act(seller, revoke, made.token_id, reason=REASON)
    assert find_pos_terminal(token) is None
    logged = LogEntry.objects.filter(object_id=str(made.token_id)).order_by("pk")
    assert [entry.action_flag for entry in logged] == [ADDITION, CHANGE]
    assert REASON in logged[1].change_message
