"""The law is asked where it counts: when a campaign is handed in, approved, changed, resumed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from pricing.base.core.values import LedgerRow
from pricing.ledger.selectors.references import list_cuts
from pricing.ledger.services import load_ledger_bulk
from pricing.policy.models.policy import JurisdictionRow
from promotions.campaigns.core.workflow import Step
from promotions.campaigns.selectors.campaigns import take_snapshot
from promotions.law.selectors import evidence as law_evidence
from promotions.law.selectors.violations import judge_campaign, load_laws, reached_places
from promotions.models import Campaign, PromotionLaw
from promotions.offers.services import refresh_public_cuts
from promotions.release.services.preconditions import LawBroken
from promotions.release.services.revisions import save_campaign
from shop.ground.catalog.models import Market
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.campaigns import NOON, REASON, make_draft, make_person, step
from tests.factories.orders import Shelf

# One campaign, laws, prices, sales, stock and earlier runs: none of it by piece of products.
QUERIES = 12
DOCUMENT = Path(__file__).parents[4] / "docs/promotions-law.md"


@pytest.fixture
def ann(db: None) -> int:
    return make_person("ann")


@pytest.fixture
def germany(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """The home market under German law; floors of a book that is not there are left out."""
    Market.objects.filter(pk="us").update(jurisdiction_code="DE", country="DE")
    forget_catalog()
    monkeypatch.setattr(law_evidence, "floor_minor", lambda **_asked: {})
    return shelf


def _prices(variant_id: int, days_and_prices: Sequence[tuple[int, int]]) -> None:
    """Write public prices, each from that many days before the draft begins."""
    begins = NOON + timedelta(hours=1)
    load_ledger_bulk(
        rows=[
            LedgerRow(variant_id, "public", amount, begins - timedelta(days=days))
            for days, amount in days_and_prices
        ]
    )


def _draft(shelf: Shelf, code: str = "autumn", **fields: object) -> Campaign:
    scope = {"scope": {"variants": [shelf.cheddar]}}
    return make_draft(code, offer=scope, market_code="us", budget_minor=1_000, **fields)


def _rules(campaign: Campaign) -> list[str]:
    return [one.rule for one in judge_campaign(campaign_id=campaign.pk, now=NOON)]


def test_a_percentage_off_an_inflated_price_is_blocked(germany: Shelf, ann: int) -> None:
    _prices(germany.cheddar, [(90, 400), (20, 390), (10, 400)])
    campaign = _draft(germany)
    with pytest.raises(
        LawBroken, match="Percentages are computed from the reference price"
    ) as refusal:
        step(campaign, Step.SCHEDULE, ann)
    assert refusal.value.detail["rules"] == ["percent_not_from_reference"]
    assert "Take those products out" in str(refusal.value)
    with override("zh-hans"), pytest.raises(LawBroken, match="折扣须以参考价计算"):
        step(campaign, Step.SCHEDULE, ann)
    campaign.refresh_from_db()
    assert (campaign.status, campaign.revision) == ("draft", 0)


def test_the_same_draft_is_released_once_the_price_has_stood(germany: Shelf, ann: int) -> None:
    _prices(germany.cheddar, [(90, 390), (30, 400)])
    assert step(_draft(germany), Step.SCHEDULE, ann) == "live"


def test_the_same_draft_is_lawful_where_percentages_claim_nothing(
    germany: Shelf, ann: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    _prices(germany.cheddar, [(90, 400), (20, 390), (10, 400)])
    Market.objects.filter(pk="us").update(jurisdiction_code="US-other", country="US")
    forget_catalog()
    assert step(_draft(germany), Step.SCHEDULE, ann) == "live"


def test_an_increase_dressed_as_a_deal_is_blocked(germany: Shelf) -> None:
    _prices(germany.cheddar, [(90, 360), (5, 400)])
    assert _rules(_draft(germany)) == ["percent_not_from_reference", "raised_before_cut"]


def test_a_released_campaign_stays_lawful_or_is_not_saved(germany: Shelf, ann: int) -> None:
    campaign = _draft(germany)
    step(campaign, Step.SCHEDULE, ann)
    said = {**take_snapshot(campaign.pk), "claims": {"only_left": 3}}
    with pytest.raises(LawBroken, match="What is left comes from stock"):
        save_campaign(snapshot=said, reason=REASON, by_id=ann, now=NOON)
    assert take_snapshot(campaign.pk)["claims"] == {}


def test_the_second_person_cannot_release_what_became_illegal(germany: Shelf, ann: int) -> None:
    campaign = _draft(germany, percent="50")
    assert step(campaign, Step.SCHEDULE, ann) == "scheduled"
    _prices(germany.cheddar, [(3, 350), (2, 400)])
    with pytest.raises(LawBroken, match="Percentages are computed from the reference price"):
        step(campaign, Step.APPROVE, make_person("bob"))


def test_a_repeated_offer_needs_a_pause_after_its_real_end(germany: Shelf, ann: int) -> None:
    first = _draft(germany, "first", starts_at=NOON - timedelta(days=60), ends_at=NOON)
    Campaign.objects.filter(pk=first.pk).update(status="live", ends_at=NOON + timedelta(hours=1))
    step(first, Step.END, ann, now=NOON - timedelta(days=29, hours=23))
    again = _draft(germany, "again")
    assert _rules(again) == []
    Campaign.objects.filter(pk=again.pk).update(starts_at=NOON - timedelta(hours=1))
    assert _rules(again) == ["window_without_pause"]
    again.offers.update(condition={"first_order": True})
    assert _rules(again) == []  # another promise, to others: not the same one again
    other = make_draft(
        "rye", offer={"scope": {"variants": [germany.rye]}}, market_code="us", budget_minor=9
    )
    assert _rules(other) == []


def test_a_personal_offer_follows_the_row_of_prices(germany: Shelf) -> None:
    campaign = _draft(germany, audience="personal", percent="40")
    assert _rules(campaign) == ["personal_above_cap"]
    JurisdictionRow.objects.filter(code="DE").update(personal_allowed=False)
    assert _rules(campaign) == ["personal_not_allowed", "personal_above_cap"]


def test_a_price_floor_that_stops_a_named_cut_is_seen(
    germany: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(law_evidence, "floor_minor", lambda **_asked: {germany.cheddar: 380})
    assert _rules(_draft(germany, label="10 % off")) == ["cut_not_reached"]


def test_kinds_are_flags_or_departments(germany: Shelf) -> None:
    PromotionLaw.objects.filter(code="DE").update(banned_kinds=["cheese"])
    assert _rules(_draft(germany)) == ["banned_promotion"]


def test_the_days_of_the_campaign_decide_which_row_holds(germany: Shelf, ann: int) -> None:
    law = PromotionLaw.objects.get(code="DE")
    ends = (NOON + timedelta(days=5)).date()
    PromotionLaw.objects.filter(pk=law.pk).update(valid_to=ends)
    law.pk, law.valid_from, law.banned_kinds = None, ends, ["cheese"]
    law.save()
    assert _rules(_draft(germany)) == ["banned_promotion"]
    short = _draft(germany, "short", ends_at=NOON + timedelta(days=2))
    assert _rules(short) == []


def test_parts_of_a_country_with_own_laws_count(shelf: Shelf) -> None:
    places = reached_places("us", load_laws(), ())
    assert places == ("US", "US-NY")


def test_claims_that_cannot_be_read_are_not_saved(db: None) -> None:
    campaign = make_draft()
    campaign.claims = {"moon": "full"}
    with pytest.raises(ValidationError, match="does not belong here"):
        campaign.full_clean()


def test_the_documented_table_of_laws_equals_the_shops(db: None) -> None:
    text = DOCUMENT.read_text()
    shown = re.findall(r"^\| ((?:EU|DE|FR|PL|UK|CN|US-\w+) \| .+) \|$", text, re.MULTILINE)
    assert shown == [_describe(row) for row in PromotionLaw.objects.order_by("pk")]


def _describe(row: PromotionLaw) -> str:
    says = {True: "yes", False: "no"}
    cells = [
        row.code,
        str(row.pause_days),
        str(row.raise_days),
        says[row.percent_is_claim],
        says[row.members_count],
        f"{row.personal_cap:g} %",
        says[row.below_cost_allowed],
        ", ".join(row.banned_kinds) or "–",
        ", ".join(row.groups_allowed),
    ]
    return " | ".join(cells)


def test_members_offers_enter_price_history_only_where_laws_say_so(
    germany: Shelf, ann: int
) -> None:
    _prices(germany.cheddar, [(90, 400)])
    earlier = NOON - timedelta(days=20)
    dates = {"starts_at": earlier, "ends_at": earlier + timedelta(days=2)}
    ran = _draft(germany, "ran", percent="20", **dates)
    step(ran, Step.SCHEDULE, ann, now=earlier)
    step(ran, Step.PAUSE, ann, now=earlier + timedelta(days=1))
    cut = list_cuts("us", NOON)[0]
    told = [int((earlier + timedelta(days=days)).timestamp()) for days in (0, 1)]
    assert ([cut.starts, cut.ends], cut.percent) == (told, 20.0)
    assert cut.variant_id.tolist() == [germany.cheddar]
    other = {"percent": "5", "label": "Something else"}
    PromotionLaw.objects.filter(code="DE").update(pause_days=0)
    assert _rules(_draft(germany, **other)) == ["percent_not_from_reference"]
    Campaign.objects.filter(pk=ran.pk).update(audience="members")
    assert refresh_public_cuts(now=NOON) == 1
    assert _rules(_draft(germany, "members-ran", **other)) == []
    PromotionLaw.objects.filter(code="DE").update(members_count=True)
    assert refresh_public_cuts(now=NOON) == 1
    assert _rules(_draft(germany, "they-count", **other)) == ["percent_not_from_reference"]


def test_a_price_of_a_piece_is_in_the_price_history(germany: Shelf, ann: int) -> None:
    _prices(germany.cheddar, [(90, 400)])
    earlier = NOON - timedelta(days=20)
    ran = _draft(germany, "ran", starts_at=earlier, ends_at=earlier + timedelta(days=2))
    said = {"benefit_kind": "set_price", "target": "unit", "percent": None, "amount_minor": 330}
    ran.offers.update(**said)
    assert step(ran, Step.SCHEDULE, ann, now=earlier) == "live"
    assert [cut.price_minor for cut in list_cuts("us", NOON)] == [330]
    PromotionLaw.objects.filter(code="DE").update(pause_days=0)
    assert _rules(_draft(germany)) == ["percent_not_from_reference"]


def test_a_released_campaign_is_judged_by_prices_before_it_began(germany: Shelf, ann: int) -> None:
    _prices(germany.cheddar, [(90, 400)])
    campaign = _draft(germany)
    step(campaign, Step.SCHEDULE, ann)
    later = NOON + timedelta(days=2)
    assert judge_campaign(campaign_id=campaign.pk, now=later) == ()


def test_the_law_costs_the_same_queries_for_all_products(germany: Shelf, ann: int) -> None:
    everything: Any = {"offer": {"scope": {}}, "market_code": "us"}
    one, all_of_them = _draft(germany), make_draft("all", **everything)
    few = _count_queries(one.pk)
    for at in range(5):
        ran = make_draft(f"ran-{at}", starts_at=NOON - timedelta(days=9), **everything)
        Campaign.objects.filter(pk=ran.pk).update(status="live", ends_at=NOON)
    assert refresh_public_cuts(now=NOON) == 5
    # Of the campaigns that ran: offers and listed products for windows, early ends.
    assert (few, _count_queries(all_of_them.pk) - few) == (QUERIES, 3)


def _count_queries(campaign_id: int) -> int:
    """Return the fewest of some tries: what is remembered for seconds may have to be read."""
    counts = []
    for _ in range(4):
        with CaptureQueriesContext(connection) as captured:
            judge_campaign(campaign_id=campaign_id, now=NOON)
        counts.append(len(captured))
    return min(counts)


def test_every_offer_kind_is_judged_by_its_own_products(
    germany: Shelf,
) -> None:
    campaign = _draft(germany, audience="personal")
    PromotionLaw.objects.filter(code="DE").update(gift_kinds=["cheese"], banned_kinds=["bread"])
    offer = campaign.offers.get()

    def judge(kind: str, terms: object, **fields: object) -> list[str]:
        known = {"percent": None, "amount_minor": None, "scope": {}, "target": "cart", **fields}
        for name, value in {"benefit_kind": kind, "terms": terms, **known}.items():
            setattr(offer, name, value)
        offer.save()
        return _rules(campaign)

    cheddar, merlot = {"variants": [germany.cheddar]}, {"variants": [germany.merlot]}
    own = {"condition": {"categories": [germany.cheese], "quantity": 3}}
    assert judge("gift", {"variants": [germany.merlot]}, **own) == ["personal_above_cap"]
    many = {"condition": {"categories": [germany.cheese], "quantity": 9}}
    assert judge("gift", {"variants": [germany.merlot]}, **many) == []
    assert judge("gift", {"variants": [germany.cheddar]}, **many) == ["restricted_gift"]
    offer.condition = {}
    parts = {"parts": [{"scope": cheddar}, {"scope": merlot}]}
    assert judge("bundle", parts, percent=Decimal(30)) == []
    assert judge("bundle", parts, amount_minor=700) == ["personal_above_cap"]
    with_bread = {"parts": [{"scope": cheddar}, {"scope": {"variants": [germany.rye]}}]}
    assert judge("bundle", with_bread, percent=Decimal(30)) == ["banned_promotion"]
    free = {"buy": 1, "get": 1, "get_scope": cheddar}
    rules = judge("buy_get", free, percent=Decimal(100), scope=merlot)
    assert rules == ["personal_above_cap", "restricted_gift"]
    assert judge("delivery", {"price": 0}) == []
