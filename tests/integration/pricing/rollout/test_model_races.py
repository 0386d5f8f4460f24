"""Whoever decides which model is in use stands in line with the others, on two connections."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.contrib.auth import get_user_model
from django.db import connection, transaction

from pricing.demand.models.demand import DemandModelVersion
from pricing.learning.models.learning import ModelChange
from pricing.rollout.services.approvals import activate_model
from pricing.rollout.services.refits import lock_models
from pricing.rollout.services.rollouts import begin_rollout
from tests.factories.pricing import NOON, Dairy, make_model, open_dairy
from tests.factories.pricing_trials import make_candidate

pytestmark = pytest.mark.django_db(transaction=True)
Act = Callable[..., object]


def waits_in_line(done: Future[object]) -> bool:
    """Return whether somebody waits for the advisory lock; False once `done` or after 10 s."""
    for _ in range(200):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
            )
            row = cursor.fetchone()
        if row is not None and row[0]:
            return True
        if done.done():
            return False
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("act", [activate_model, begin_rollout])
def test_a_person_waits_for_the_refit_before(dairy: Dairy, act: Act) -> None:
    people = get_user_model().objects
    bob, ann = (people.create(email=f"{name}@example.com").pk for name in ("bob", "ann"))
    open_dairy()
    model = make_candidate(dairy, bob)

    def click() -> object:
        try:
            return act(model_id=model.pk, by_id=ann, now=NOON)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock_models()
            done = pool.submit(click)
            assert waits_in_line(done)
            refit = make_model(trained_at=NOON)
        done.result(10)
    newest = ModelChange.objects.order_by("-id")[0]
    assert newest.model_id == model.pk
    in_use = DemandModelVersion.objects.get(status="active").pk
    if act is activate_model:
        assert (in_use, newest.former_id) == (model.pk, refit.pk)
    else:
        assert in_use == refit.pk
