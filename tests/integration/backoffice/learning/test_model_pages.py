"""The pages of demand models: who may take the slot and why not, backtests, departments."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from math import inf

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from pricing.api import ModelImpact
from pricing.base.core.values import ModelVersionRow
from pricing.demand.core.leaderboard import Standing, judge
from pricing.demand.core.served import example_served
from pricing.demand.core.slopes import SlopeCheck
from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness.models.audits import ModelAudit
from pricing.policy.models.breakers import PricedVisit
from pricing.rollout.selectors.verdicts import say_verdict
from profiles.values import Lift
from shop.doors.backoffice.learning import scorecards
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from shop.ground.kernel.clock import utc_now
from tests.factories.backoffice import ROWS
from tests.integration.backoffice.learning.test_learning_pages import open_page

DRAWN = {"slope_factor": 1.05, "slope_sd": 0.11, "slope_p_value": 0.65, "slope_bought": 1234.0} | {
    "slope_days": 28
}
UNSURE = (
    "on randomised prices it is not surely better than the champion:"
    " log-likelihood +0.20 a day, -0.30 to +0.70"
)
BOARD = [
    {"name": "pooled_poisson", "wmape": 0.47, "deviance": 3.0, "ece": 0.02, "coverage_90": 0.9}
    | {"wrong_sign_share": 0.0, "is_champion": True, "may_take": False}
    | DRAWN
    | {"slope_factor": 1.4, "slope_gain": 0.0, "slope_low": 0.0, "slope_high": 0.0},
    {"name": "trees", "wmape": 0.41, "deviance": 2.9, "ece": 0.05, "coverage_90": 0.7}
    | {"wrong_sign_share": 0.04, "is_champion": False, "may_take": False}
    | {"reasons": [UNSURE, "4% of its elasticities are not negative"]}
    | DRAWN
    | {"slope_gain": 0.2, "slope_low": -0.3, "slope_high": 0.7},
    {"name": "softmax", "wmape": 0.5, "deviance": 3.2, "ece": 0.01, "coverage_90": 0.9}
    | {"wrong_sign_share": 0.0, "is_champion": False, "may_take": True}
    | DRAWN
    | {"slope_gain": 1.5, "slope_low": 0.25, "slope_high": 2.75},
]
WEEKS = [
    {"week": 45, "monday": "2026-09-28", "units": 100.0, "forecast": 95.0, "wmape": 0.45}
    | {"ece": 0.03, "bias": -0.05, "coverage_80": 0.82, "coverage_90": 0.91, "deviance": 2.0},
    {"week": 46, "monday": "2026-10-05", "units": 110.0, "forecast": 115.0, "wmape": 0.5}
    | {"ece": 0.02, "bias": 0.045, "coverage_80": 0.8, "coverage_90": 0.9, "deviance": 2.1},
]
METRICS = {
    "wmape": 0.475,
    "coverage_80": 0.81,
    "coverage_90": 0.7,
    "negative_share": 1.0,
    "held_out_weeks": 2,
    "leaderboard": BOARD,
    "backtest_weeks": WEEKS,
    "backtest_prices": [{"from": -9.0, "to": -0.2, "cells": 9, "bias": -0.1}],
    "elasticity_by_department": [
        {"department_id": 1, "items": 9, "elasticity": -2.0, "low": -2.5, "high": -1.5}
    ],
}


@pytest.fixture
def measured(root: Client) -> int:
    """A version in use with all its figures; return its number."""
    newest = DemandModelVersion.objects.order_by("-trained_at").first()
    arrays = example_served().arrays()
    DemandModelVersion.objects.filter(pk=newest.pk).update(
        metrics=METRICS, status="active", arrays=pack_arrays(arrays), sha256=hash_arrays(arrays)
    )
    return int(newest.pk)


def test_the_scorecard_says_who_keeps_the_place(root: Client, measured: int) -> None:
    page = open_page(root, "models", most=22)
    said, tone = page.context["verdict"]
    assert said.startswith("Softmax over prices may replace Hierarchical Poisson: it is surely")
    assert tone == "blue"
    lights = {one.name: (one.tone, one.figure) for one in page.context["lights"]}
    assert lights["Slope"] == ("amber", "1.40 ± 0.11")
    assert lights["Calibration"] == ("amber", "70 %")
    plain = [{name: one[name] for name in one if name not in DRAWN} for one in BOARD]
    kept = [{**one, "may_take": False} for one in plain]
    DemandModelVersion.objects.filter(pk=measured).update(metrics=METRICS | {"leaderboard": kept})
    again = open_page(root, "models", most=22)
    assert again.context["verdict"][0] == (
        "Hierarchical Poisson keeps its place: no randomized prices yet."
    )
    assert {one.name: one.tone for one in again.context["lights"]}["Slope"] == "gray"


@pytest.mark.parametrize(
    ("factor", "sd", "light"),
    [
        (5.48, 4.85, ("gray", "unknown")),  # nothing and ten times the response look alike
        (1.05, 0.5, ("green", "good")),
        (1.05, 0.51, ("gray", "unknown")),
        (5.48, 1.0, ("amber", "look")),
    ],
)
def test_a_slope_is_good_only_where_it_could_be_bad(
    root: Client, measured: int, factor: float, sd: float, light: tuple[str, str]
) -> None:
    board = [{**one, "slope_factor": factor, "slope_sd": sd} for one in BOARD]
    DemandModelVersion.objects.filter(pk=measured).update(metrics=METRICS | {"leaderboard": board})
    lights = {one.name: one for one in open_page(root, "models", most=22).context["lights"]}
    assert (lights["Slope"].tone, lights["Slope"].word) == light


def test_fairness_says_one_thing_on_all_pages(root: Client, measured: int) -> None:
    ModelAudit.objects.all().delete()
    sha256 = DemandModelVersion.objects.get(pk=measured).sha256
    audit = ModelAudit.objects.create(
        model_id=measured, sha256=sha256, at=utc_now(), is_passed=True, is_blind=True, report={}
    )
    said = "No group is certainly treated worse than the limits allow."
    listed = reverse("admin:pricing_modelaudit_changelist")
    own = reverse("admin:pricing_modelaudit_change", args=[audit.pk])
    for address in (reverse("admin:models"), reverse("admin:fairness"), listed, own):
        assert said in root.get(address).content.decode(), address


@pytest.mark.parametrize(
    ("bounds", "week", "said"),
    [
        ((-3.0, 8.0), "not shown yet", "between -$0.21 and +$0.56"),
        ((1.0, 8.0), "+$0.28", "between +$0.07 and +$0.56"),
        ((-inf, inf), "too early to read", "too few shoppers in the holdout"),
    ],
)
def test_earnings_of_a_model_wait_for_a_sure_sign(
    db: None, monkeypatch: pytest.MonkeyPatch, bounds: tuple[float, float], week: str, said: str
) -> None:
    day = date(2026, 11, 2)
    lift = Lift(5.0, 1.0, 4.0, *bounds, 0.05, 1, 1, 1, 1)
    impact = ModelImpact(first=day, last=day, lift=lift)
    monkeypatch.setattr(scorecards, "read_impact", lambda **_: impact)
    in_use = ModelVersionRow(1, "logit", "active", utc_now(), day, day, 1)
    champion = scorecards.describe_champion([in_use], utc_now())
    assert champion is not None
    assert (champion.week, champion.bounds) == (week, said)


def test_a_model_earns_nothing_known_without_a_holdout(root: Client, measured: int) -> None:
    PricedVisit.objects.all().delete()
    seen = {"day": utc_now().date(), "market_code": "us", "channel": "online", "decisions": 3}
    PricedVisit.objects.create(
        owner=1, model_version=measured, is_held_out=False, margin_minor=1214.0, **seen
    )
    champion = open_page(root, "models", most=22).context["champion"]
    assert (champion.week, champion.bounds) == ("–", "nobody of the holdout has visited yet")


def test_retraining_is_asked_for_and_shows_its_progress(
    root: Client, measured: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.ground.jobs.services.current_app.send_task", lambda *_a, **_k: None)
    page = root.post(reverse("admin:retrain_model"), follow=True)
    assert page.context["fit"].says == "Waiting for a worker to start the fit."


def test_the_leaderboard_says_who_may_take_the_slot(root: Client, measured: int) -> None:
    page = open_page(root, "models", most=22)
    families = page.context["families"]
    assert [str(one.name) for one in families] == [
        "Hierarchical Poisson",
        "Boosted trees, falling in price",
        "Softmax over prices",
    ]
    assert [(one.is_champion, one.may_take) for one in families] == [
        (True, False),
        (False, False),
        (False, True),
    ]
    assert families[1].reasons == (
        (
            "on randomized prices it is not surely better than the champion:"
            " log-likelihood +0.20 a day, -0.30 to +0.70"
        ),
        "4.0 % of its elasticities are not negative",
    )
    assert [one.factor for one in families] == ["1.40 ± 0.11", "1.05 ± 0.11", "1.05 ± 0.11"]
    assert [one.p_value for one in families] == ["0.65"] * 3
    assert [one.gain for one in families] == ["–", "+0.20 (-0.30 – +0.70)", "+1.50 (+0.25 – +2.75)"]
    said = "judged by 1,234 purchases at randomized prices on 28 days"
    assert said in page.content.decode()
    assert page.context["takers"] == 1
    assert len(page.context["versions"]) == ROWS
    assert f"version {measured} was trained" in page.content.decode()


def test_a_board_without_randomised_prices_says_so(root: Client, measured: int) -> None:
    plain = [{name: one[name] for name in one if name not in DRAWN} for one in BOARD]
    DemandModelVersion.objects.filter(pk=measured).update(metrics=METRICS | {"leaderboard": plain})
    page = open_page(root, "models", most=22)
    assert "Too few purchases at randomized prices were logged" in page.content.decode()
    assert {one.factor for one in page.context["families"]} == {"–"}


def test_a_shop_without_a_leaderboard_says_when_one_comes(root: Client) -> None:
    page = open_page(root, "models", most=22)
    assert "No families were compared yet" in page.content.decode()


def test_every_verdict_is_said_in_chinese() -> None:
    unsure = SlopeCheck(1.4, 0.1, 0.0, 900.0, 20, gain=-1.5, low=-2.75, high=-0.25)
    worst = Standing("trees", 0.4, 2.5, 0.2, 0.5, 0.3, unsure)
    said = {*judge(worst).reasons, *judge(replace(worst, slopes=None)).reasons}
    assert len(said) == 3
    with override("zh-hans"):
        assert all(any(letter >= "\u4e00" for letter in say_verdict(one)) for one in said)
    with override("en"):
        english = {say_verdict(one).replace("randomized", "randomised") for one in said}
        assert {re.sub(r"(\.0)? %", "%", one) for one in english} == {
            re.sub(r"(\.0)? ?%", "%", one) for one in said
        }
        assert say_verdict("something new") == "something new"


def test_the_backtest_shows_error_calibration_and_coverage_by_week(
    root: Client, measured: int
) -> None:
    page = open_page(root, "model_backtest", measured)
    error, sales, coverage, calibration, strata = page.context["charts"]
    assert error.rows == (("Sep 28", "45 %"), ("Oct 5", "50 %"))
    assert sales.rows[0] == ("Sep 28", "100", "95")
    assert coverage.rows[1] == ("Oct 5", "90 %", "80 %")
    assert calibration.rows[0] == ("Sep 28", "3.0 %", "-5.0 %")
    assert strata.rows == (("20 % lower and more", "-10 %"),)
    tones = {str(one.title): one.tone for one in page.context["figures"]}
    assert tones["90 % intervals hold"] == "amber"
    assert tones["80 % intervals hold"] == "green"
    assert root.get(reverse("admin:model_backtest", args=[10**9])).status_code == 404


def test_a_version_without_later_weeks_says_so(root: Client) -> None:
    version = DemandModelVersion.objects.values_list("pk", flat=True).first()
    page = open_page(root, "model_backtest", version)
    assert "not checked on later weeks" in page.content.decode()


def test_elasticities_of_departments_stand_with_their_intervals(
    root: Client, measured: int
) -> None:
    chart = open_page(root, "models", most=12, part="elasticities").context["chart"]
    assert len(chart.rows) == 1
    assert chart.rows[0][1:] == ("-2.00", "-2.50", "-1.50")
    DemandModelVersion.objects.update(metrics={})
    page = root.get(reverse("admin:models"), {"part": "elasticities"})
    assert page.context["chart"] is None
    assert "No model is in use" in page.content.decode()
