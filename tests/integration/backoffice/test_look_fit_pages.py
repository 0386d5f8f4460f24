"""What looks taught is told night by night, with the reason where a fit is not used."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from pricing.models import DemandModelVersion, LookFit
from shop.kernel.clock import utc_now
from tests.factories.pricing import make_model

FIGURES = {
    "looks": 61_000.0,
    "purchases": 1_234.4,
    "sold_out": 87,
    "memory": 0.0,
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
        told_at=at,
        looks=64_321,
        refusal=refusal,
        metrics=FIGURES | figures,
        arrays=b"",
        sha256="s" * 64,
    )


def read(root: Client) -> dict[str, tuple[str, str, str]]:
    page = root.get(reverse("admin:learning"))
    figures = page.context["fit_figures"]
    return {str(one.title): (one.figure, str(one.note), one.tone) for one in figures}


def test_the_newest_fit_is_told_and_all_are_drawn(root: Client) -> None:
    text = root.get(reverse("admin:learning")).content.decode()
    assert "The first fit comes after some thirty purchases" in text
    model, now = make_model(), utc_now()
    make_fit(model, now - timedelta(days=1), elasticity=1.9)
    assert root.get(reverse("admin:learning")).context["fits"] is None
    make_fit(model, now)
    told = read(root)
    assert told["Elasticity with looks"] == ("−2.25 ± 0.31", "prices are made of it", "green")
    assert told["Elasticity of weekly sales alone"][0] == "−1.50"
    assert told["Looks and purchases so far"][0] == "64,321 / 1,234"
    assert told["Looks at what was sold out"][0] == "87"
    assert told["Memory for prices"][0] == "none found"
    rows = root.get(reverse("admin:learning")).context["fits"].rows
    assert [row[1:] for row in rows] == [("−1.90", "−1.50"), ("−2.25", "−1.50")]


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ("not_a_number", "not used: it came out as no number"),
        ("too_steep", "not used: elasticities too large to be true"),
        ("wrong_sign", "not used: too many goods would sell more when dearer"),
    ],
)
def test_a_fit_that_is_not_used_says_why(root: Client, refusal: str, words: str) -> None:
    make_fit(make_model(), utc_now(), refusal)
    assert read(root)["Elasticity with looks"][1:] == (words, "red")
