"""Simulated visits carry a model from the shadow to everybody, and it goes back in one click."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

import pytest
from django.db import connection
from django.db.models import Model

from pricing.api import publish_price_book
from pricing.demand.models.demand import DemandModelVersion
from pricing.learning.models.learning import ModelRamp
from pricing.ledger.models.quotes import Quote
from pricing.quoting.selectors.rollouts import Rollout
from pricing.rollout.services.approvals import ask_for_model
from pricing.rollout.services.rollback import rollback_model
from pricing.rollout.services.rollouts import begin_rollout
from profiles.accounts.services.bulk import load_shoppers_bulk
from profiles.shoppers.models.shoppers import Shopper
from profiles.shoppers.selectors.shoppers import list_shoppers
from profiles.values import Consents, ShopperValue
from shop.ground.catalog.models import Product, Variant
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import receive_stock
from shop.ground.kernel.hashing import stable_draw
from shop.traffic import products
from shop.traffic.acts import Shopping
from shop.traffic.jobs import Jobs
from shop.traffic.plan import Kind, Visit
from shop.traffic.products import choose_products
from shop.traffic.rollout import Staff, use_tried
from shop.traffic.truth import Truth
from tests.factories.pricing import NOON, committed, make_model
from tests.factories.pricing_shocks import make_teas
from tests.factories.pricing_trials import audit, make_people

pytestmark = pytest.mark.django_db
TEAS, GUESTS = 60, 200
FLAT, STEEP, DOUBT = 1.8, 2.6, 0.8
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
# A model older than two weeks prices nobody, and the ramp takes ten days at least.
BEGUN = NOON + 3 * DAY
TRUTH = Truth(seed=1, level=-3.3, least_slope=6.0, most_slope=6.5)
ALL = Consents(price=True, recommendations=True, analytics=True)


@dataclass(slots=True)
class Market:
    """A tea shop, its visitors, and how many visits there were."""

    shopping: Shopping
    jobs: Jobs
    everybody: list[ShopperValue]
    visits: int = 0
    now: datetime = NOON

    def let(self, people: list[ShopperValue], now: datetime, looks: int = 1) -> None:
        """Let people visit in the hour before `now`, then let the jobs work."""
        self.shopping.people = {Kind.GUEST: people}
        for at, _ in enumerate(people):
            self.visits += 1
            moment = now - HOUR + (at + 1) * (HOUR - 10 * timedelta(minutes=1)) / len(people)
            draws = tuple(stable_draw("test", str(self.visits), str(n)) for n in range(8))
            visit = Visit(self.visits, moment, Kind.GUEST, at, (0,) * looks, False, draws)
            with committed():
                self.shopping.visit(visit)
        with committed():
            self.jobs.work(now)


@pytest.fixture
def staff() -> Staff:
    """Bob, who asks, and Ann, who decides."""
    return Staff(*make_people("bob", "ann"))


@pytest.fixture
def market(staff: Staff, monkeypatch: pytest.MonkeyPatch) -> Market:
    """Teas under a model that believes in flat demand, visited by guests."""
    monkeypatch.setattr(products, "PAGE", TEAS)
    _restart_ids(Product, Variant, Shopper)
    teas = make_teas(TEAS)
    receive_stock(
        lines=[StockLine(one, 500) for one in teas], reference="opening", now=NOON - 30 * DAY
    )
    audit(make_model(dict.fromkeys(teas, FLAT), trained_at=NOON - DAY, sd=DOUBT))
    publish_price_book(now=NOON - HOUR)
    rows = [(f"simulated-guest-{at}", None) for at in range(GUESTS)]
    with committed():
        known = load_shoppers_bulk(rows=rows, market_code="us", consents=ALL, now=NOON)
        for name, pk in known.items():
            Shopper.objects.filter(pk=pk).update(pseudonym=uuid5(NAMESPACE_URL, name))
    people = list_shoppers(list(known.values()))
    shopping = Shopping(1, TRUTH, choose_products("us", 1), {Kind.GUEST: people}, "standard")
    return Market(shopping, Jobs("us"), people)


def _restart_ids(*models: type[Model]) -> None:
    """Let ids begin at 1 until the test is rolled back: lots go by ids and pseudonyms, and this
    test follows one course of chance."""
    with connection.cursor() as cursor:
        for model in models:
            cursor.execute(f"ALTER SEQUENCE {model._meta.db_table}_id_seq RESTART")


def put_steep_on_trial(market: Market, staff: Staff) -> ModelRamp:
    """Put a model on trial that believes in demand as steep as it is."""
    flat = DemandModelVersion.objects.get(status="active")
    teas = list(market.shopping.goods.popularity)
    steep = make_model(dict.fromkeys(teas, STEEP), trained_at=BEGUN, sd=DOUBT)
    DemandModelVersion.objects.filter(pk=steep.pk).update(status="candidate")
    DemandModelVersion.objects.filter(pk=flat.pk).update(status="active")
    audit(steep)
    with committed():
        ask_for_model(model_id=steep.pk, reason="steeper", by_id=staff.asks, now=BEGUN)
        begin_rollout(model_id=steep.pk, by_id=staff.decides, now=BEGUN)
    return ModelRamp.objects.get()


def choose_salt(ramp: ModelRamp, people: list[ShopperValue]) -> Rollout:
    """Draw the trial's shares anew until its first one holds two of these few shoppers."""
    for number in range(1_000):
        trial = Rollout(ramp.model_id, f"salt-{number}", 0.01)
        if sum(trial.has(one.pseudonym) for one in people) >= 2:
            ModelRamp.objects.filter(pk=ramp.pk).update(salt=trial.salt)
            return trial
    raise AssertionError("no salt has two of them")


def climb(market: Market, ramp: ModelRamp, trial: Rollout, now: datetime) -> list[float]:
    """Let those who are quoted by the trial visit, every day, until it quotes everybody;
    return the shares it had."""
    everybody = list_shoppers([one.id for one in market.everybody])
    shares = [float(ramp.steps.first().share)]  # type: ignore[union-attr]  # a ramp begins with one
    for _ in range(16):
        now += 25 * HOUR
        trial = replace(trial, share=shares[-1])
        market.let([one for one in everybody if trial.has(one.pseudonym)][:13], now)
        step = ramp.steps.first()
        assert step is not None
        if step.share != shares[-1]:
            shares.append(step.share)
        if step.share == 1.0:
            break
    market.now = now
    return shares


@pytest.mark.slow
def test_simulated_visits_open_the_gate_and_carry_the_ramp(market: Market, staff: Staff) -> None:
    flat = DemandModelVersion.objects.get(status="active").pk
    ramp = put_steep_on_trial(market, staff)
    trial = choose_salt(ramp, market.everybody)
    market.let(market.everybody[:56], NOON + 4 * DAY + HOUR, looks=3)
    shadow = ramp.steps.get()
    assert shadow.evidence["reason"] == "needs_answer"
    assert "few_shoppers" in shadow.evidence["offline"]["reasons"]
    # A hundred are enough, and one in twenty is in the holdout.
    market.let(market.everybody[56:124], NOON + 5 * DAY + 2 * HOUR, looks=3)
    shadow.refresh_from_db()
    assert shadow.evidence["offline"]["reasons"] == []
    assert climb(market, ramp, trial, NOON + 5 * DAY + 2 * HOUR) == [0.01, 0.05, 0.25, 0.50, 1.0]
    with committed():
        assert use_tried(staff=staff, now=market.now) == ramp.model_id
    ramp.refresh_from_db()
    assert ramp.end == "promoted"
    with committed():
        gone_back = rollback_model(reason="tried", by_id=staff.asks, now=market.now + HOUR)
    assert gone_back == flat
    asked = Quote.objects.exclude(arm="none").values_list("purpose", flat=True)
    assert set(asked) == {"simulated"}
