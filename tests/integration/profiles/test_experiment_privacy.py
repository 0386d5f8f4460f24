"""Experiments and privacy: consent first, exported on demand, forgotten with the shopper."""

from __future__ import annotations

from datetime import timedelta

import pytest

from profiles.consent.services import set_consent
from profiles.experiments.selectors.experiments import choose_arm
from profiles.experiments.services.experiments import log_exposures
from profiles.models import ExperimentOutcome, Exposure
from profiles.privacy.services import PRIVACY, erase_everywhere, export_everything
from profiles.shoppers.selectors.shoppers import get_shopper_by_id
from profiles.values import Consents
from tests.factories.experiments import guest_in, see, start
from tests.factories.profiles import EVERYTHING, NOON, make_guest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog", "forgetful")]


@pytest.mark.parametrize(
    "consents",
    [Consents(), EVERYTHING.strictest(Consents(price=True, analytics=True, marketing=True))],
)
def test_without_consent_the_plain_arm_and_nothing_measured(consents: Consents) -> None:
    start()
    guest = make_guest(consents)
    choice = choose_arm("short-list", shopper=guest)
    assert choice is not None
    assert (choice.arm, choice.is_measured, choice.assignment.why) == (
        "plain",
        False,
        "no_consent",
    )
    assert see(guest) == 0
    assert not Exposure.objects.exists()


def test_opting_out_leaves_the_experiment_at_once() -> None:
    start()
    guest = guest_in("short")
    see(guest)
    set_consent(
        shopper_id=guest.id,
        purpose="recommendations",
        granted=False,
        how="switch",
        locale="en",
        text_version="2026-11",
        now=NOON,
    )
    choice = choose_arm("short-list", shopper=get_shopper_by_id(guest.id))
    assert choice is not None
    assert (choice.arm, choice.is_measured) == ("plain", False)


def test_nobody_at_all_gets_the_plain_arm() -> None:
    start()
    choice = choose_arm("short-list", shopper=None)
    assert choice is not None
    assert (choice.arm, choice.is_measured) == ("plain", False)
    assert log_exposures([choice, None], now=NOON) == 0


def test_an_export_tells_what_was_seen_and_erasure_forgets_it() -> None:
    found = start()
    guest = guest_in("short")
    see(guest)
    ExperimentOutcome.objects.create(
        experiment_id=found, shopper_id=guest.id, day=NOON.date(), orders=1, paid_minor=900
    )
    told = export_everything(shopper_id=guest.id, rooms=[PRIVACY])["profiles"]["experiments"]
    assert told["seen"] == [
        {"experiment": "Shorter lists", "arm": "Six picks", "at": NOON.isoformat()}
    ]
    assert told["counted"][0]["paid_minor"] == 900
    erase_everywhere(shopper_id=guest.id, rooms=[PRIVACY], now=NOON + timedelta(days=1))
    assert not Exposure.objects.exists()
    assert not ExperimentOutcome.objects.exists()


def test_nothing_is_logged_of_somebody_erased_meanwhile() -> None:
    start()
    guest = guest_in("short")
    choice = choose_arm("short-list", shopper=guest)
    erase_everywhere(shopper_id=guest.id, rooms=[PRIVACY], now=NOON)
    assert log_exposures([choice], now=NOON) == 0
