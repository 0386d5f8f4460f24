"""An experiment with the picks of the front page: from who looks to what is read."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from profiles.experiments.services.drafts import ArmPlan
from profiles.experiments.services.readouts import read_experiment
from profiles.models import Exposure
from profiles.values import FeatureRow, OnlineProfile, ShopperValue
from shop.doors.pages.context import PageContext
from shop.doors.pages.picks import find_novelty
from tests.factories.experiments import PLAIN, start
from tests.factories.profiles import CHEESE, EVERYTHING, NOON, make_guest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog", "forgetful")]
NEW_FIRST = 50.0
CONTEXT = PageContext(
    shopper_pseudonym=None,
    account_id=None,
    language="en",
    locale="en_US",
    market="us",
    currency="USD",
    jurisdiction_code="us",
    channel="online",
    gpc=False,
    now=NOON,
)


def profile_of(shopper: ShopperValue, *, has_row: bool = True) -> OnlineProfile:
    row = FeatureRow(shopper.pseudonym, NOON, {}, category_affinity={CHEESE: 1.0})
    return OnlineProfile(
        pseudonym=shopper.pseudonym,
        shopper_id=shopper.id,
        consents=shopper.consents,
        is_warm=True,
        feature_row=row if has_row else None,
    )


@pytest.fixture
def new_first() -> int:
    arm = ArmPlan("new-first", 0.5, name="New goods first", settings={"novelty": NEW_FIRST})
    return start(code="new-first", arms=(PLAIN, arm), subject_ref="home", guards={})


def test_shoppers_see_their_arm_and_are_counted_in_it(new_first: int) -> None:
    seen = {}
    for guest in (make_guest() for _ in range(40)):
        seen[guest.id] = find_novelty(CONTEXT, profile_of(guest))
        assert find_novelty(CONTEXT, profile_of(guest)) == seen[guest.id]
    assert set(seen.values()) == {1.0, NEW_FIRST}
    logged = dict(Exposure.objects.values_list("shopper_id", "arm__code"))
    arms = {1.0: "plain", NEW_FIRST: "new-first"}
    assert logged == {one: arms[novelty] for one, novelty in seen.items()}
    figures = read_experiment(experiment_id=new_first, now=NOON + timedelta(days=1))
    assert sum(figures["measured"]) == 40
    assert figures["verdict"] == "few"


@pytest.mark.usefixtures("new_first")
def test_who_sees_no_difference_is_not_counted() -> None:
    guest = make_guest()
    assert find_novelty(CONTEXT, profile_of(guest, has_row=False)) == 1.0
    assert find_novelty(CONTEXT, None) == 1.0
    assert find_novelty(replace(CONTEXT, is_counted=False), profile_of(guest)) == 1.0
    refused = make_guest(replace(EVERYTHING, recommendations=False))
    assert find_novelty(CONTEXT, profile_of(refused)) == 1.0
    assert not Exposure.objects.exists()


def test_without_an_experiment_nothing_is_asked(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    profile = profile_of(make_guest())
    assert find_novelty(CONTEXT, profile) == 1.0
    with django_assert_num_queries(0):
        assert find_novelty(CONTEXT, profile) == 1.0
