"""What the law says of a campaign before it is released, and its claims as fields of a form."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from promotions.admin.claims import read_claims, write_claims
from promotions.campaigns.core.claims import parse_claims
from promotions.law.core.rules import RULES
from promotions.law.core.words import TITLES
from promotions.law.selectors.violations import list_violations
from promotions.models import Campaign, CampaignCheck, Offer
from promotions.release.services.checks import ask_check, begin_next_check, finish_check
from shop.doors.backoffice.campaigns.checks import LawReport, answer_checks, describe_law
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import ANALYST

NOW = utc_now()


def prepare(**fields: object) -> int:
    """Return a draft whose dates lie ahead."""
    campaign = Campaign.objects.order_by("pk").first()
    dates = {"starts_at": NOW + timedelta(days=1), "ends_at": NOW + timedelta(days=9)}
    Campaign.objects.filter(pk=campaign.pk).update(**{**dates, **fields})
    return int(campaign.pk)


def leave_no_room() -> None:
    """Let all products cost what they are sold for."""
    Variant.objects.update(cost_minor=F("list_minor"))
    forget_catalog()


def report_law(campaign_id: int, language: str) -> LawReport:
    """What the law says now."""
    places, found = list_violations(campaign_id=campaign_id, now=NOW)
    return describe_law(places, found, language)


def ask_law(browser: Client, campaign_id: int) -> str:
    """Ask the law, let a worker answer, and return the page."""
    browser.post(reverse("admin:campaign_ask", args=[campaign_id]), {"kind": "law"})
    assert answer_checks() == 1
    return browser.get(reverse("admin:campaign_workspace", args=[campaign_id])).content.decode()


def test_staff_read_which_rules_are_broken_and_what_to_do(root: Client) -> None:
    key = prepare(name="Last chance: was $9", claims={"only_left": 3})
    page = ask_law(root, key)
    assert "must not be released like this" in page
    for text in ("words_of_urgency", "price_named_in_name", "scarcity_not_from_stock"):
        assert text in page
    for text in ("“Last chance” in the name urges", "Take the word out", "FTC 16 CFR 233"):
        assert text in page
    report = report_law(key, "en")
    broken = [one.rule for one in report.broken]
    assert (len(broken) + len(report.kept), len(RULES)) == (len(RULES), len(TITLES))
    assert [one.places for one in report.broken[0].cases] == [", ".join(report.places)]


def test_goods_concerned_are_named(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_no_room()
    report = report_law(prepare(name="99 % off"), "en")
    named = {one.rule: len(one.goods) + one.more for one in report.broken}
    assert named["cut_not_reached"] > 0


def test_a_lawful_draft_may_be_released_in_both_languages(root: Client) -> None:
    key = prepare(name="Autumn", claims={})
    page = ask_law(root, key)
    assert "may be released" in page
    with override("zh-hans"):
        report = report_law(key, "zh-hans")
    assert (report.is_lawful, len(report.kept)) == (True, len(RULES))
    assert "库存充足" in report.kept


def test_a_button_takes_named_products_out_of_a_draft(
    root: Client, as_role: Callable[[str], Client]
) -> None:
    key = prepare(name="99 % off", status="draft", claims={})
    every = {"scope": {}, "benefit_kind": "percentage", "target": "line", "percent": 10}
    Offer.objects.filter(campaign=key).update(**every)
    dear = Variant.objects.order_by("pk")[0].pk
    found = {"en": {"broken": [], "kept": [], "places": [], "is_lawful": False}}
    ask_check(campaign_id=key, kind="law", by_id=None, now=NOW)
    with begin_next_check(now=NOW) as task:
        assert task is not None
    answer = {**found, "goods": {"below_cost": [dear]}}
    finish_check(check_id=task.check_id, answer=answer, now=NOW)
    address = reverse("admin:campaign_take_out", args=[key])
    asked = {"check": str(task.check_id), "rule": "below_cost"}
    assert as_role(ANALYST).post(address, asked).status_code == 403
    refused = root.post(address, {**asked, "rule": "other"}, follow=True).content.decode()
    assert "This rule names no products that can be taken out." in refused
    done = root.post(address, asked, follow=True).content.decode()
    assert "leaves these products out" in done
    assert "Waiting for a worker" in done  # the law is asked of what is left
    scopes = Offer.objects.filter(campaign=key, is_active=True).values_list("scope", flat=True)
    assert list(scopes) == [{"except_variants": [dear]}] * len(scopes)
    again = root.post(address, asked, follow=True).content.decode()
    assert "The campaign changed since the law was checked: check it again." in again


def release() -> tuple[int, int]:
    """Return a live campaign on everything, and a variant that since costs what it is sold for."""
    key = prepare(name="10 % off", status="live", claims={}, starts_at=NOW - timedelta(days=1))
    every = {"scope": {}, "benefit_kind": "percentage", "target": "line", "percent": 10}
    Offer.objects.filter(campaign=key).update(**every)
    dear = Variant.objects.order_by("pk")[0]
    Variant.objects.exclude(pk=dear.pk).update(cost_minor=1)
    Variant.objects.filter(pk=dear.pk).update(cost_minor=F("list_minor"))
    forget_catalog()
    return key, dear.pk


def test_a_button_takes_named_products_out_of_a_live_campaign(root: Client) -> None:
    key, dear = release()
    shown = ask_law(root, key)
    assert "leave the campaign at once" in shown
    assert "Accept selling below the price floor" not in shown
    check = CampaignCheck.objects.latest("pk")
    assert check.answer["goods"] == {"cut_not_reached": [dear]}
    asked = {"check": str(check.pk), "rule": "cut_not_reached"}
    address = reverse("admin:campaign_take_out", args=[key])
    done = root.post(address, asked, follow=True).content.decode()
    campaign = Campaign.objects.get(pk=key)
    assert (campaign.status, campaign.pending_revision) == ("live", None)
    assert f"Version {campaign.revision} leaves these products out. It holds from now on." in done
    scopes = Offer.objects.filter(campaign=key, is_active=True).values_list("scope", flat=True)
    assert list(scopes) == [{"except_variants": [dear]}] * len(scopes)
    step = campaign.events.latest("pk")
    assert (step.step, step.revision) == ("revise", campaign.revision)
    assert answer_checks() == 1
    after = root.get(reverse("admin:campaign_workspace", args=[key])).content.decode()
    assert "may be released" in after
    assert "/take-out/" not in after


def test_a_live_campaign_keeps_products_while_other_rules_break(root: Client) -> None:
    key, dear = release()
    Campaign.objects.filter(pk=key).update(name="Last chance: 10 % off")
    ask_law(root, key)
    check = CampaignCheck.objects.latest("pk")
    asked = {"check": str(check.pk), "rule": "cut_not_reached"}
    address = reverse("admin:campaign_take_out", args=[key])
    page = root.post(address, asked, follow=True)
    (told,) = map(str, page.context["messages"])
    assert "Take the word out" in told
    scopes = Offer.objects.filter(campaign=key).values_list("scope", flat=True)
    assert {} in scopes
    assert {"except_variants": [dear]} not in scopes


def test_the_law_page_offers_to_take_products_out_of_drafts(root: Client) -> None:
    leave_no_room()
    key = prepare(name="99 % off", status="draft", claims={})
    assert "/take-out/" in ask_law(root, key)
    assert CampaignCheck.objects.get().answer["goods"]["cut_not_reached"]
    Campaign.objects.filter(pk=key).update(status="scheduled")
    page = root.get(reverse("admin:campaign_workspace", args=[key])).content.decode()
    assert "/take-out/" not in page


def test_every_rule_has_a_title_in_both_languages() -> None:
    assert list(TITLES) == [rule.__name__ for rule in RULES]


CLAIMS = {
    "was_minor": 999,
    "up_to_percent": 30.0,
    "countdown": True,
    "only_left": "stock",
    "quantity": 200,
    "free": True,
    "terms": "from 20.00 on",
    "review": {"is_disclosed": True},
    "points_expire": "2027-03-01T00:00:00+00:00",
    "points_noticed": "2027-01-01T00:00:00+00:00",
    "label": False,
}


def test_claims_go_through_the_form_and_back_unchanged() -> None:
    unknown = {"countdown_to": "2027-01-01T00:00:00+00:00"}
    for claims in ({}, CLAIMS, {**CLAIMS, **unknown}, {"review": {"is_disclosed": False}}):
        written = write_claims(read_claims(claims), claims)
        assert written == claims
        parse_claims(written)


def test_the_form_of_a_campaign_asks_for_claims_in_fields(root: Client) -> None:
    key = prepare(claims={"countdown": True})
    address = reverse("admin:promotions_campaign_change", args=[key])
    page = root.get(address)
    assert reverse("admin:campaign_workspace", args=[key]) in page.content.decode()
    form = page.context["adminform"].form
    assert "claims" not in form.fields
    assert form.initial["claim_countdown"] is True
