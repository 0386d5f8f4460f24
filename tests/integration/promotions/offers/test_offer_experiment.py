"""A campaign under experiment, end to end: arm, cart, exposure, order, read-out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django.utils.translation import override

from profiles.accounts.services.bulk import load_events_bulk, load_shoppers_bulk
from profiles.experiments.services.drafts import ArmPlan
from profiles.experiments.services.experiments import log_exposures, stop_experiment
from profiles.experiments.services.readouts import read_experiment
from profiles.models import Experiment, Exposure
from profiles.shoppers.selectors.shoppers import list_shoppers
from profiles.values import ShopperValue
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.campaigns.selectors.campaigns import take_snapshot
from promotions.campaigns.services.rows import CampaignRefused
from promotions.engine.core.carts import ShopperView
from promotions.engine.core.values import Evaluation
from promotions.models import Campaign, Offer
from promotions.offers.selectors.evaluation import Previews, evaluate_cart
from promotions.offers.selectors.gathering import list_cart_arms
from promotions.offers.selectors.personal import personal_offers_for
from promotions.release.services.checks import launch_experiment, save_experiment
from promotions.release.services.preconditions import PublicUnderExperiment
from promotions.release.services.revisions import save_campaign
from promotions.release.services.steps import move_campaign
from tests.factories.experiments import make_draft, order_rows, start
from tests.factories.previews import preview
from tests.factories.profiles import EVERYTHING
from tests.factories.promotions import NOON, make_campaign, make_cart, make_line

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("small_catalog", "fresh_memory", "forgetful"),
]
WITHOUT = ArmPlan(
    "without", 0.5, name="Without the offer", is_control=True, settings={"offers": []}
)
WITH = ArmPlan("with", 0.5, name="With the offer")


@pytest.fixture
def cheese_week() -> int:
    """10 % off everything, for half of the willing members."""
    make_campaign("cheese-week", percent="10", audience="members")
    return start(
        code="cheese-week-pays",
        subject="offers",
        subject_ref="cheese-week",
        purpose="marketing",
        primary_metric="revenue_per_shopper",
        guards={"conversion": 0.1},
        arms=(WITHOUT, WITH),
    )


def evaluate(view: ShopperView) -> Evaluation:
    return evaluate_cart(
        cart=make_cart(), codes=(), shopper=view, now=NOON, language="en", locale="en_US"
    )


def crowd(count: int) -> list[ShopperValue]:
    names = [(f"crowd-{one}", None) for one in range(count)]
    ids = load_shoppers_bulk(rows=names, market_code="us", consents=EVERYTHING, now=NOON)
    return list_shoppers(sorted(ids.values()))


def test_from_arm_to_read_out(cheese_week: int) -> None:
    rng, rows, paid = np.random.default_rng(2), [], {}
    for shopper in crowd(300):
        view = ShopperView(shopper_id=shopper.id, is_member=True)
        choices = list_cart_arms(cart=make_cart(), shopper=view, now=NOON)
        log_exposures(choices, now=NOON)
        # With the offer everybody buys a piece at 9.00, without it every third one at 10.00.
        total = sum(evaluate(view).totals.values())
        arm = choices[0].arm
        assert total == {"with": 900, "without": 1_000}[arm]
        if arm == "with" or rng.random() < 1 / 3:
            paid[shopper.id] = total
            rows += order_rows(shopper.id, NOON + timedelta(hours=2), total, rng)
    load_events_bulk(csv_chunks=(r.encode() + b"\n" for r in rows), source="test", now=NOON)
    figures = read_experiment(experiment_id=cheese_week, now=NOON + timedelta(days=1))
    assert (figures["verdict"], figures["winner"]) == ("wins", "with")
    primary = figures["primary"][0]
    by_arm = dict(Exposure.objects.values_list("shopper_id", "arm__code"))
    told = {
        arm: [paid.get(one, 0) for one, mine in by_arm.items() if mine == arm]
        for arm in ("without", "with")
    }
    assert primary["treated"] == np.mean(told["with"]) == 900.0
    # The read-out ties to the orders to the cent.
    assert primary["control"] * len(told["without"]) == pytest.approx(sum(told["without"]))


@pytest.mark.usefixtures("cheese_week")
def test_front_page_lists_and_cart_agree_by_arm() -> None:
    seen = set()
    for shopper in crowd(30):
        view = ShopperView(shopper_id=shopper.id, is_member=True)
        shown = personal_offers_for(shopper=view, market_code="us", now=NOON, language="en")
        applied = evaluate(view).applied
        listed = preview([make_line()], view)
        assert len(shown) == len(applied) == len(listed.mine)
        assert [choice.shopper_id for choice in listed.arms] == [shopper.id]
        seen.add(len(shown))
    assert seen == {0, 1}


@pytest.mark.usefixtures("cheese_week")
def test_a_list_shows_arms_only_where_they_could_differ() -> None:
    nobody = ShopperView(shopper_id=None, is_member=True)
    found = preview([make_line()], nobody)
    assert (found.mine, found.members) == ({}, {})
    guest = ShopperView(shopper_id=crowd(1)[0].id)  # the offer is for members
    assert preview([make_line()], guest) == Previews()
    member = replace(guest, is_member=True)
    Offer.objects.update(scope={"categories": [2]})
    forget_offer_book()
    assert preview([make_line()], member) == Previews()


@pytest.mark.usefixtures("cheese_week")
def test_strangers_get_the_plain_arm_and_are_not_logged() -> None:
    nobody = ShopperView(shopper_id=None, is_member=True)
    assert evaluate(nobody).applied == ()
    choices = list_cart_arms(cart=make_cart(), shopper=nobody, now=NOON)
    assert log_exposures(choices, now=NOON) == 0


def test_an_offer_open_to_everybody_is_put_to_no_experiment() -> None:
    make_campaign("open-week", percent="10", audience="public")
    with pytest.raises(PublicUnderExperiment, match="open to everybody"):
        start(code="open-pays", subject="offers", subject_ref="open-week")
    with override("zh-hans"), pytest.raises(PublicUnderExperiment, match="面向所有人"):
        start(code="open-pays", subject="offers", subject_ref="open-week")
    with pytest.raises(CampaignRefused, match="no campaign"):
        start(code="none-pays", subject="offers", subject_ref="no-such-week")
    assert not Experiment.objects.exists()


def test_a_draft_whose_campaign_was_opened_meanwhile_does_not_start() -> None:
    campaign = make_campaign("cheese-week", percent="10", audience="members")
    draft = make_draft(code="pays", subject="offers", subject_ref="cheese-week")
    found = save_experiment(draft=draft, by_id=None, now=NOON)
    Campaign.objects.filter(pk=campaign.pk).update(audience="public")
    with pytest.raises(PublicUnderExperiment):
        launch_experiment(experiment_id=found, now=NOON)


@pytest.mark.usefixtures("cheese_week")
def test_a_campaign_under_experiment_is_not_opened_to_everybody() -> None:
    campaign = Campaign.objects.get(code="cheese-week")
    snapshot = take_snapshot(campaign.pk)

    def open_up() -> None:
        opened = dict(snapshot, audience="public")
        save_campaign(snapshot=opened, reason="for all", by_id=None, now=NOON)

    with pytest.raises(PublicUnderExperiment, match="cheese-week-pays"):
        open_up()
    campaign.refresh_from_db()
    assert campaign.audience == "members"
    move_campaign(campaign_id=campaign.pk, step="pause", reason="", by_id=None, now=NOON)
    Campaign.objects.filter(pk=campaign.pk).update(audience="public")
    with pytest.raises(PublicUnderExperiment):
        move_campaign(campaign_id=campaign.pk, step="resume", reason="", by_id=None, now=NOON)
    stop_experiment(experiment_id=Experiment.objects.get().pk, reason="enough", now=NOON)
    move_campaign(campaign_id=campaign.pk, step="resume", reason="", by_id=None, now=NOON)
