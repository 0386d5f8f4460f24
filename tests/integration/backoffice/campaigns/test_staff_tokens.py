"""Tokens of staff in the back office, and files with codes for those who may see codes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from promotions.models import Coupon, StaffToken
from promotions.tokens.selectors import find_staff_key
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import ANALYST, MERCHANDISER
from tests.integration.backoffice.campaigns.test_campaigns import REASON, act, messages_of

ADD = "admin:promotions_stafftoken_add"


def test_a_token_belongs_to_its_maker_and_is_shown_once(
    as_role: Callable[[str], Client],
) -> None:
    seller = as_role(MERCHANDISER)
    form = {"name": "Planner", "scopes": ["campaigns:read"], "days": 30, "prices_a_day": 20}
    too_long = seller.post(reverse(ADD), {**form, "days": 400})
    assert "less than or equal to 366" in too_long.content.decode()
    seller.post(reverse(ADD), form)
    [said] = [text for text in messages_of(seller) if "staff_" in text]
    token = said.rpartition(" ")[2]
    row = StaffToken.objects.get(name="Planner")
    found = find_staff_key(token, utc_now())
    assert found is not None
    key, account = found
    assert (key.scopes, key.prices_a_day) == (frozenset({"campaigns:read"}), 20)
    assert account.pk == row.account_id
    assert seller.session["_auth_user_id"] == str(account.pk)
    assert find_staff_key(token, utc_now() + timedelta(days=30, seconds=1)) is None
    page = seller.get(reverse("admin:promotions_stafftoken_change", args=[row.pk]))
    assert (page.status_code, token in page.content.decode()) == (200, False)
    assert "Read campaigns" in page.content.decode()
    assert "campaigns:read" not in page.content.decode()
    analyst = as_role(ANALYST)
    assert analyst.post(reverse(ADD), form).status_code == 403
    revoke = "promotions_stafftoken_revoke"
    assert act(analyst, revoke, row.pk, reason=REASON).status_code == 403
    act(seller, revoke, row.pk, reason=REASON)
    assert find_staff_key(token, utc_now()) is None
    logged = LogEntry.objects.filter(object_id=str(row.pk)).order_by("pk")
    assert [entry.action_flag for entry in logged] == [ADDITION, CHANGE]


def test_only_who_may_see_codes_exports_them(
    as_role: Callable[[str], Client],
) -> None:
    coupon = Coupon.objects.filter(batch__isnull=True).first()
    assert coupon is not None
    analyst, address = as_role(ANALYST), reverse("admin:campaign_export")
    assert coupon.code in analyst.get(address).content.decode()
    group = Group.objects.get(name=ANALYST)
    group.permissions.remove(*group.permissions.filter(codename="view_coupon"))
    assert coupon.code not in analyst.get(address).content.decode()
