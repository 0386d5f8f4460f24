"""The table of models says how a fit goes and how it ended, and loads again by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.versions import model_row
from pricing.tasks import learn_from_looks, train_demand, train_family
from shop.ground.jobs.models import JobRun
from shop.ground.kernel.clock import utc_now

TABLE = "admin:pricing_demandmodelversion_changelist"


def test_a_fit_waits_runs_and_ends_on_the_page(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.ground.jobs.services.current_app.send_task", lambda *_a, **_k: None)
    address = reverse(TABLE)
    assert 'id="ft-fit"' not in root.get(address).content.decode()
    root.post(
        reverse("admin:pricing_demandmodelversion_fit_family"),
        {"_form_submitted": "on", "family": "trees"},
    )
    waiting = root.get(address, headers={"HX-Request": "true"})
    assert "Waiting for a worker to start the fit." in waiting.content.decode()
    assert "HX-Refresh" not in waiting
    pages: list[str] = []
    version = DemandModelVersion.objects.order_by("pk")[0]

    def train(*, progress: Any, **_words: Any) -> Any:
        progress("fitting demand", 1, 5)
        pages.append(root.get(address).content.decode())
        return model_row(version)

    monkeypatch.setattr("pricing.api.train_demand", train)
    train_family.run(family="trees")
    assert "Boosted trees, falling in price: the worker fits demand and compares" in pages[0]
    assert 'value="20"' in pages[0]
    assert 'hx-trigger="every 2s"' in pages[0]
    ended = root.get(address, headers={"HX-Request": "true"})
    said = f"Boosted trees, falling in price: version {version.pk} was fitted."
    assert said in ended.content.decode()
    assert 'hx-trigger="every 2s"' not in ended.content.decode()
    assert ended["HX-Refresh"] == "true"


def test_a_fit_that_failed_says_why(root: Client) -> None:
    now = utc_now()
    JobRun.objects.create(
        name="train_family",
        outcome="failed",
        started_at=now - timedelta(minutes=2),
        heartbeat_at=now,
        finished_at=now,
        report={"family": "trees"},
        error="Traceback\n  line\nValueError: too few sales\n",
    )
    page = root.get(reverse(TABLE)).content.decode()
    assert "Boosted trees, falling in price: the fit failed. ValueError: too few sales" in page


@pytest.mark.django_db
def test_the_night_fits_looks_where_training_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    woken: list[Any] = []

    def fail(**_words: Any) -> None:
        raise ValueError("too few sales")

    monkeypatch.setattr("pricing.api.train_demand", fail)
    monkeypatch.setattr("pricing.tasks.wake", woken.append)
    with pytest.raises(ValueError, match="too few sales"):
        train_demand.run()
    assert woken == [learn_from_looks]
