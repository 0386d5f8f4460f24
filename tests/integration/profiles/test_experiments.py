"""The life of an experiment in the tables: drafts, registration, exposures, consent, erasure."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from profiles.accounts.services.identity import link_account
from profiles.experiments.selectors.experiments import choose_arm
from profiles.experiments.services.drafts import ArmPlan, BadExperiment, Registered, save_draft
from profiles.experiments.services.experiments import (
    decide_experiment,
    move_shares,
    prolong_experiment,
    set_holdout,
    start_experiment,
    stop_experiment,
)
from profiles.models import (
    Account,
    Experiment,
    ExperimentArm,
    ExperimentDeviation,
    Exposure,
)
from shop.ground.kernel.hashing import fingerprint
from shop.ground.outbox.models import Fact
from tests.factories.experiments import PLAIN, SHORT, guest_in, make_draft, see, start
from tests.factories.profiles import EVERYTHING, NOON, make_guest

CELLS = {"unit": "cluster", "primary_metric": "revenue_per_shopper", "guards": {}}
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog", "forgetful")]


def test_a_draft_does_not_run_and_a_started_experiment_does() -> None:
    found = save_draft(draft=make_draft(), by_id=None, now=NOON)
    assert choose_arm("short-list", shopper=make_guest()) is None
    start_experiment(experiment_id=found, now=NOON)
    choice = choose_arm("short-list", shopper=guest_in("short"))
    assert choice is not None
    assert (choice.arm, choice.settings, choice.is_measured) == ("short", {"limit": 6}, True)


def test_what_was_promised_is_frozen_at_the_start() -> None:
    found = start()
    row = Experiment.objects.get(pk=found)
    assert row.registration["primary_metric"] == "conversion"
    assert row.registration["arms"][1]["settings"] == {"limit": 6}
    assert row.registration_sha256 == fingerprint(row.registration)
    with pytest.raises(Registered):
        save_draft(draft=make_draft(), by_id=None, now=NOON, experiment_id=found)
    row.registration = {"primary_metric": "revenue_per_shopper"}
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        row.save()


def test_a_draft_may_be_changed_as_often_as_one_likes() -> None:
    found = save_draft(draft=make_draft(), by_id=None, now=NOON)
    changed = make_draft(hypothesis="Another one.", alpha=0.01)
    assert save_draft(draft=changed, by_id=None, now=NOON, experiment_id=found) == found
    row = Experiment.objects.get(pk=found)
    assert (row.hypothesis, row.alpha, row.arms.count()) == ("Another one.", 0.01, 2)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"hypothesis": " "}, "before the start"),
        ({"minimum_effect": 0.0}, "it cannot be zero"),
        ({"primary_metric": "happiness"}, "from the list"),
        ({"guards": {"happiness": 0.1}}, "from the list"),
        ({"guards": {"conversion": 1.0}}, "at least 0 % and below 100 %"),
        ({"purpose": "curiosity"}, "Choose the consent"),
        ({"namespace": "everything"}, "out of all"),
        ({"traffic": 1.2}, "at most 100"),
        ({"planned_units": 0}, "planned"),
        ({"mode": "bandit", "least_share": 0.5}, "smallest shares"),
        (CELLS | {"wash_out_days": 7}, "fewer than"),
        (CELLS | {"guards": {"conversion": 0.1}}, "from the list"),
        (CELLS | {"arms": (PLAIN, SHORT, PLAIN)}, "one other"),
        ({"guards": {"stock_out_share": 0.1}}, "from the list"),
        (CELLS | {"primary_metric": "conversion"}, "sales, margin or pieces"),
        ({"mode": "bandit", "primary_metric": "average_order"}, "counted by shopper"),
        ({"arms": (PLAIN,)}, "at least two"),
        (
            {"arms": (PLAIN, ArmPlan("up", 0.5, name="Up", price_factor=1.1))},
            "public price",
        ),
    ],
)
def test_what_cannot_be_run_is_refused_at_save(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(BadExperiment, match=told):
        save_draft(draft=make_draft(**changes), by_id=None, now=NOON)
    assert not Experiment.objects.exists()


def test_the_database_too_refuses_an_arm_above_the_public_price() -> None:
    start()
    with pytest.raises(IntegrityError, match="arm_not_above_public_price"), transaction.atomic():
        ExperimentArm.objects.filter(code="short").update(price_factor=1.01)


def test_experiments_share_a_namespace_as_far_as_it_goes() -> None:
    start(traffic=0.6)
    other = save_draft(draft=make_draft(code="other", traffic=0.5), by_id=None, now=NOON)
    with pytest.raises(BadExperiment, match="not free"):
        start_experiment(experiment_id=other, now=NOON)
    start(code="third", traffic=0.4)
    assert list(
        Experiment.objects.exclude(state="draft").values_list("first_slot", "end_slot")
    ) == [
        (600, 1_000),
        (0, 600),
    ]
    for _ in range(30):
        guest = make_guest()
        both = [choose_arm(code, shopper=guest) for code in ("short-list", "third")]
        assert sum(one is not None and one.is_measured for one in both) == 1


def test_an_exposure_is_logged_once_and_never_changed() -> None:
    start()
    guest = guest_in("short")
    assert [see(guest), see(guest)] == [1, 0]
    row = Exposure.objects.get()
    assert (row.arm.code, row.propensity, row.revision) == ("short", 0.5, 1)
    row.propensity = 0.9
    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
        row.save()


def test_choosing_asks_nothing_of_the_database_for_a_guest(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    start()
    guest = guest_in("plain")
    with django_assert_num_queries(0):
        choose_arm("short-list", shopper=guest)


def test_who_saw_an_arm_keeps_it_when_shares_move() -> None:
    found = start()
    guest = guest_in("plain")
    see(guest)
    assert (
        move_shares(
            experiment_id=found, shares={"plain": 0.01, "short": 0.99}, reason="it earns", now=NOON
        )
        == 2
    )
    choice = choose_arm("short-list", shopper=guest)
    assert choice is not None
    assert (choice.arm, choice.assignment.why) == ("plain", "kept")
    assert ExperimentDeviation.objects.get().after == {"plain": 0.01, "short": 0.99}


def test_a_login_keeps_the_arm_its_guest_saw() -> None:
    start()
    account = Account.objects.create_user("alice@example.com", "correct horse battery")
    owner = link_account(
        account_id=account.pk, pseudonym=None, now=NOON, defaults=EVERYTHING, market_code="us"
    )
    mine = choose_arm("short-list", shopper=owner)
    assert mine is not None
    other = "plain" if mine.arm == "short" else "short"
    guest = guest_in(other)
    see(guest)
    joined = link_account(account_id=account.pk, pseudonym=guest.pseudonym, now=NOON)
    after = choose_arm("short-list", shopper=joined)
    assert after is not None
    assert after.arm == other


def test_held_out_of_everything() -> None:
    start()
    set_holdout(namespace="everything", share=0.999)
    whys = {choose_arm("short-list", shopper=make_guest()).assignment.why for _ in range(5)}
    assert whys == {"global_holdout"}


def test_stopping_an_experiment_serves_the_plain_page_to_all() -> None:
    found = start()
    guest = guest_in("short")
    stop_experiment(experiment_id=found, reason="enough seen", now=NOON)
    assert choose_arm("short-list", shopper=guest) is None
    assert Fact.objects.get(kind="ExperimentStopped").payload["reason"] == "enough seen"
    with pytest.raises(Registered):
        stop_experiment(experiment_id=found, reason="again", now=NOON)


def test_only_a_stopped_experiment_is_decided() -> None:
    found = start()
    with pytest.raises(Registered):
        decide_experiment(experiment_id=found, arm="short", reason="it wins", now=NOON)
    stop_experiment(experiment_id=found, reason="enough seen", now=NOON)
    with pytest.raises(BadExperiment):
        decide_experiment(experiment_id=found, arm="nobody", reason="it wins", now=NOON)
    decide_experiment(experiment_id=found, arm="short", reason="it wins", now=NOON)
    row = Experiment.objects.get(pk=found)
    assert (row.state, row.decision) == ("decided", "short")


def test_a_longer_run_is_kept_as_a_deviation() -> None:
    found = start()
    with pytest.raises(BadExperiment):
        prolong_experiment(experiment_id=found, planned_days=40, reason=" ", by_id=None, now=NOON)
    prolong_experiment(
        experiment_id=found, planned_days=40, reason="a holiday", by_id=None, now=NOON
    )
    deviation = ExperimentDeviation.objects.get()
    assert (deviation.field, deviation.before, deviation.after) == ("planned_days", 28, 40)
    assert Experiment.objects.get(pk=found).registration["planned_days"] == 28


def test_arms_are_named_once() -> None:
    with pytest.raises(BadExperiment, match="same code"):
        save_draft(draft=make_draft(arms=(PLAIN, SHORT, SHORT)), by_id=None, now=NOON)
