"""Budget alerts: each share once, whoever spends, exactly, and taken back with what was spent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction
from django.db.models import F

from promotions.campaigns.selectors.book import forget_offer_book
from promotions.coupons.services.limits import announce_budget_alerts
from promotions.engine.core.carts import ShopperView
from promotions.models import BudgetAlert, Campaign
from promotions.offers.selectors.personal import personal_offers_for
from shop.ground.outbox.models import Fact
from tests.factories.promotions import NOON, make_campaign


def _spend(amount_minor: int) -> int:
    rows = Campaign.objects.filter(budget_minor__gte=F("spent_minor") + amount_minor)
    return rows.update(spent_minor=F("spent_minor") + amount_minor)


def _raised() -> list[tuple[int, int]]:
    return list(BudgetAlert.objects.order_by("percent").values_list("percent", "spent_minor"))


@pytest.mark.django_db
def test_each_share_is_raised_when_it_is_reached_and_once() -> None:
    make_campaign("tenth", percent="10", budget_minor=1_000)
    steps = []
    for amount in (499, 1, 299, 1, 199, 1):
        _spend(amount)
        steps.append([percent for percent, _ in _raised()])
    assert steps == [[], [50], [50], [50, 80], [50, 80], [50, 80, 100]]
    Campaign.objects.update(spent_minor=100)  # given back, and spent again
    _spend(900)
    assert [percent for percent, _ in _raised()] == [50, 80, 100]


@pytest.mark.django_db
def test_one_use_may_cross_several_shares_and_rollbacks_undo_them() -> None:
    make_campaign("tenth", percent="10", budget_minor=1_000)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        _spend(1_000 // 0 if _spend(1_000) else 0)
    assert _raised() == []
    _spend(850)
    assert _raised() == [(50, 850), (80, 850)]
    Campaign.objects.update(budget_minor=1_700)  # another budget is another story
    _spend(510)
    assert sorted(percent for percent, _ in _raised()) == [50, 50, 80, 80]


@pytest.mark.django_db
def test_an_alert_is_announced_once() -> None:
    make_campaign("tenth", percent="10", budget_minor=1_000)
    _spend(800)
    assert [announce_budget_alerts(now=NOON) for _ in range(2)] == [2, 0]
    facts = Fact.objects.filter(kind="BudgetShareReached").values_list(
        "payload__percent", flat=True
    )
    assert sorted(facts) == [50, 80]


@pytest.mark.django_db(transaction=True)
def test_parallel_spending_raises_each_share_exactly_once_at_its_crossing() -> None:
    make_campaign("tenth", percent="10", budget_minor=1_000)

    def spend(_n: int) -> int:
        try:
            return _spend(10)
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(spend, range(200))) == 100
    assert _raised() == [(50, 500), (80, 800), (100, 1_000)]


@pytest.mark.django_db
@pytest.mark.usefixtures("fresh_memory")
def test_a_clock_runs_only_to_an_end_fixed_before() -> None:
    make_campaign("tenth", percent="10")
    clocks = []
    for fields in (
        {"claims": {"countdown": True}},
        {"status": "live", "promised_ends_at": F("ends_at")},
        {"claims": {}},
    ):
        Campaign.objects.update(**fields)
        forget_offer_book()
        offers = personal_offers_for(
            shopper=ShopperView(None), market_code="us", now=NOON, language="en"
        )
        clocks.append([offer.has_clock for offer in offers])
    assert clocks == [[False], [True], [False]]
