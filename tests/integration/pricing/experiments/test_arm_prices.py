"""Public prices under experiment: an arm's price holds for everybody while its turn lasts."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import F

from pricing.api import publish_price_book, set_kill_switch, turn_price_shocks
from pricing.experiments.models.arms import ArmPrice
from pricing.experiments.models.price_tests import PriceShock
from pricing.experiments.selectors import list_turned
from pricing.experiments.services import ArmTooLow
from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.ledger.models.proposals import PriceProposal
from pricing.publishing.services.books import turn_public_arms
from pricing.publishing.services.overrides import set_override
from pricing.quoting.selectors.serving import forget_serving, get_serving
from profiles.experiments.selectors.cells import find_public_arms
from profiles.experiments.services.drafts import ArmPlan, save_draft, set_clusters
from profiles.experiments.services.experiments import start_experiment, stop_experiment
from shop.ground.approvals.core.values import NeedsSecondPerson
from shop.ground.catalog.models import Category, Variant
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.experiments import PLAIN, make_draft, start_switchback
from tests.factories.pricing import NOON, make_model
from tests.factories.pricing_shocks import MONDAY, make_teas, open_tea_shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]
# The experiment begins on Wednesday afternoon; a turn lasts two days.
BEGIN = NOON + timedelta(hours=3)
TURN = timedelta(days=2)
PLACE = ("us", "online")


@pytest.fixture
def teas() -> list[int]:
    """Twelve teas at 4.59; the model leaves their prices alone."""
    variants = make_teas(12)
    open_tea_shop(variants)
    return variants


def prices() -> dict[int, int]:
    return dict(PublicPrice.objects.values_list("variant_id", "public_minor"))


def lowered(goods: list[int], at: datetime) -> set[int]:
    arms = find_public_arms(now=at)
    assert set(arms) == set(goods)
    return {one for one, arm in arms.items() if not arm.is_control}


def begin(goods: list[int], at: datetime = BEGIN, **changes: object) -> int:
    found = start_switchback(goods, now=at, **changes)
    turn_public_arms(now=at)
    return found


def test_the_arms_price_is_everybodys_price_in_book_and_ledger(teas: list[int]) -> None:
    found = begin(teas[:8])
    low = lowered(teas[:8], BEGIN)
    assert 0 < len(low) < 8
    assert prices() == {one: 436 if one in low else 459 for one in teas}
    book = PriceBook.objects.get(is_current=True)
    entries = PriceLedgerEntry.objects.filter(valid_from=book.effective_at, kind="public")
    assert set(entries.values_list("variant_id", "amount_minor", "source")) == {
        (one, 436, "experiment") for one in low
    }
    spells = ArmPrice.objects.filter(ended_at=None)
    assert {(one.variant_id, one.arm, one.shown_minor) for one in spells} == {
        (one, *(("lower", 436) if one in low else ("plain", 459))) for one in teas[:8]
    }
    assert set(spells.values_list("experiment_id", "turn", "base_minor", "book_version")) == {
        (found, 0, 459, book.version)
    }
    causes = PriceProposal.objects.filter(variant_id__in=low, created_at__gte=BEGIN)
    assert set(causes.values_list("cause", flat=True)) == {"arm"}
    assert turn_public_arms(now=BEGIN + timedelta(seconds=15)) == 0
    assert PriceBook.objects.get(is_current=True).version == book.version


def test_a_turn_enters_the_book_at_its_moment(teas: list[int]) -> None:
    begin(teas)
    first, turn = lowered(teas, BEGIN), BEGIN + TURN
    assert turn_public_arms(now=turn - timedelta(seconds=18)) == 0
    assert turn_public_arms(now=turn - timedelta(seconds=9)) == len(teas)
    assert PriceBook.objects.get(is_current=True).effective_at == turn
    # Somebody sets a price before the turn begins: that book waits for the same moment.
    user = get_user_model().objects.create_user(email="dana@example.com", password="x")
    set_override(
        variant_id=teas[0],
        amount_minor=449,
        reason="flyer",
        by_id=user.pk,
        now=turn - timedelta(seconds=5),
        expires_at=turn + timedelta(days=9),
    )
    publish_price_book(now=turn - timedelta(seconds=5))
    assert PriceBook.objects.get(is_current=True).effective_at == turn
    forget_serving()
    for at, low in ((turn - timedelta(seconds=1), first), (turn, set(teas) - first)):
        served = get_serving().served("us", "online", at)
        assert served is not None
        terms = served.book.terms
        shown = dict(zip(terms.variant_id.tolist(), terms.public_minor.tolist(), strict=True))
        expected = {one: 436 if one in low else 459 for one in teas}
        assert {k: v for k, v in shown.items() if k != teas[0]} == {
            k: v for k, v in expected.items() if k != teas[0]
        }


def test_prices_go_back_exactly_by_turn_and_at_the_end(teas: list[int]) -> None:
    found = begin(teas)
    for turn in range(1, 5):
        at = BEGIN + turn * TURN
        turn_public_arms(now=at)
        low = lowered(teas, at)
        assert prices() == {one: 436 if one in low else 459 for one in teas}
        assert set(ArmPrice.objects.filter(ended_at=None).values_list("turn", flat=True)) == {turn}
    end = BEGIN + 5 * TURN - timedelta(hours=5)
    stop_experiment(experiment_id=found, reason="enough seen", now=end)
    turn_public_arms(now=end)
    assert set(prices().values()) == {459}
    assert not ArmPrice.objects.filter(ended_at=None).exists()
    assert not list_turned(place=PLACE, at=end + timedelta(days=1))


def test_a_changed_price_holds_its_hour_and_goes_back(teas: list[int]) -> None:
    found = begin(teas)
    low = lowered(teas, BEGIN)
    soon = BEGIN + timedelta(minutes=20)
    stop_experiment(experiment_id=found, reason="a mistake", now=soon)
    turn_public_arms(now=soon)
    assert {prices()[one] for one in low} == {436}
    # It waits without a book each time, and loses nothing.
    assert not list_turned(place=PLACE, at=soon + timedelta(minutes=1))
    turn_public_arms(now=BEGIN + timedelta(minutes=62))
    assert set(prices().values()) == {459}


def test_no_arm_goes_below_the_floor(teas: list[int]) -> None:
    Variant.objects.filter(pk__in=teas).update(cost_minor=440)
    forget_catalog()
    publish_price_book(now=NOON + timedelta(hours=1), everything=True)
    begin(teas)
    low = lowered(teas, BEGIN)
    # 4.40 and two percent.
    assert {prices()[one] for one in low} == {449}
    assert set(ArmPrice.objects.values_list("obstacle", flat=True)) == {""}


def test_staffs_word_and_switches_come_first(teas: list[int]) -> None:
    user = get_user_model().objects.create_user(email="dana@example.com", password="x")
    begin(teas)
    low = sorted(lowered(teas, BEGIN))
    later = BEGIN + timedelta(hours=2)
    set_override(
        variant_id=low[0],
        amount_minor=449,
        reason="matches the flyer",
        by_id=user.pk,
        now=later,
        expires_at=later + timedelta(days=30),
    )
    sku = Variant.objects.values_list("sku", flat=True).get(pk=low[1])
    set_kill_switch(scope="sku", key=sku, is_active=True, reason="odd", by_id=user.pk, now=later)
    turn_public_arms(now=later + timedelta(minutes=1))
    publish_price_book(now=later + timedelta(minutes=1))
    assert (prices()[low[0]], prices()[low[1]]) == (449, 459)
    told = dict(ArmPrice.objects.filter(ended_at=None).values_list("variant_id", "obstacle"))
    assert (told[low[0]], told[low[1]], told[low[2]]) == ("staff", "closed", "")


def test_goods_without_a_free_price_are_left_alone(teas: list[int]) -> None:
    Category.objects.filter(path="g/t").update(is_sensitive=True)
    forget_catalog()
    begin(teas)
    assert set(prices().values()) == {459}


def test_neither_chance_nor_the_model_moves_goods_under_experiment() -> None:
    teas = make_teas(40)
    open_tea_shop(teas)
    turn_price_shocks(now=MONDAY)
    at = MONDAY + timedelta(hours=3)
    tested = teas[:20]
    begin(tested, at)
    make_model(trained_at=at)
    low = lowered(tested, at)
    expected = {one: 436 if one in low else 459 for one in tested}
    assert {one: price for one, price in prices().items() if one in tested} == expected
    running = set(PriceShock.objects.filter(ended_at=None).values_list("variant_id", flat=True))
    assert running
    assert not running & set(tested)
    turn_price_shocks(now=MONDAY + timedelta(weeks=1))
    again = PriceShock.objects.filter(week=(MONDAY + timedelta(weeks=1)).date())
    assert not set(again.values_list("variant_id", flat=True)) & set(tested)
    assert ArmPrice.objects.filter(base_minor=459).count() == ArmPrice.objects.count()


def test_other_places_keep_their_prices(teas: list[int]) -> None:
    begin(teas, targeting={"markets": ["cn"]})
    assert set(prices().values()) == {459}
    assert not ArmPrice.objects.exists()


def test_the_database_refuses_an_arm_above_the_public_price(teas: list[int]) -> None:
    begin(teas)
    with pytest.raises(IntegrityError, match="arm_price_not_above"), transaction.atomic():
        ArmPrice.objects.update(arm_minor=F("base_minor") + 1)


def test_goods_that_are_not_sold_ask_for_no_book(teas: list[int]) -> None:
    Variant.objects.filter(pk=teas[0]).update(is_active=False)
    forget_catalog()
    publish_price_book(now=NOON + timedelta(hours=1), everything=True)
    begin(teas)
    assert not list_turned(place=PLACE, at=BEGIN + timedelta(minutes=1))


def test_an_arm_too_far_for_one_step_is_refused(teas: list[int]) -> None:
    far = ArmPlan("lower", 0.5, name="A fifth less", price_factor=0.8)
    with pytest.raises(ArmTooLow, match="91 %"):
        begin(teas, arms=(PLAIN, far))


def test_who_drafted_it_does_not_start_it(teas: list[int]) -> None:
    user = get_user_model().objects.create_user(email="dana@example.com", password="x")
    draft = make_draft(code="mine", unit="cluster", guards={}, primary_metric="revenue_per_shopper")
    found = save_draft(draft=draft, by_id=user.pk, now=BEGIN)
    set_clusters(experiment_id=found, variant_ids=teas)
    for somebody in (None, user.pk):
        with pytest.raises(NeedsSecondPerson, match="somebody else"):
            start_experiment(experiment_id=found, now=BEGIN, by_id=somebody)
