"""An experiment with public prices on the pages of staff: drafted, started by another, read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from pricing.experiments.selectors import load_served
from pricing.ledger.models.ledger import PublicPrice
from pricing.publishing.services.books import turn_public_arms
from profiles.accounts.services.bulk import load_events_bulk, load_shoppers_bulk
from profiles.experiments.selectors.cells import find_public_arms
from profiles.experiments.services.readouts import read_experiment
from profiles.models import Experiment, ExperimentItem
from shop.ground.catalog.models import Category, Variant
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.experiments import order_rows
from tests.factories.pricing import NOON
from tests.factories.pricing_shocks import make_teas, open_tea_shop
from tests.factories.profiles import EVERYTHING

pytestmark = pytest.mark.usefixtures("forgetful")
KINDS = 10
FORM: dict[str, Any] = {
    "name": "Cheaper tea",
    "hypothesis": "Tea is compared between shops.",
    "categories": [f"g/t{one}" for one in range(KINDS)],
    "place": "us/online",
    "price": "95",
    "period_days": "2",
    "wash_out_days": "1",
    "turns": "4",
    "primary_metric": "units_per_shopper",
    "minimum_effect": "20",
    "tolerance": "10",
}


def read(row: Experiment, since: timedelta) -> dict[str, Any]:
    """Read an experiment as the job does, so long after noon."""
    return read_experiment(experiment_id=row.pk, now=NOON + since, load_served=load_served)


@pytest.fixture
def teas(db: None) -> list[int]:
    """Twenty teas in ten categories of two, sold by nobody yet."""
    variants = make_teas(2 * KINDS)
    top = Category.objects.get(path="g")
    rows = list(Variant.objects.filter(pk__in=variants).select_related("product"))
    for at, variant in enumerate(sorted(rows, key=lambda one: one.pk)):
        path = f"g/t{at // 2}"
        leaf, _ = Category.objects.get_or_create(
            path=path,
            defaults={
                "external_ref": path,
                "slug": path.replace("/", "-"),
                "name": f"Tea {at // 2}",
                "depth": 1,
                "parent": top,
            },
        )
        variant.product.category = leaf
        variant.product.save()
    forget_catalog()
    open_tea_shop(variants)
    return variants


def sell(teas: list[int], days: range, lift: float = 1.0) -> None:
    """Sell each tea about five times a day, `lift` times as often where its arm is cheaper."""
    (buyer,) = load_shoppers_bulk(
        rows=[(f"buyer-{days.start}", None)], market_code="us", consents=EVERYTHING, now=NOON
    ).values()
    rng, rows = np.random.default_rng(abs(days.start)), list[str]()
    for day in days:
        at = NOON + timedelta(days=day, hours=4)
        arms = find_public_arms(now=at) if day >= 0 else {}
        for tea in teas:
            often = 5.0 * (lift if day >= 0 and not arms[tea].is_control else 1.0)
            for _ in range(int(rng.poisson(often))):
                rows += order_rows(buyer, at, 459, rng, tea)
    load_events_bulk(csv_chunks=(row.encode() + b"\n" for row in rows), source="test", now=NOON)


def plan(browser: Client, **changes: Any) -> Any:
    address = reverse("admin:plan_switchback")
    return browser.post(address, FORM | {"save": "1"} | changes)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages believe that it is noon."""
    monkeypatch.setattr("shop.doors.backoffice.views.experiments.utc_now", lambda: NOON)


@pytest.fixture
def drafted(teas: list[int], root: Client, noon: None) -> Experiment:
    """The draft, after eight weeks in which tea was sold."""
    sell(teas, range(-56, 0))
    assert plan(root).status_code == 302
    return Experiment.objects.get()


def start(browser: Client, row: Experiment) -> str:
    """Press start; the coins are those of a fixed salt, or a run would have luck of its own."""
    Experiment.objects.filter(pk=row.pk).update(salt="arms")
    address = reverse("admin:act_on_experiment", args=[row.pk])
    return browser.post(address, {"verb": "start"}, follow=True).content.decode()


@pytest.fixture
def bob(django_user_model: Any) -> Client:
    """Somebody else."""
    other = Client()
    other.force_login(
        django_user_model.objects.create_superuser(email="bob@example.com", password="x")
    )
    return other


def test_a_plan_shows_its_power_and_never_parts_siblings(
    teas: list[int], drafted: Experiment, root: Client
) -> None:
    part = root.post(reverse("admin:plan_switchback"), FORM, headers={"HX-Request": "true"})
    told = part.content.decode()
    assert "20 products in 10 clusters, the largest of 2." in told
    assert "is found in four of five such experiments" in told
    row = drafted
    places = {"markets": ["us"], "channels": ["online"]}
    assert (row.unit, row.planned_days, row.targeting) == ("cluster", 8, places)
    by_cluster: dict[int, set[int]] = {}
    for variant, cluster in ExperimentItem.objects.values_list("variant_id", "cluster"):
        by_cluster.setdefault(cluster, set()).add(variant)
    pairs = [sorted(teas[at : at + 2]) for at in range(0, 2 * KINDS, 2)]
    assert sorted(map(sorted, by_cluster.values())) == pairs
    page = root.get(reverse("admin:experiment", args=[row.pk])).content.decode()
    assert "20 in 10 clusters, at 95" in page
    assert "none of its own: floors, steps and breakers" in page
    # Shoppers are no units here: no table of who saw which arm.
    assert "Saw it" not in page


def test_another_person_starts_and_the_page_shows_the_outcome(
    teas: list[int], drafted: Experiment, root: Client, bob: Client
) -> None:
    row = drafted
    assert "somebody else must approve it" in start(root, row)
    assert "Done." in start(bob, row)
    before = dict(PublicPrice.objects.values_list("variant_id", "public_minor"))
    turn_public_arms(now=NOON)
    cheaper = {one for one, arm in find_public_arms(now=NOON).items() if not arm.is_control}
    assert len(cheaper) % 2 == 0 < len(cheaper) < len(teas)
    assert dict(PublicPrice.objects.values_list("variant_id", "public_minor")) == {
        one: int(price * 0.95) if one in cheaper else price for one, price in before.items()
    }
    read(row, timedelta(hours=1))
    early = root.get(reverse("admin:experiment", args=[row.pk])).content.decode()
    assert "No pair of turns is over yet" in early
    assert "Effect by day" not in early
    for turn in (1, 2, 3):
        turn_public_arms(now=NOON + timedelta(days=2 * turn, seconds=-9))
    sell(teas, range(8), lift=2.0)
    figures = read(row, timedelta(days=8, hours=5))
    assert (figures["verdict"], figures["clusters"], figures["pairs"]) == ("wins", 10, 20)
    assert all(lower > plain for lower, plain in figures["turns"])
    assert figures["served"]["fault"] == ""
    assert figures["served"]["astray"] == [0.0, 0.0]
    row.refresh_from_db()
    assert (row.state, row.stop_reason) == ("stopped", "completed")
    assert row.registration["clusters"] == 10
    assert row.registration["registered_by"] != row.created_by_id
    shown = root.get(reverse("admin:experiment", args=[row.pk])).content.decode()
    assert "against the public price: pieces sold" in shown
    assert "a winner" in shown
    assert "Read from 10 clusters in 20 pairs of turns." in shown
    assert "Bounds need eight clusters of products." in shown
    assert "It ended by itself after its turns" in shown
    assert "Turn by turn" in shown
    assert "Were turns served as drawn?" in shown
    assert "of 20 pairs the first turn was the cheaper one" in shown
    assert "100 % of the hours that count at the price of the turn" in shown


def test_guards_are_promised_read_and_named_when_they_stop_it(
    teas: list[int], root: Client, bob: Client, noon: None
) -> None:
    sell(teas, range(-56, 0))
    guards = ["units_per_shopper", "return_rate"]
    assert plan(root, guards=guards, tolerance="5").status_code == 302
    row = Experiment.objects.get()
    assert row.guards == dict.fromkeys(guards, 0.05)
    page = root.get(reverse("admin:experiment", args=[row.pk])).content.decode()
    assert "pieces sold may lose 5" in page
    assert "none of its own" not in page
    start(bob, row)
    for turn in range(4):
        turn_public_arms(now=NOON + timedelta(days=2 * turn, seconds=-9 if turn else 0))
    sell(teas, range(8), lift=0.2)
    figures = read(row, timedelta(days=8, hours=5))
    assert figures["verdict"] == "harmed"
    row.refresh_from_db()
    assert (row.state, row.stop_reason) == ("stopped", "harmed")
    shown = root.get(reverse("admin:experiment", args=[row.pk])).content.decode()
    assert "The cheaper arm is certainly worse in pieces sold than it may be." in shown
    assert "share of pieces sent back" in shown
    assert "Difference from the control arm" in shown
    table = root.get(reverse("admin:experiment_csv", args=[row.pk])).content.decode()
    assert f"{row.stopped_at:%Y-%m-%d},lower,units_per_shopper,0.05," in table
    with override("zh-hans"):
        words = root.get(
            reverse("admin:experiment", args=[row.pk]), headers={"Accept-Language": "zh-hans"}
        ).content.decode()
    assert "各轮是否按抽签执行" in words


def test_turns_that_nobody_served_are_told_and_end_it(
    teas: list[int], root: Client, bob: Client, noon: None
) -> None:
    sell(teas, range(-56, 0))
    plan(root)
    row = Experiment.objects.get()
    start(bob, row)
    # The job that publishes at turns is down: every good keeps its price.
    sell(teas, range(4))
    read(row, timedelta(days=4, hours=5))
    row.refresh_from_db()
    assert row.stop_reason == "mismatch"
    shown = root.get(reverse("admin:experiment", args=[row.pk])).content.decode()
    assert "Products were not shown at the price of their turn" in shown
    assert "not balanced" in shown


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"turns": "3"}, "even number"),
        ({"price": "101"}, "less than or equal to"),
        ({"price": "80"}, "could not go back"),
        ({"wash_out_days": "2"}, "days that count"),
        ({"categories": ["g/t0"]}, "Fewer than eight clusters"),
        ({"turns": "52", "period_days": "28"}, "more than a year"),
    ],
)
@pytest.mark.usefixtures("noon")
def test_a_plan_that_cannot_be_run_says_why(
    teas: list[int], root: Client, changes: Any, told: str
) -> None:
    sell(teas, range(-30, 0))
    page = plan(root, **changes)
    assert page.status_code == 200
    assert told in page.content.decode()
    assert not Experiment.objects.exists()
