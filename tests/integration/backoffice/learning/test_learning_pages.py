"""Pages about learning: lift, trials, guardrails, data quality."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pricing.demand.models.demand import DemandModelVersion
from pricing.learning.models.learning import ModelRamp, OnlineEvidence, RampStep, ShadowComparison
from pricing.ledger.models.proposals import PriceProposal
from pricing.ledger.models.quotes import Quote
from pricing.policy.models.breakers import PricedVisit
from shop.doors.backoffice.memory import forget_all
from shop.ground.catalog.models import Category, Variant
from shop.ground.kernel.arrays import hash_arrays, pack_arrays, unpack_arrays
from shop.ground.kernel.clock import utc_now
from tests.factories.backoffice import ROWS
from tests.factories.backoffice_prices import NOON, make_quote
from tests.factories.pricing import make_model


def list_asked(queries: CaptureQueriesContext) -> list[str]:
    """Return what a page asked but which catalogue there is: a process asks that once a second."""
    return [one["sql"] for one in queries if "shop_catalogversion" not in one["sql"]]


def open_page(browser: Client, name: str, *arguments: Any, most: int = 11, **asked: str) -> Any:
    """Open a page twice; the second time it may ask `most` queries, the session's included."""
    address = reverse(f"admin:{name}", args=arguments)
    browser.get(address, asked)
    with CaptureQueriesContext(connection) as queries:
        page = browser.get(address, asked)
    assert page.status_code == 200
    counted = list_asked(queries)
    assert len(counted) <= most, [one[:80] for one in counted]
    return page


def test_the_season_is_told_by_family(root: Client) -> None:
    DemandModelVersion.objects.filter(status="active").update(status="retired")
    page = open_page(root, "models", part="season")
    assert "No demand model was trained yet" in page.content.decode()
    version = make_model(trained_at=NOON)
    page = open_page(root, "models", part="season")
    assert "The model in use keeps no season by family" in page.content.decode()
    department = Category.objects.filter(depth=0).order_by("pk")[0]
    season = np.zeros((2, 53))
    season[0, 9], season[0, 50] = np.log(0.8), np.log(1.25)
    arrays = unpack_arrays(version.arrays)
    arrays |= {"season": season, "department_id": np.array([department.pk, 0])}
    version.arrays, version.sha256 = pack_arrays(arrays), hash_arrays(arrays)
    version.save()
    page = open_page(root, "models", part="season")
    assert page.context["rows"] == [(department.name, 51, "+25 %", 10, "-20 %")]
    assert page.context["chart"].rows == (("10", "-20 %"), ("51", "+25 %"))
    assert "learned of 2 weeks of the year" in " ".join(page.content.decode().split())


def test_the_lift_has_no_bounds_before_there_are_enough_shoppers(root: Client) -> None:
    forget_all()
    assert "No visit was counted yet" in open_page(root, "lift").content.decode()
    _visit(days=2, shoppers=20)
    forget_all()
    story = open_page(root, "lift", most=13).context["story"]
    assert story.verdict == (
        "Not shown yet: the smaller group has 20 shoppers, and 100 are needed."
    )
    assert (story.difference, story.tone, story.bounds) == ("too early to read", "gray", "none yet")


@pytest.mark.parametrize(
    ("is_held_out", "said"),
    [
        (True, "Nobody of the holdout has visited yet."),
        (False, "Nobody with personal prices has visited yet."),
    ],
)
def test_the_lift_names_the_arm_it_waits_for(root: Client, is_held_out: bool, said: str) -> None:
    _visit(days=1, shoppers=2)
    PricedVisit.objects.filter(is_held_out=is_held_out).delete()
    forget_all()
    for asked in ({}, {"wall": "1"}):
        page = open_page(root, "lift", most=12, **asked).content.decode()
        assert said in page
        assert "No visit was counted yet" not in page


def test_the_lift_stands_with_its_bounds_and_segments(root: Client) -> None:
    _visit(days=3, shoppers=400)
    forget_all()
    page = open_page(root, "lift", most=13)
    story = page.context["story"]
    assert story.verdict.startswith("Personal prices bring $0.50 more profit a visit, between +$0.")
    assert (story.treated_visits, story.holdout_shoppers) == ("1,200", "400")
    assert "ft-band" in page.context["chart"].svg
    (segment,) = page.context["segments"]
    assert (segment.name, segment.verdict) == ("No segment yet", "brings more")
    wall = open_page(root, "lift", most=13, wall="1").content.decode()
    assert "ft-wall-green" in wall
    sheet = root.get(reverse("admin:lift"), {"format": "csv"}).content.decode()
    assert "No segment yet," in sheet


def test_learning_is_shown_step_by_step(root: Client) -> None:
    OnlineEvidence.objects.all().delete()
    now = utc_now()
    for step in range(3):
        OnlineEvidence.objects.create(
            market_code="us",
            channel="online",
            is_current=step == 2,
            at=now - timedelta(minutes=3 - step),
            watermark=now - timedelta(minutes=5 - step),
            exposures=100 * (step + 1),
            purchases=10 * (step + 1),
            pending_exposures=5 * step,
            pending_purchases=step,
            moved=list(range(step)),
            arrays=b"",
            sha256="s" * 64,
        )
    outcomes, moves = open_page(root, "models", most=12, part="learning").context["evidence"]
    assert [row[1:] for row in outcomes.rows] == [
        ("100", "10", "0"),
        ("205", "21", "5"),
        ("310", "32", "10"),
    ]
    assert [row[1] for row in moves.rows] == ["0", "1", "2"]


def test_trials_and_their_shadows_are_told(root: Client) -> None:
    ModelRamp.objects.all().delete()
    ShadowComparison.objects.all().delete()
    assert (
        "No version was on trial yet." in open_page(root, "models", part="trials").content.decode()
    )
    model = DemandModelVersion.objects.first()
    now = utc_now()
    ramp = ModelRamp.objects.create(model=model, salt="s", begun_at=now)
    RampStep.objects.create(ramp=ramp, share=0.0, at=now - timedelta(days=2), reason="begun")
    RampStep.objects.create(ramp=ramp, share=0.05, at=now, reason="nothing against it")
    ShadowComparison.objects.create(
        model=model,
        at=now,
        since=now - timedelta(hours=1),
        until=now,
        decisions=640,
        figures={
            "gap": -0.012,
            "mean_absolute_gap": 0.02,
            "same_share": 0.7,
            "lower_share": 0.2,
            "higher_share": 0.1,
            "violations": 0,
        },
    )
    page = open_page(root, "models", most=12, part="trials")
    assert page.context["compared"].rows[0][1:] == ("20 %", "70 %", "10 %")
    assert page.context["trials"][0]["verdict"][0] == "too few shoppers to say anything yet"
    text = page.content.decode()
    for words in ("goes on", "5.0 %", "in the shadow", "nothing against it", "640", "-1.2 %"):
        assert words in text, words


def test_guardrail_hits_are_counted_and_lead_to_the_quotes(root: Client) -> None:
    forget_all()
    quote, now = Quote.objects.order_by("pk").first(), utc_now()
    make_quote(quote.variant, quote.shopper, now, guard_actions=["below_cap", "below_floor"])
    PriceProposal.objects.update(created_at=now)
    # The holdout pays public prices because it is the holdout: no guardrail had to act.
    held_out = {"guard_actions": ["not_allowed"], "arm": "holdout"}
    make_quote(quote.variant, quote.shopper, now, **held_out)
    page = open_page(root, "safety", most=16, days="7")
    hits = {code: count for code, _, count in page.context["hits"]}
    assert hits["below_floor"] == "1"
    assert "not_allowed" not in hits
    assert int(hits["below_cap"]) >= 1
    rules = {code: count for code, _, count in page.context["rules"]}
    assert rules["observational"] == ROWS
    chosen = open_page(root, "safety", most=18, days="7", code="below_floor")
    assert len(chosen.context["quotes"]) == 1
    assert "$4.50" in chosen.content.decode()
    strange = open_page(root, "safety", most=16, code="'; DROP TABLE pricing_quote; --")
    assert strange.context["code"] == ""


def test_costs_that_nobody_gave_are_told(root: Client) -> None:
    before = open_page(root, "data_quality", most=13).content.decode()
    assert "usual margin of their department" not in before
    Variant.objects.filter(pk=Variant.objects.order_by("pk")[0].pk).update(cost_source="assumed")
    text = open_page(root, "data_quality", most=13).content.decode()
    assert f"The costs of 1 of {ROWS} variants on sale are assumed" in text
    assert "cost_source__exact=assumed" in text


def test_a_shop_without_a_book_has_no_quality_report(root: Client) -> None:
    page = open_page(root, "data_quality", most=13)
    assert "no price book was published yet" in page.content.decode()


def _visit(*, days: int, shoppers: int) -> None:
    """Let every shopper of both arms come daily; the treated earn 50 cents more."""
    PricedVisit.objects.all().delete()
    today = utc_now().date()
    PricedVisit.objects.bulk_create(
        PricedVisit(
            day=today - timedelta(days=back),
            owner=2 * shopper + is_held_out,
            market_code="us",
            channel="online",
            model_version=1,
            is_held_out=is_held_out,
            decisions=3,
            margin_minor=100.0 + shopper % 7 + (0 if is_held_out else 50),
        )
        for back in range(days)
        for shopper in range(shoppers)
        for is_held_out in (False, True)
    )
