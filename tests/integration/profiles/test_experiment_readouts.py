"""From exposure to read-out: counted once, adjusted, stopped where it harms."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from profiles.accounts.services.bulk import load_events_bulk
from profiles.experiments.selectors.experiments import choose_arm
from profiles.experiments.services import readouts
from profiles.experiments.services.experiments import move_shares, stop_experiment
from profiles.experiments.services.readouts import read_experiment, read_experiments
from profiles.models import (
    Experiment,
    ExperimentOutcome,
    ExperimentReadout,
    ExperimentShares,
    Exposure,
    Shopper,
)
from shop.ground.outbox.models import Fact
from tests.factories.experiments import (
    order_rows,
    plant,
    serve_as_drawn,
    start,
)
from tests.factories.profiles import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog", "forgetful")]
LATER = NOON + timedelta(days=2)
EVEN = {"plain": 0.3, "short": 0.3}


def test_a_planted_winner_is_found_with_its_order_figures() -> None:
    found = start()
    planted = plant(found, shoppers=600, chance={"plain": 0.2, "short": 0.5})
    figures = read_experiment(experiment_id=found, now=LATER)
    assert (figures["verdict"], figures["winner"]) == ("wins", "short")
    assert figures["measured"] == [len(planted.by_arm[arm]) for arm in ("plain", "short")]
    primary = figures["primary"][0]
    bought = set(
        ExperimentOutcome.objects.filter(is_before=False, orders__gt=0).values_list(
            "shopper_id", flat=True
        )
    )
    rates = [
        len(bought & {*planted.by_arm[arm]}) / len(planted.by_arm[arm]) for arm in planted.by_arm
    ]
    # The past is adjusted for, so it differs a little from the plain shares of buyers.
    assert primary["treated"] - primary["control"] == pytest.approx(rates[1] - rates[0], abs=0.02)
    assert 0.0 < primary["low"] < primary["difference"] < primary["high"]


def test_reading_twice_changes_nothing() -> None:
    found = start()
    plant(found, shoppers=250, chance=EVEN)
    first = read_experiment(experiment_id=found, now=LATER)
    rows = list(ExperimentOutcome.objects.order_by("pk").values_list("shopper_id", "paid_minor"))
    again = read_experiment(experiment_id=found, now=LATER)
    after = list(ExperimentOutcome.objects.order_by("pk").values_list("shopper_id", "paid_minor"))
    assert first == again
    assert sorted(rows) == sorted(after)
    assert ExperimentReadout.objects.count() == 1


def test_only_what_follows_the_exposure_counts_and_days_add_up() -> None:
    found = start()
    planted = plant(found, shoppers=4, chance=EVEN, seed=3)
    one = planted.by_arm["plain"][0] if planted.by_arm["plain"] else planted.by_arm["short"][0]
    rng = np.random.default_rng(9)
    ExperimentOutcome.objects.all().delete()
    rows = [
        *order_rows(one, NOON - timedelta(minutes=1), 5_000, rng),
        *order_rows(one, NOON + timedelta(minutes=1), 700, rng),
        *order_rows(one, NOON + timedelta(days=1), 800, rng),
    ]
    load_events_bulk(csv_chunks=(r.encode() + b"\n" for r in rows), source="test", now=LATER)
    before = sum_paid(one)
    read_experiment(experiment_id=found, now=NOON + timedelta(hours=30))
    read_experiment(experiment_id=found, now=NOON + timedelta(days=9))
    assert before == 0
    counted = ExperimentOutcome.objects.filter(shopper_id=one, is_before=False)
    mine = counted.filter(paid_minor__in=[700, 800]).values_list("paid_minor", flat=True)
    assert sum_paid(one) >= 1_500
    assert 5_000 not in counted.values_list("paid_minor", flat=True)
    assert {*mine} <= {700, 800}


def sum_paid(shopper_id: int) -> int:
    rows = ExperimentOutcome.objects.filter(shopper_id=shopper_id, is_before=False)
    return sum(rows.values_list("paid_minor", flat=True))


def test_the_past_makes_the_interval_of_sales_narrower() -> None:
    found = start(primary_metric="revenue_per_shopper", guards={})
    plant(found, shoppers=400, chance={"plain": 1.0, "short": 1.0})
    figures = read_experiment(experiment_id=found, now=LATER)
    # Each order is 10.00 and a quarter of what was spent before: all that varies was there before.
    assert figures["primary"][0]["kept_variance"] < 0.01
    assert figures["primary"][0]["high"] - figures["primary"][0]["low"] < 20.0


def test_harm_to_a_guard_stops_the_experiment_by_itself() -> None:
    found = start(primary_metric="units_per_shopper", guards={"conversion": 0.05})
    plant(found, shoppers=600, chance={"plain": 0.6, "short": 0.1})
    assert read_experiments(now=LATER, load_served=serve_as_drawn) == 1
    row = Experiment.objects.get(pk=found)
    assert (row.state, row.stop_reason) == ("stopped", "harmed")
    assert Fact.objects.get(kind="ExperimentStopped").payload["is_automatic"] is True
    assert choose_arm("short-list", shopper=None) is None


def test_arms_that_did_not_get_their_shoppers_are_stopped() -> None:
    found = start()
    planted = plant(found, shoppers=400, chance=EVEN)
    # Logging lost two of three exposures of one arm.
    lost = planted.by_arm["short"][: 2 * len(planted.by_arm["short"]) // 3]
    Exposure.objects.filter(shopper_id__in=lost).delete()
    figures = read_experiment(experiment_id=found, now=LATER)
    assert figures["verdict"] == "mismatch"
    assert figures["balance"] < 0.001
    assert Experiment.objects.get(pk=found).stop_reason == "mismatch"


def test_who_withdraws_consent_is_exposed_but_not_measured() -> None:
    found = start()
    plant(found, shoppers=60, chance=EVEN)
    read_experiment(experiment_id=found, now=LATER)
    gone = Exposure.objects.values_list("shopper_id", flat=True)[:10]
    Shopper.objects.filter(pk__in=list(gone)).update(consent_recommendations=False)
    figures = read_experiment(experiment_id=found, now=LATER)
    assert (sum(figures["measured"]), sum(figures["exposed"])) == (50, 60)
    assert not ExperimentOutcome.objects.filter(shopper_id__in=list(gone)).exists()


def test_a_guest_that_became_a_login_counts_once() -> None:
    found = start()
    planted = plant(found, shoppers=40, chance={"plain": 1.0, "short": 1.0})
    guest, owner = planted.by_arm["plain"][:2]
    Shopper.objects.filter(pk=guest).update(merged_into=owner)
    figures = read_experiment(experiment_id=found, now=LATER)
    assert (sum(figures["measured"]), sum(figures["exposed"])) == (39, 40)


def test_the_columns_of_a_started_experiment_change_no_verdict() -> None:
    found = start()
    plant(found, shoppers=400, chance={"plain": 0.2, "short": 0.5})
    before = read_experiment(experiment_id=found, now=LATER)
    Experiment.objects.filter(pk=found).update(primary_metric="return_rate", alpha=0.9, guards={})
    assert read_experiment(experiment_id=found, now=LATER) == before


def test_a_bandit_favors_the_earning_arm_and_moves_nobody() -> None:
    found = start(mode="bandit", least_share=0.1, guards={})
    plant(found, shoppers=400, chance={"plain": 0.2, "short": 0.5})
    read_experiment(experiment_id=found, now=NOON + timedelta(hours=20))
    assert ExperimentShares.objects.count() == 1
    read_experiment(experiment_id=found, now=LATER)
    newest = ExperimentShares.objects.order_by("-revision")[0]
    assert (newest.revision, newest.reason) == (2, "thompson")
    assert newest.shares["short"] == pytest.approx(0.9, abs=0.01)
    read_experiment(experiment_id=found, now=LATER)
    assert ExperimentShares.objects.count() == 2
    plant(found, shoppers=200, chance={"plain": 0.2, "short": 0.5}, seed=2, day=LATER)
    figures = read_experiment(experiment_id=found, now=LATER + timedelta(hours=23))
    assert (figures["verdict"], figures["winner"]) == ("wins", "short")
    assert figures["primary"][0]["difference"] == pytest.approx(0.3, abs=0.15)
    assert figures["balance"] > 0.01


def test_one_experiment_that_cannot_be_read_blinds_no_other(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = start(traffic=0.5), start(code="other", traffic=0.5)
    real = readouts.load_measured

    def fail(row: Experiment) -> Any:
        if row.pk == first:
            raise ValueError("no arrays")
        return real(row)

    monkeypatch.setattr(readouts, "load_measured", fail)
    assert read_experiments(now=LATER, load_served=serve_as_drawn) == 1
    assert ExperimentReadout.objects.get().experiment_id == second
    assert "could not be read" in caplog.text


def test_stopped_experiments_settle_and_then_rest() -> None:
    found = start()
    plant(found, shoppers=20, chance=EVEN)
    stop_experiment(experiment_id=found, reason="enough", now=LATER)
    assert read_experiments(now=LATER + timedelta(days=13), load_served=serve_as_drawn) == 1
    assert read_experiments(now=LATER + timedelta(days=15), load_served=serve_as_drawn) == 0


def test_shares_moved_by_hand_keep_the_balance_check_right() -> None:
    found = start()
    plant(found, shoppers=200, chance=EVEN)
    move_shares(experiment_id=found, shares={"plain": 0.1, "short": 0.9}, reason="ramp", now=NOON)
    plant(found, shoppers=200, chance=EVEN, seed=2)
    assert read_experiment(experiment_id=found, now=LATER)["balance"] > 0.01
