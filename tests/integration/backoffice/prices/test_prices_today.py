"""Prices of today, and what changes bring together."""

from __future__ import annotations

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pricing.ledger.models.proposals import PriceProposal
from shop.doors.backoffice.memory import forget_all
from tests.factories.backoffice import ROWS


def test_prices_of_today_stand_with_their_bounds(root: Client) -> None:
    root.get(reverse("admin:prices_today"))
    forget_all()
    with CaptureQueriesContext(connection) as queries:
        page = root.get(reverse("admin:prices_today"))
    assert len([one for one in queries if "shop_catalogversion" not in one["sql"]]) <= 22
    lines = page.context["lines"]
    assert len(lines) == ROWS
    assert all(line.public.startswith("$") and line.floor.startswith("$") for line in lines)
    nothing = root.get(reverse("admin:prices_today"), {"q": "no such product at all"})
    assert nothing.context["lines"] == []


def test_changes_say_what_they_bring_together(root: Client) -> None:
    weekly = {"profit": [100, 250, 400], "revenue": [-50, 50, 150]}  # low, mean, high
    PriceProposal.objects.update(state="pending", effect={"weekly": weekly})
    page = root.get(reverse("admin:change_inbox"))
    count = len(page.context["changes"])
    assert {change.profit_minor for change, _card in page.context["changes"]} == {250}
    assert page.context["effect"] == (
        f"The {count} changes on this page should together bring +${2.5 * count:.2f} profit and"
        f" +${0.5 * count:.2f} revenue a week."
    )
