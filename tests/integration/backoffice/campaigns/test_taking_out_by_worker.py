"""More products than somebody waits for are taken out by the worker that then asks the law."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from promotions.models import Campaign, CampaignCheck, CampaignRevision, Offer
from promotions.release.services.checks import ask_check, begin_next_check, finish_check, stop_check
from shop.doors.backoffice.campaigns.checks import answer_checks
from shop.doors.backoffice.views import checks as views
from shop.ground.catalog.models import Variant
from shop.ground.kernel.clock import utc_now
from tests.integration.backoffice.campaigns.test_law_page import NOW, prepare

pytestmark = pytest.mark.usefixtures("stocked_shop")


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The products a rule names: two, where one is all that somebody waits for."""
    monkeypatch.setattr(views, "MOST_AT_ONCE", 1)
    return sorted(Variant.objects.order_by("pk").values_list("pk", flat=True)[:2])


def judged(goods: list[int], **offer: Any) -> tuple[int, CampaignCheck]:
    """Return a draft about everything, and an answer of the law that names products of it."""
    key = prepare(name="99 % off", status="draft", claims={})
    every = {"scope": {}, "benefit_kind": "percentage", "target": "line", "percent": 10}
    Offer.objects.filter(campaign=key).update(**(every | offer))
    ask_check(campaign_id=key, kind="law", by_id=None, now=NOW)
    with begin_next_check(now=NOW) as task:
        assert task is not None
    said = {"broken": [], "kept": [], "places": [], "is_lawful": False}
    answer = {"en": said, "zh-hans": said, "goods": {"below_cost": goods}}
    finish_check(check_id=task.check_id, answer=answer, now=NOW)
    return key, CampaignCheck.objects.get()


def press(browser: Client, key: int, check: CampaignCheck, rule: str = "below_cost") -> str:
    address = reverse("admin:campaign_take_out", args=[key])
    asked = {"check": str(check.pk), "rule": rule}
    return browser.post(address, asked, follow=True).content.decode()


def page_of(browser: Client, key: int, language: str = "en") -> str:
    address = reverse("admin:campaign_workspace", args=[key])
    return browser.get(address, headers={"Accept-Language": language}).content.decode()


def scopes(key: int) -> list[Any]:
    return list(Offer.objects.filter(campaign=key, is_active=True).values_list("scope", flat=True))


def test_the_worker_takes_products_out_and_checks_the_rest(root: Client, named: list[int]) -> None:
    key, check = judged(named)
    before = Campaign.objects.get(pk=key).revision
    assert "Waiting for a worker" in press(root, key, check)
    assert "It was requested already" in press(root, key, check)
    assert set(map(str, scopes(key))) == {"{}"}
    assert answer_checks() == 1
    assert scopes(key) == [{"except_variants": named}] * len(scopes(key))
    newest = CampaignCheck.objects.order_by("-pk")[0]
    campaign = Campaign.objects.get(pk=key)
    assert (newest.state, newest.is_taken_out) == ("done", True)
    assert newest.revision == campaign.revision > before
    assert not set(named) & {
        one for products in newest.answer["goods"].values() for one in products
    }
    assert "the campaign changed since" not in page_of(root, key)


def test_a_restarted_worker_takes_nothing_out_again(
    root: Client, named: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    key, check = judged(named)
    press(root, key, check)

    def die(**_asked: Any) -> Any:
        raise SystemExit

    with monkeypatch.context() as patch:
        patch.setattr("shop.doors.backoffice.campaigns.checks.list_violations", die)
        with pytest.raises(SystemExit):
            answer_checks()
    taken = Campaign.objects.get(pk=key).revision
    assert answer_checks() == 1
    assert Campaign.objects.get(pk=key).revision == taken
    assert CampaignCheck.objects.order_by("-pk")[0].state == "done"


def test_a_refusal_is_translated_and_changes_nothing(root: Client, named: list[int]) -> None:
    key, check = judged(named, scope={"variants": named})
    press(root, key, check)
    assert answer_checks() == 0
    newest = CampaignCheck.objects.order_by("-pk")[0]
    assert (newest.state, newest.failure) == ("failed", "refused")
    assert scopes(key) == [{"variants": named}] * len(scopes(key))
    assert "would mean nothing" in page_of(root, key)
    with override("zh-hans"):
        assert newest.answer["zh-hans"] in page_of(root, key, "zh-hans")
    assert newest.answer["zh-hans"] != newest.answer["en"]


def test_goods_of_a_draft_that_changed_meanwhile_stay(root: Client, named: list[int]) -> None:
    key, check = judged(named)
    press(root, key, check)
    Campaign.objects.filter(pk=key).update(revision=9)
    answer_checks()
    newest = CampaignCheck.objects.order_by("-pk")[0]
    assert newest.failure == "refused"
    assert "check it again" in newest.answer["en"]
    assert set(map(str, scopes(key))) == {"{}"}


def test_what_is_stopped_before_a_worker_comes_takes_nothing_out(
    root: Client, named: list[int]
) -> None:
    key, check = judged(named)
    press(root, key, check)
    stop_check(campaign_id=key, kind="law", by_id=None, now=utc_now())
    assert answer_checks() == 0
    assert set(map(str, scopes(key))) == {"{}"}


@pytest.mark.parametrize("most", [1, 1_000], ids=["by a worker", "at once"])
def test_one_press_takes_out_what_several_rules_name(
    root: Client, named: list[int], monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(views, "MOST_AT_ONCE", most)
    key, check = judged(named[:1])
    assert "these rules name" not in page_of(root, key)
    named_by = {"may_take_out": True, "goods": [], "more": 2}
    rules = [{"rule": rule, **named_by} for rule in ("below_cost", "bait_quantity")]
    products = {"below_cost": named[:1], "bait_quantity": named}
    said = {**check.answer["en"], "broken": rules}
    check.answer = {"en": said, "zh-hans": said, "goods": products}
    check.save(update_fields=["answer"])
    assert "Take out all products that these rules name" in page_of(root, key)
    press(root, key, check, "every")
    assert answer_checks() == 1
    assert scopes(key) == [{"except_variants": named}] * len(scopes(key))
    newest = CampaignRevision.objects.filter(campaign_id=key).order_by("-number")[0]
    assert newest.reason == "taken out as the law says: every rule that names products"
