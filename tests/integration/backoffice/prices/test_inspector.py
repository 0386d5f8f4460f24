"""The quote inspector: chances of prices, and decisions made again by the thousand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pricing.ledger.models.quotes import Quote
from shop.ground.jobs.models import JobRun
from shop.ground.jobs.services import start_job
from shop.ground.kernel.clock import utc_now
from tests.factories.backoffice_prices import NOON, make_quote


def test_the_inspector_shows_possible_prices_and_their_chances(root: Client) -> None:
    quote = Quote.objects.order_by("pk").first()
    stored = make_quote(
        quote.variant,
        quote.shopper,
        NOON + timedelta(minutes=1),
        rung_minors=[480, 465, 450],
        rung_probabilities=[0.25, 0.0, 0.75],
        propensity=0.75,
        segment="regular",
        stock=7,
        competitor_minor=499,
    )
    page = root.get(reverse("admin:quote", args=[stored]))
    chances = page.context["chances"]
    assert [(one.price, one.discount, one.chance, one.is_shown) for one in chances] == [
        ("$4.80", "0 %", "25 %", False),
        ("$4.65", "-3.1 %", "0 %", False),
        ("$4.50", "-6.2 %", "75 %", True),
    ]
    assert page.context["drawn"].rows[2] == ("$4.50", "75 %", "–")
    text = page.content.decode()
    for words in ("regular", "$4.99", "How likely each price was"):
        assert words in text, words


def test_a_certain_price_has_no_chances(root: Client) -> None:
    quote_id = Quote.objects.values_list("pk", flat=True).first()
    page = root.get(reverse("admin:quote", args=[quote_id]))
    assert "this price was certain" in page.content.decode()


@pytest.mark.parametrize(
    ("outcome", "error", "words"),
    [
        (None, "", "Never checked"),
        ("ok", "", "9,999 stored decisions were made again with the same result"),
        ("running", "", "Begun"),
        ("failed", "Traceback\nReplayDiffers: 1 of 9,999 decisions", "1 of 9,999 decisions"),
    ],
)
def test_the_last_replay_is_told(root: Client, outcome: str | None, error: str, words: str) -> None:
    if outcome:
        now = utc_now()
        JobRun.objects.create(
            name="check_replay",
            started_at=now,
            heartbeat_at=now,
            outcome=outcome,
            rows=9999,
            error=error,
        )
    assert words in root.get(reverse("admin:quote_inspector")).content.decode()


def test_a_replay_of_many_is_sent_to_the_workers(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[Any, ...]] = []
    monkeypatch.setattr(
        "shop.ground.jobs.services.current_app.send_task",
        lambda name, queue: sent.append((name, queue)),
    )
    page = root.post(reverse("admin:replay_all"), follow=True)
    assert sent == [("pricing.tasks.check_replay", "bulk")]
    assert "Started. The result appears here" in page.content.decode()
    assert root.get(reverse("admin:replay_all")).status_code == 405
    start_job(name="check_replay")
    assert len(sent) == 2
