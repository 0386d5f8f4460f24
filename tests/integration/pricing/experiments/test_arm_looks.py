"""Looks at prices under experiment: counted turn by turn to the look, and what chance had them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model

from pricing.api import publish_price_book, turn_price_shocks
from pricing.experiments.models.arms import ArmPrice
from pricing.experiments.selectors import list_arm_impressions, load_arm_periods, load_served
from pricing.learning.services.impression_counts import drain_looks
from pricing.ledger.models.impressions import PublicLook
from pricing.ledger.selectors.impressions import load_public_outcomes
from pricing.publishing.services.books import turn_public_arms
from pricing.publishing.services.overrides import set_override
from pricing.quoting.selectors.serving import forget_serving
from profiles.experiments.core.switchback import draw_cells
from profiles.experiments.selectors.cells import find_public_arms, load_period
from profiles.experiments.services.experiments import stop_experiment
from profiles.experiments.services.readouts import read_experiment
from profiles.models import Experiment
from tests.factories.experiments import start_switchback
from tests.factories.looks import buy_shown, show
from tests.factories.pricing import NOON, make_shopper
from tests.factories.pricing_shocks import MONDAY, make_teas, open_tea_shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]
BEGIN = NOON + timedelta(hours=3)
TURN = timedelta(days=2)
A_MINUTE = timedelta(minutes=1)


@pytest.fixture
def teas() -> list[int]:
    """Twelve teas at 4.59; the model leaves their prices alone."""
    variants = make_teas(12)
    open_tea_shop(variants)
    return variants


def begin(goods: list[int]) -> int:
    found = start_switchback(goods, now=BEGIN)
    turn_public_arms(now=BEGIN)
    return found


def look(goods: list[int], at: datetime, times: int) -> None:
    forget_serving()
    for _ in range(times):
        show(None, goods, now=at)


def lowered(at: datetime) -> set[int]:
    return {one for one, arm in find_public_arms(now=at).items() if not arm.is_control}


def test_looks_at_arms_are_counted_turn_by_turn(teas: list[int]) -> None:
    tested = teas[:8]
    look(teas, BEGIN - A_MINUTE, 2)  # in the very hour, under the book before
    found = begin(tested)
    first = lowered(BEGIN)
    look(teas, BEGIN + A_MINUTE, 3)
    look(sorted(first)[:1], BEGIN + TURN / 2, 4)
    turn_public_arms(now=BEGIN + TURN - timedelta(seconds=9))
    look(teas, BEGIN + TURN + A_MINUTE, 5)
    # A changed price holds for an hour; then it goes back in the midst of one.
    over = BEGIN + TURN + timedelta(hours=2, minutes=20)
    look(teas, over - A_MINUTE, 1)
    stop_experiment(experiment_id=found, reason="enough", now=over)
    turn_public_arms(now=over)
    look(teas, over + A_MINUTE, 6)
    drain_looks()
    low, plain = len(first), 8 - len(first)
    rows = [
        (one.turn, one.arm, one.goods, one.looks, one.held) for one in list_arm_impressions(found)
    ]
    assert rows == [
        (0, "lower", low, 3 * low + 4, 0),
        (0, "plain", plain, 3 * plain, 0),
        (1, "lower", plain, 6 * plain, 0),
        (1, "plain", low, 6 * low, 0),
    ]
    parts = {(one.turn, one.arm): round(one.price, 6) for one in list_arm_impressions(found)}
    assert parts == {
        (turn, arm): part
        for turn in (0, 1)
        for arm, part in (("lower", round(436 / 459, 6)), ("plain", 1.0))
    }
    seen = sum(PublicLook.objects.values_list("looks", flat=True))
    assert seen == 12 * (2 + 3 + 5 + 1 + 6) + 4


def hold(variant: int, *, now: datetime) -> None:
    """Let staff set a price for nine days."""
    user = get_user_model().objects.create_user(email="dana@example.com", password="x")
    set_override(
        variant_id=variant,
        amount_minor=449,
        reason="flyer",
        by_id=user.pk,
        now=now,
        expires_at=now + timedelta(days=9),
    )
    publish_price_book(now=now)


def test_hours_and_looks_of_turns_that_are_over_are_witnessed(teas: list[int]) -> None:
    """Two turns of two days, of which the second days count; staff hold one price in the second."""
    tested = teas[:8]
    found = begin(tested)
    row = Experiment.objects.get(pk=found)
    look(tested, BEGIN + TURN * 0.75, 3)
    look(tested, BEGIN + TURN * 0.25, 5)  # washed out
    turn_public_arms(now=BEGIN + TURN - timedelta(seconds=9))
    late = BEGIN + TURN + timedelta(hours=36)
    held = min(lowered(late))
    hold(held, now=late)
    drain_looks()
    over = BEGIN + 2 * TURN + A_MINUTE
    period = load_period(row, now=over)
    served = load_served(period)
    assert served.places == 1
    cluster = period.items[held]
    drawn = draw_cells(row.salt, 8, 2)
    expected = {
        (one, turn, bool(drawn[one, turn]), True, False): 24.0
        for one in range(8)
        for turn in range(2)
    }
    # A book comes into force two seconds after it is written.
    expected[cluster, 1, True, True, False] = round(12.0 + 2.0 / 3_600.0, 6)
    expected[cluster, 1, True, True, True] = round(12.0 - 2.0 / 3_600.0, 6)
    assert {
        (one.cluster, one.turn, one.is_treated, one.is_drawn, one.is_held): round(one.hours, 6)
        for one in served.hours
    } == expected
    assert served.looks == {(one, 0): 5.0 for one in range(8)} | {(one, 1): 3.0 for one in range(8)}
    figures = read_experiment(experiment_id=found, now=over, load_served=load_served)
    assert figures["served"]["held"] == [0.0, pytest.approx((12.0 - 2.0 / 3_600.0) / 192.0)]
    assert figures["served"]["fault"] == ""


def test_a_turn_with_a_late_book_is_not_as_drawn(teas: list[int]) -> None:
    """The worker rests for half of the counted day of the second turn."""
    found = begin(teas[:8])
    turn_public_arms(now=BEGIN + TURN + timedelta(hours=36) - timedelta(seconds=2))
    over = BEGIN + 2 * TURN + A_MINUTE
    served = load_served(load_period(Experiment.objects.get(pk=found), now=over))
    late = sum(one.hours for one in served.hours if not one.is_drawn)
    assert round(late, 6) == 8 * 12.0
    figures = read_experiment(experiment_id=found, now=over, load_served=load_served)
    assert figures["served"]["fault"] == "hours"
    assert sum(figures["served"]["astray"]) == pytest.approx(0.5)


def test_looks_carry_the_coin_of_their_turn(teas: list[int]) -> None:
    """Half and half between both arms' prices; before, beside and after it they were certain."""
    tested = teas[:8]
    look(tested, BEGIN - A_MINUTE, 1)
    found = begin(tested)
    low = lowered(BEGIN)
    look(teas, BEGIN + A_MINUTE, 1)
    over = BEGIN + timedelta(hours=3)
    stop_experiment(experiment_id=found, reason="enough", now=over)
    turn_public_arms(now=over)
    look(tested, over + timedelta(minutes=2), 1)
    drain_looks()
    spell = ArmPrice.objects.first()
    assert spell is not None
    inside = PublicLook.objects.filter(book_version=spell.book_version)
    for row in inside:
        if row.variant_id not in tested:
            assert (row.rung_minors, row.rung_probabilities) == ([459], [1.0])
            continue
        is_low = row.variant_id in low
        assert (row.public_minor, row.direction) == ((436, -1) if is_low else (459, 0))
        assert (row.rung_minors, row.rung_probabilities) == ([459, 436], [0.5, 0.5])
    assert inside.count() == 12
    others = PublicLook.objects.exclude(pk__in=inside.values("pk"))
    assert others.count() == 16
    assert {tuple(one) for one in others.values_list("rung_probabilities", flat=True)} == {(1.0,)}


def test_what_sold_in_an_arm_teaches_with_its_chance(teas: list[int]) -> None:
    begin(teas)
    low = min(lowered(BEGIN))
    forget_serving()
    view = show(None, teas, now=BEGIN + A_MINUTE)[low]
    buy_shown(make_shopper(), view, "order-1", quantity=2, now=BEGIN + A_MINUTE)
    drain_looks()
    found = load_public_outcomes(
        since=BEGIN, until=BEGIN + timedelta(hours=1), now=BEGIN + timedelta(days=1)
    )
    at = found.variant_id.tolist().index(low)
    told = (found.looks[at], found.purchases[at], found.units[at], found.paid_minor[at])
    assert told == (1, 1, 2, 872)
    assert (found.rung_minor[at].tolist(), found.propensity[at]) == ([459, 436, 0], 0.5)


def test_prices_that_staff_hold_were_left_to_no_chance(teas: list[int]) -> None:
    begin(teas)
    held = min(lowered(BEGIN))
    hold(held, now=BEGIN + timedelta(hours=2))
    spell = ArmPrice.objects.get(variant_id=held, ended_at=None)
    assert (spell.shown_minor, spell.other_minor) == (449, 0)
    forget_serving()
    show(None, teas, now=BEGIN + timedelta(hours=2, minutes=5))
    drain_looks()
    row = PublicLook.objects.get(variant_id=held)
    assert (row.rung_minors, row.rung_probabilities, row.direction) == ([449], [1.0], 0)


def test_an_experiment_silences_the_weekly_price_test(
    teas: list[int],
) -> None:
    """The draw of the week says 12.5 % up and down; the experiment's coin says half."""
    turn_price_shocks(now=MONDAY)
    now = MONDAY + timedelta(hours=20)
    start_switchback(teas, now=now)
    turn_public_arms(now=now)
    look(teas, now + A_MINUTE, 1)
    drain_looks()
    coined = ArmPrice.objects.filter(obstacle="").exclude(other_minor=0)
    drawn = dict(PublicLook.objects.values_list("variant_id", "rung_probabilities"))
    assert len(coined) >= 8
    assert {tuple(drawn[one.variant_id]) for one in coined} == {(0.5, 0.5)}


def test_spells_know_what_was_shown_and_what_was_as_likely(teas: list[int]) -> None:
    begin(teas[:8])
    for turn in (1, 2):
        turn_public_arms(now=BEGIN + turn * TURN - timedelta(seconds=9))
    found = load_arm_periods(
        place=("us", "online"), since=BEGIN - TURN, until=BEGIN + 2 * TURN + timedelta(hours=1)
    )
    assert len(found) == 3 * 8
    assert {*zip(found.shown_minor, found.other_minor, strict=True)} == {(459, 436), (436, 459)}
    # The first book begins two seconds late: every worker has loaded it by then.
    whole = TURN.total_seconds()
    assert set((found.end - found.begin).tolist()) == {whole - 2.0, whole, 3_600.0}
