"""Campaigns and offers in the admin: steps with a reason, by two people, versions, the way back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from promotions.models import Campaign, CampaignPolicy, Offer
from shop.ground.catalog.models import Market
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.log import say_entry
from shop.ground.staff.roles import APPROVER, MERCHANDISER

REASON = "agreed in the weekly meeting"


def messages_of(browser: Client) -> list[str]:
    """Return what the next page says."""
    return [str(message) for message in browser.get(reverse("admin:index")).context["messages"]]


def act(browser: Client, name: str, key: Any, **fields: Any) -> Any:
    """Confirm the dialog of an action."""
    address = reverse(f"admin:{name}", args=[key])
    return browser.post(address, {"_form_submitted": "on", **fields})


def prepare_campaign() -> int:
    """Return a draft whose dates lie ahead."""
    campaign = Campaign.objects.order_by("pk").first()
    dates = {"starts_at": utc_now() + timedelta(days=1), "ends_at": utc_now() + timedelta(days=9)}
    Campaign.objects.filter(pk=campaign.pk).update(**dates)
    return int(campaign.pk)


def test_a_link_alone_sets_nothing_in_motion(root: Client) -> None:
    campaign = Campaign.objects.first()
    answer = root.get(reverse("admin:promotions_campaign_schedule", args=[campaign.pk]))
    assert "Schedule the campaign?" in answer.content.decode()
    assert Campaign.objects.get(pk=campaign.pk).status == "draft"


def test_an_action_without_a_reason_asks_for_it(root: Client) -> None:
    campaign = Campaign.objects.first()
    act(root, "promotions_campaign_schedule", campaign.pk, reason="no")
    assert Campaign.objects.get(pk=campaign.pk).status == "draft"


def test_a_campaign_is_scheduled_paused_resumed_and_ended_for_good(root: Client) -> None:
    key = prepare_campaign()
    states = []
    for step in ("schedule", "pause", "resume", "end", "resume"):
        act(root, f"promotions_campaign_{step}", key, reason=REASON)
        states.append(Campaign.objects.get(pk=key).status)
    assert states == ["live", "paused", "live", "ended", "ended"]
    assert any("cannot take the step" in text for text in messages_of(root))
    noted = LogEntry.objects.filter(object_id=str(key)).order_by("pk")
    assert say_entry(noted.first()) == f"Step: schedule. Reason: {REASON}"


def test_one_schedules_a_deep_campaign_and_another_approves_it(
    as_role: Callable[[str], Client],
) -> None:
    seller, approver = as_role(MERCHANDISER), as_role(APPROVER)
    key = prepare_campaign()
    Offer.objects.filter(campaign_id=key).update(percent=60)
    act(seller, "promotions_campaign_schedule", key, reason=REASON)
    assert Campaign.objects.get(pk=key).status == "scheduled"
    assert act(seller, "promotions_campaign_approve", key, reason=REASON).status_code == 403
    act(approver, "promotions_campaign_approve", key, reason=REASON)
    assert Campaign.objects.get(pk=key).status == "live"


def release(browser: Client, key: int, step: str, reason: str = REASON) -> None:
    """Press the button of a step on the page that says what a campaign says."""
    address = reverse("admin:campaign_release", args=[key])
    assert browser.post(address, {"step": step, "reason": reason}).status_code == 302


def test_the_plan_page_schedules_and_another_person_approves(
    as_role: Callable[[str], Client],
) -> None:
    seller, approver = as_role(MERCHANDISER), as_role(APPROVER)
    key = prepare_campaign()
    Offer.objects.filter(campaign_id=key).update(percent=60)
    plan = reverse("admin:campaign_workspace", args=[key])
    release(seller, key, "schedule", reason="no")
    assert messages_of(seller) == [
        "Give a reason of at least 5 characters: it is stored with the change."
    ]
    assert 'name="step" value="schedule"' in page_of(seller, plan)
    release(seller, key, "schedule")
    assert messages_of(seller) == ["The new status of the campaign is “waits for a second person”."]
    assert 'name="step" value="approve"' not in page_of(seller, plan)
    release(seller, key, "approve")
    assert messages_of(seller) == [
        ("This step is not possible in this state, or you may not take it.")
    ]
    assert Campaign.objects.get(pk=key).status == "scheduled"
    assert '<span class="ft-tag ft-tag-amber">waits for a second' in page_of(approver, plan)
    release(approver, key, "approve")
    assert messages_of(approver) == ["The new status of the campaign is “approved, not begun”."]


def test_a_refused_step_says_each_rule_and_keeps_the_reason(
    as_role: Callable[[str], Client],
) -> None:
    seller, key = as_role(MERCHANDISER), prepare_campaign()
    Campaign.objects.filter(pk=key).update(name="Last chance, was $9.99")
    address = reverse("admin:campaign_release", args=[key])
    answer = seller.post(address, {"step": "schedule", "reason": "the week of cheese"})
    said = messages_of(seller)
    assert len(said) >= 2
    titles = ("No old price is typed into a name (",)
    titles += ("Words of urgency have a clock or stock behind them (",)
    for title in titles:
        assert [one for one in said if one.startswith(title)] != []
    assert 'value="the week of cheese"' in page_of(seller, answer["Location"])


def test_list_and_form_show_dates_in_the_markets_time_zone(root: Client) -> None:
    key = prepare_campaign()
    days = datetime(2030, 1, 5, 5, tzinfo=UTC), datetime(2030, 1, 12, 5, tzinfo=UTC)
    Campaign.objects.filter(pk=key).update(market_code="us", starts_at=days[0], ends_at=days[1])
    listed = page_of(root, reverse("admin:promotions_campaign_changelist"))
    assert "2030-01-05 00:00" in listed
    assert "2030-01-12 00:00" in listed
    form = page_of(root, reverse("admin:promotions_campaign_change", args=[key]))
    assert "2030-01-05 00:00 – 2030-01-12 00:00 America/New_York" in form
    assert "Clock of America/New_York." in form
    assert 'name="starts_at_0" value="2030-01-05"' in form
    assert 'name="starts_at_1" value="00:00:00"' in form
    Market.objects.create(code="jp", name="Japan", time_zone="Asia/Tokyo")
    forget_catalog()
    Campaign.objects.filter(pk=key).update(market_code="jp")
    form = page_of(root, reverse("admin:promotions_campaign_change", args=[key]))
    assert "2030-01-05 14:00 – 2030-01-12 14:00 Asia/Tokyo" in form
    assert 'name="starts_at_1" value="14:00:00"' in form
    listed = page_of(root, reverse("admin:promotions_campaign_changelist"))
    assert "2030-01-05 14:00 Asia/Tokyo" in listed


def test_a_step_names_the_new_status_and_the_time_zone(root: Client) -> None:
    key = prepare_campaign()
    days = datetime(2030, 1, 5, 5, tzinfo=UTC), datetime(2030, 1, 12, 5, tzinfo=UTC)
    Campaign.objects.filter(pk=key).update(
        market_code="us", starts_at=days[0], ends_at=days[1], budget_minor=100
    )
    act(root, "promotions_campaign_schedule", key, reason=REASON)
    assert messages_of(root) == [
        "Done.",
        "The new status of the campaign is “approved, not begun”.",
    ]
    page = page_of(root, reverse("admin:campaign_workspace", args=[key]))
    assert "2030-01-05 00:00" in page
    assert '2030-01-12 00:00  <span class="ft-note">America/New_York</span>' in page


def page_of(browser: Client, address: str) -> str:
    """Return a page as it came."""
    return browser.get(address).content.decode()


def test_a_save_makes_a_version_that_can_be_rolled_back(root: Client) -> None:
    key = prepare_campaign()
    act(root, "promotions_campaign_schedule", key, reason=REASON)
    offer = Offer.objects.get(campaign_id=key)
    form = _offer_form(code=offer.code, name=offer.name, percent="12", change_reason="less stock")
    assert (
        root.post(reverse("admin:promotions_offer_change", args=[offer.pk]), form).status_code
        == 302
    )
    page = root.get(reverse("admin:campaign_workspace", args=[key])).content.decode()
    assert "percent: 10 → 12" in page
    assert "less stock" in page
    back = {"number": "1", "reason": REASON}
    root.post(reverse("admin:campaign_rollback", args=[key]), back)
    offer.refresh_from_db()
    assert offer.percent == 10
    assert any("says what version 1 said" in text for text in messages_of(root))


def test_a_refused_change_stays_in_the_form_with_its_reason(root: Client) -> None:
    key = prepare_campaign()
    Campaign.objects.filter(pk=key).update(status="ended")
    offer = Offer.objects.get(campaign_id=key)
    form = _offer_form(code=offer.code, name="Another name")
    answer = root.post(reverse("admin:promotions_offer_change", args=[offer.pk]), form)
    assert answer.status_code == 200
    assert "copy it to run it again" in str(answer.context["adminform"].form.errors)
    assert answer.context["adminform"].form["name"].value() == "Another name"


def test_thresholds_are_proposed_by_one_and_approved_by_another(
    as_role: Callable[[str], Client],
) -> None:
    seller, approver = as_role(MERCHANDISER), as_role(APPROVER)
    form = {
        "two_person_budget_minor": "100",
        "two_person_depth": "5",
        "two_person_depth_unbudgeted": "5",
        "two_person_stack": "25",
        "reason": REASON,
    }
    assert seller.post(reverse("admin:promotions_campaignpolicy_add"), form).status_code == 302
    draft = CampaignPolicy.objects.order_by("-version").first()
    assert act(seller, "promotions_campaignpolicy_approve", draft.pk).status_code == 403
    act(approver, "promotions_campaignpolicy_approve", draft.pk)
    draft.refresh_from_db()
    assert (draft.is_active, draft.two_person_depth) == (True, 5.0)


def test_a_copy_opens_as_a_draft(root: Client) -> None:
    key = prepare_campaign()
    answer = act(root, "promotions_campaign_clone", key)
    copy = Campaign.objects.order_by("-pk").first()
    assert answer["HX-Redirect"].endswith(f"/campaigns/{copy.pk}/")
    assert (copy.status, copy.offers.count()) == ("draft", 1)


def test_a_campaign_without_offers_does_not_go_live(root: Client) -> None:
    key = prepare_campaign()
    Offer.objects.filter(campaign_id=key).update(is_active=False)
    act(root, "promotions_campaign_schedule", key, reason=REASON)
    assert Campaign.objects.get(pk=key).status == "draft"
    assert any("Add an active offer first" in text for text in messages_of(root))


@pytest.mark.parametrize(
    ("_case", "changes", "wrong"),
    [
        ("a condition nobody can compute", {"condition": '{"moon": "full"}'}, "condition"),
        ("a scope nobody can find", {"scope": '{"shelves": [1]}'}, "scope"),
        ("more than everything off", {"percent": "120"}, ""),
        ("two benefits at once", {"amount_minor": "100"}, ""),
    ],
)
def test_an_offer_that_cannot_be_computed_is_not_saved(
    root: Client, _case: str, changes: dict[str, str], wrong: str
) -> None:
    before = Offer.objects.count()
    form = _offer_form(**changes)
    answer = root.post(reverse("admin:promotions_offer_add"), form)
    assert answer.status_code == 200
    assert Offer.objects.count() == before
    assert not wrong or wrong in answer.context["adminform"].form.errors
    assert root.post(reverse("admin:promotions_offer_add"), _offer_form()).status_code == 302


def _offer_form(**changes: str) -> dict[str, str]:
    form = {
        "campaign": str(Campaign.objects.values_list("pk", flat=True).first()),
        "name": "A tenth off cheese",
        "code": "tenth-off",
        "is_active": "on",
        "benefit_kind": "percentage",
        "target": "line",
        "percent": "10",
        "condition": "{}",
        "scope": "{}",
        "stacking": "stack",
        "priority": "0",
    }
    return form | changes
