"""What looks taught is told night by night, with the reason where a fit is not used."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.models.impression_fits import LookFit
from shop.ground.kernel.clock import utc_now
from tests.factories.pricing import make_model

FIGURES = {
    "looks": 61_000.0,
    "purchases": 1_234.4,
    "sold_out": 87,
    "offered": 13,
    "together": 0.75,
    "rival": 0.5,
    "left_out_sets": 321,
    "decided": 412.0,
    "response_deals": 0.2,
    "response_family": 0.6,
    "seconds": 12.34,
    "elasticity_before": 1.5,
    "elasticity": 2.25,
    "elasticity_sd": 0.31,
}


def make_fit(model: DemandModelVersion, at: datetime, refusal: str = "", **figures: float) -> None:
    LookFit.objects.create(
        market_code="us",
        channel="online",
        model=model,
        at=at,
        watermark=at - timedelta(hours=2),
        looks=64_321,
        refusal=refusal,
        metrics=FIGURES | figures,
        arrays=b"",
        sha256="s" * 64,
    )


def read(root: Client) -> dict[str, tuple[str, str, str]]:
    page = root.get(reverse("admin:models"), {"part": "learning"})
    figures = page.context["fit_figures"]
    return {str(one.title): (one.figure, str(one.note), one.tone) for one in figures}


def test_the_newest_fit_is_told_and_all_are_drawn(root: Client) -> None:
    text = root.get(reverse("admin:models"), {"part": "learning"}).content.decode()
    assert "The first fit comes after about thirty purchases" in text
    model, now = make_model(), utc_now()
    make_fit(model, now - timedelta(days=1), elasticity=1.9)
    assert root.get(reverse("admin:models"), {"part": "learning"}).context["fits"] is None
    make_fit(model, now)
    told = read(root)
    assert told["Elasticity with impressions"] == ("−2.25 ± 0.31", "prices are made of it", "green")
    assert told["Elasticity of weekly sales alone"][0] == "−1.50"
    assert told["Impressions and purchases so far"][0] == "64,321 / 1,234"
    assert told["Impressions left out"][:2] == (
        "100",
        "sold out: 87; a price with an offer on the card: 13",
    )
    assert told["Impressions beside products of the category"][0] == "75 %"
    assert told["Impressions with a competitor's price"][0] == "50 %"
    assert told["Response to signals"][0] == "+80 %"
    assert told["Fitting time"][0] == "12.3 s"
    rows = root.get(reverse("admin:models"), {"part": "learning"}).context["fits"].rows
    assert [row[1:] for row in rows] == [("−1.90", "−1.50"), ("−2.25", "−1.50")]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ("not_a_number", "not used: the result is not a number"),
        ("too_steep", "not used: elasticities too large to be true"),
        ("wrong_sign", "not used: too many products would sell more when dearer"),
    ],
)
def test_a_fit_that_is_not_used_says_why(root: Client, refusal: str, words: str) -> None:
    make_fit(make_model(), utc_now(), refusal)
    assert read(root)["Elasticity with impressions"][1:] == (words, "red")


def test_seen_over_predicted_is_drawn_with_its_chance(root: Client) -> None:
    row = {"visits": 900.0, "predicted": 40.2, "seen": 61.0, "factor": 1.5, "sd": 0.1}
    tables = [
        {"kind": "family", "p_value": 0.31, "rows": [row | {"label": 0.0, "factor": 1.1}]},
        {"kind": "price", "p_value": 0.00001, "rows": [row | {"label": -0.05}]},
        {"kind": "boost", "p_value": 0.5, "rows": [row | {"label": 1.125}]},
    ]
    make_fit(make_model(), utc_now())
    page = root.get(reverse("admin:models"), {"part": "learning"})
    assert page.context["checks"] == []
    assert "drawn here once the last seven days" in page.content.decode()
    fit = LookFit.objects.get()
    LookFit.objects.update(metrics=fit.metrics | {"calibration": tables})
    family, price, boost = root.get(reverse("admin:models"), {"part": "learning"}).context["checks"]
    assert family.rows == (("0", "1.10", "0.90", "1.30", "40 / 61"),)
    assert price.rows == (("-4.9 %", "1.50", "1.30", "1.70", "40 / 61"),)
    assert boost.rows[0][0] == "× 1.12"
    assert "p = 0.31: nothing here says" in family.note
    assert "p < 0.0001" in price.note
