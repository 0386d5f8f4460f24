"""Who is held out for good against everybody else."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from profiles.accounts.services.bulk import load_events_bulk, load_shoppers_bulk
from profiles.experiments.selectors.outcomes import read_experiment_holdout, read_holdout
from profiles.experiments.services.experiments import set_holdout
from profiles.values import Consents
from tests.factories.experiments import order_rows, spend_by_side
from tests.factories.profiles import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog", "forgetful")]
TODAY = NOON.date()


@pytest.fixture(autouse=True)
def _not_counted_today() -> None:
    read_holdout.cache_clear()


def test_what_everybody_else_spends_more_is_told_with_bounds() -> None:
    call_command("hold_out", "everything", "30")
    paid = spend_by_side(1_000, 1_200)
    found = read_experiment_holdout(TODAY)
    assert found is not None
    assert (found.held, found.others) == (len(paid[True]), len(paid[False]))
    shopper, visit = (found.metrics[f"revenue_per_{one}"] for one in ("shopper", "visit"))
    assert shopper.treated.mean == pytest.approx(np.mean(paid[False]))
    assert shopper.control.mean == pytest.approx(np.mean(paid[True]))
    assert visit.difference == pytest.approx(shopper.difference / 2)
    assert 0.0 < shopper.low < np.mean(paid[False]) - np.mean(paid[True]) < shopper.high


def test_without_a_holdout_or_with_few_nothing_is_said() -> None:
    assert read_experiment_holdout(TODAY) is None
    set_holdout(namespace="everything", share=0.05)
    spend_by_side(1_000, 1_000, share=0.05)
    found = read_experiment_holdout(TODAY)
    assert found is not None
    assert found.held < 100
    assert found.metrics["margin_per_visit"].low == -np.inf


def test_nobody_holds_everybody_out() -> None:
    with pytest.raises(CommandError, match="A holdout must be at least 0 % and below 100 %"):
        call_command("hold_out", "everything", "100")


def test_who_did_not_agree_is_not_counted() -> None:
    set_holdout(namespace="everything", share=0.3)
    rng = np.random.default_rng(1)
    ids = load_shoppers_bulk(
        rows=[("quiet", None)], market_code="us", consents=Consents(price=True), now=NOON
    )
    rows = order_rows(ids["quiet"], NOON - timedelta(days=2), 500, rng)
    load_events_bulk(csv_chunks=(row.encode() + b"\n" for row in rows), source="test", now=NOON)
    found = read_experiment_holdout(TODAY)
    assert found is not None
    assert (found.held, found.others) == (0, 0)
