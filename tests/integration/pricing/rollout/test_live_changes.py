"""Rollbacks and trials reach a worker within a second, whichever process wrote them.

Rows are written on another connection, and what this process does at the end of its own changes
(`forget_serving`) does nothing here: only the clock brings news, as in a worker elsewhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from pricing.api import drain_quotes, publish_price_book
from pricing.demand.models.demand import DemandModelVersion
from pricing.learning.models.learning import ModelChange, ModelRamp, RampStep
from pricing.ledger.models.quotes import Quote
from pricing.quoting.selectors import serving
from tests.factories.pricing import NOON, Dairy, make_model, make_treated, open_dairy
from tests.factories.pricing_trials import STEEP, make_candidate
from tests.factories.pricing_visits import ask_cheeses

pytestmark = pytest.mark.django_db(transaction=True)

# What is served from memory is at most half a second old.
SOON = 0.6


def listen_to_the_clock_alone(patch: pytest.MonkeyPatch) -> None:
    """Let this process hear of changes as a worker elsewhere does: by asking when it is time."""
    serving.forget_serving()
    patch.setattr(serving.ServingMemory, "forget", lambda _memory: None)


def elsewhere(write: Callable[[], None]) -> None:
    """Let another connection write and commit; come back when what it wrote must be obeyed."""

    def run() -> None:
        try:
            with transaction.atomic():
                write()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(run).result()
    time.sleep(SOON)


def quoting_models(dairy: Dairy) -> set[int | None]:
    """Return which models quote a shopper who has just come."""
    views = ask_cheeses(dairy, make_treated())
    drain_quotes()
    quotes = Quote.objects.filter(pk__in=[view.quote_id for view in views.values()])
    return set(quotes.values_list("model_version", flat=True))


def test_a_rollback_by_another_process_is_obeyed_within_a_second(
    dairy: Dairy, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = make_model(trained_at=NOON)
    worse = make_model(dict.fromkeys(dairy.cheeses, STEEP), trained_at=NOON)
    publish_price_book(now=NOON)
    listen_to_the_clock_alone(monkeypatch)
    assert quoting_models(dairy) == {worse.pk}

    def go_back() -> None:
        rows = DemandModelVersion.objects
        rows.filter(pk=worse.pk).update(status="retired")
        rows.filter(pk=before.pk).update(status="active")
        ModelChange.objects.create(
            model=before, former=worse, kind="rolled_back", at=NOON, reason="sales fell"
        )

    elsewhere(go_back)
    assert quoting_models(dairy) == {before.pk}


def test_another_processs_trial_is_obeyed_within_a_second(
    dairy: Dairy, monkeypatch: pytest.MonkeyPatch
) -> None:
    bob = get_user_model().objects.create(email="bob@example.com")
    open_dairy()
    in_use = DemandModelVersion.objects.get(status="active")
    tried = make_candidate(dairy, bob.pk)
    ramp = ModelRamp.objects.create(model=tried, salt="salt", begun_at=NOON)
    RampStep.objects.create(ramp=ramp, share=0.0, at=NOON)
    listen_to_the_clock_alone(monkeypatch)
    assert quoting_models(dairy) == {in_use.pk}
    for share, quoting in ((1.0, tried), (0.0, in_use), (1.0, tried)):
        elsewhere(partial(_write_step, ramp, share))
        assert quoting_models(dairy) == {quoting.pk}

    def stop() -> None:
        ModelRamp.objects.filter(pk=ramp.pk).update(ended_at=NOON, end="stopped")

    elsewhere(stop)
    assert quoting_models(dairy) == {in_use.pk}


def _write_step(ramp: ModelRamp, share: float) -> None:
    RampStep.objects.create(ramp=ramp, share=share, at=NOON)
