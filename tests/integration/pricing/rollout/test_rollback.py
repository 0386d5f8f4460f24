"""The model before is back in one click, live with the next quote; clicks at once count once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from pricing.api import drain_quotes, publish_price_book, quote_variants
from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness.services.fairness import NotAudited
from pricing.learning.models.learning import ModelChange, ModelRamp
from pricing.ledger.models.quotes import Quote
from pricing.quoting.selectors.serving import get_serving
from pricing.rollout.selectors.verdicts import say_refit
from pricing.rollout.services.approvals import NotOffered
from pricing.rollout.services.refits import is_held_back, note_activation, use_refit
from pricing.rollout.services.rollback import rollback_model
from pricing.rollout.services.rollouts import begin_rollout
from tests.factories.pricing import (
    NOON,
    Dairy,
    committed,
    look_at,
    make_model,
    make_treated,
    open_dairy,
    visit,
)
from tests.factories.pricing_trials import HOUR, STEEP, audit, make_candidate


@pytest.fixture
def bob(db: None) -> int:
    """Bob of staff."""
    return int(get_user_model().objects.create(email="bob@example.com").pk)


def test_one_click_restores_the_earlier_model_for_the_next_quote(dairy: Dairy, bob: int) -> None:
    open_dairy()
    before = DemandModelVersion.objects.get(status="active")
    audit(before)
    worse = make_model(dict.fromkeys(dairy.cheeses, STEEP), trained_at=NOON)
    note_activation(model_id=worse.pk, former_id=before.pk, by_id=None, reason="refit", now=NOON)
    later = NOON + HOUR
    publish_price_book(now=later, everything=True)
    alice = make_treated()
    look_at(alice, dairy.cheeses, later)

    def ask(now: datetime) -> set[int]:
        quote_variants(context=visit(alice, now), variant_ids=dairy.cheeses)
        drain_quotes()
        return set(Quote.objects.filter(issued_at__gte=now).values_list("model_version", flat=True))

    assert ask(later + HOUR) == {worse.pk}
    with committed():
        assert rollback_model(reason="sales fell", by_id=bob, now=later + HOUR) == before.pk
    assert ask(later + 3 * HOUR) == {before.pk}
    assert is_held_back()
    change = ModelChange.objects.first()
    assert (change.kind, change.model_id, change.former_id) == ("rolled_back", before.pk, worse.pk)
    report = publish_price_book(now=later + 4 * HOUR)
    assert (report.is_new, report.variants) == (True, 7)
    assert get_serving().books[("us", "online")][0].book.model_version == before.pk


def test_a_rollback_needs_an_earlier_model_with_intact_arrays(dairy: Dairy, bob: int) -> None:
    open_dairy()
    with pytest.raises(NotOffered):
        rollback_model(reason="none", by_id=bob, now=NOON)
    before = DemandModelVersion.objects.get(status="active")
    make_model(trained_at=NOON)
    DemandModelVersion.objects.filter(pk=before.pk).update(sha256="0" * 64)
    with pytest.raises(ValueError, match="hash"):
        rollback_model(reason="spoiled", by_id=bob, now=NOON)
    assert DemandModelVersion.objects.get(status="active").pk != before.pk


def test_nobody_goes_back_to_a_model_whose_audit_fails(dairy: Dairy, bob: int) -> None:
    open_dairy()
    before = DemandModelVersion.objects.get(status="active")
    in_use = make_model(trained_at=NOON, deals=0.3)
    with pytest.raises(NotAudited, match=r"never audited\. .Audit it and go back"):
        rollback_model(reason="sales fell", by_id=bob, now=NOON)
    audit(before)
    audit(before, is_passed=False)
    with pytest.raises(NotAudited):
        rollback_model(reason="sales fell", by_id=bob, now=NOON)
    assert DemandModelVersion.objects.get(status="active").pk == in_use.pk
    audit(before)
    assert rollback_model(reason="sales fell", by_id=bob, now=NOON) == before.pk


def test_after_a_rollback_no_refit_comes_into_use_by_itself(dairy: Dairy, bob: int) -> None:
    open_dairy()
    audit(DemandModelVersion.objects.get(status="active"))
    make_model(trained_at=NOON)
    rollback_model(reason="sales fell", by_id=bob, now=NOON)
    in_use = DemandModelVersion.objects.get(status="active")
    refit = make_model(trained_at=NOON + HOUR)
    DemandModelVersion.objects.filter(pk=refit.pk).update(status="candidate")
    DemandModelVersion.objects.filter(pk=in_use.pk).update(status="active")
    assert use_refit(model_id=refit.pk, now=NOON).allows_use
    assert DemandModelVersion.objects.get(status="active").pk == in_use.pk
    refit.refresh_from_db()
    assert say_refit(refit.metrics) == ["after a rollback people decide which model comes next"]
    note_activation(model_id=in_use.pk, former_id=None, by_id=bob, reason="on again", now=NOON)
    use_refit(model_id=refit.pk, now=NOON)
    assert DemandModelVersion.objects.get(status="active").pk == refit.pk
    change = ModelChange.objects.first()
    assert (change.kind, change.former_id, change.by_id) == ("activated", in_use.pk, None)


@pytest.mark.django_db(transaction=True)
def test_clicks_at_once_begin_one_trial_and_go_back_once(dairy: Dairy) -> None:
    people = get_user_model().objects
    bob, ann = (people.create(email=f"{name}@example.com").pk for name in ("bob", "ann"))
    open_dairy()
    model = make_candidate(dairy, bob)
    older = make_model(trained_at=NOON - 2 * HOUR)
    audit(older)
    DemandModelVersion.objects.filter(pk=older.pk).update(status="retired")
    DemandModelVersion.objects.filter(status="retired").exclude(pk=older.pk).update(status="active")
    start = Barrier(3)

    def click(act: Callable[[], None]) -> bool:
        start.wait(5)
        try:
            act()
        except NotOffered:
            return False
        finally:
            connection.close()
        return True

    def all_at_once(act: Callable[[], None]) -> list[bool]:
        with ThreadPoolExecutor(3) as pool:
            return sorted(pool.map(click, [act] * 3))

    def begin_it() -> None:
        begin_rollout(model_id=model.pk, by_id=ann, now=NOON)

    def go_back() -> None:
        rollback_model(reason="t", by_id=ann, now=NOON, to_id=older.pk)

    assert all_at_once(begin_it) == [False, False, True]
    assert ModelRamp.objects.count() == 1
    assert all_at_once(go_back) == [False, False, True]
    assert DemandModelVersion.objects.get(status="active").pk == older.pk
