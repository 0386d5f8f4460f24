"""Personal prices under experiment: arms by the layer of experiments, seen once, no query else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pricing.api import quote_listing, quote_variants
from pricing.quoting.selectors.serving import forget_serving
from pricing.quoting.services.quoting import forget_participants
from profiles.experiments.services.drafts import ArmPlan, BadExperiment
from profiles.experiments.services.experiments import stop_experiment
from profiles.models import Experiment, Exposure
from profiles.values import ShopperValue
from tests.factories.experiments import start
from tests.factories.pricing import NOON, Dairy, committed, look_at, make_treated, open_dairy, visit

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]
PERSONAL = ArmPlan("personal", 0.5, name="Personal prices", is_control=True)
PUBLIC = ArmPlan("public", 0.5, name="Public prices", settings={"personal": False})


@pytest.fixture(autouse=True)
def _unknown() -> Iterator[None]:
    forget_participants()
    yield
    forget_participants()


def start_prices(**changes: object) -> int:
    found = start(
        code="personal-pays",
        subject="prices",
        purpose="price",
        primary_metric="revenue_per_shopper",
        guards={},
        arms=(PERSONAL, PUBLIC),
        **changes,
    )
    forget_serving()
    return found


def lowered(dairy: Dairy, shopper: ShopperValue) -> bool:
    views = quote_variants(context=visit(shopper), variant_ids=dairy.cheeses).prices
    return any(one.quoted_minor < one.public_minor for one in views.values())


def crowd(dairy: Dairy, count: int = 16) -> list[ShopperValue]:
    open_dairy()
    found = [make_treated() for _ in range(count)]
    for one in found:
        look_at(one, dairy.cheeses[:3])
    return found


def test_the_arm_decides_who_sees_personal_prices(dairy: Dairy) -> None:
    shoppers = crowd(dairy)
    start_prices()
    seen = {one.id: lowered(dairy, one) for one in shoppers}
    assert set(seen.values()) == {True, False}
    arms = dict(Exposure.objects.values_list("shopper_id", "arm__code"))
    assert arms == {pk: "personal" if low else "public" for pk, low in seen.items()}
    for one in shoppers:
        listed = quote_listing(context=visit(one), variant_ids=dairy.cheeses)
        views = quote_variants(context=visit(one), variant_ids=dairy.cheeses).prices
        assert listed.tolist() == [views[pk].quoted_minor for pk in dairy.cheeses]
    assert Exposure.objects.count() == len(shoppers)


def test_promised_prices_hold_and_end_with_the_experiment(
    dairy: Dairy,
) -> None:
    shoppers = crowd(dairy)
    assert all(lowered(dairy, one) for one in shoppers)
    found = start_prices()
    assert all(lowered(dairy, one) for one in shoppers)
    late = [make_treated() for _ in range(12)]
    for one in late:
        look_at(one, dairy.cheeses[:3])
    assert not all(lowered(dairy, one) for one in late)
    stop_experiment(experiment_id=found, reason="enough", now=NOON)
    forget_serving()
    assert all(lowered(dairy, one) for one in late)


def test_who_has_nothing_to_see_is_not_logged(dairy: Dairy) -> None:
    open_dairy()
    start_prices()
    assert not lowered(dairy, make_treated())
    assert not Exposure.objects.exists()


def test_an_arm_costs_no_query_after_the_first_exposure(dairy: Dairy) -> None:
    (alice,) = crowd(dairy, 1)
    lowered(dairy, alice)
    assert _ask(dairy, alice) == []
    start_prices()
    with committed():
        lowered(dairy, alice)
    assert _ask(dairy, alice) == []


def _ask(dairy: Dairy, shopper: ShopperValue) -> list[str]:
    """Return the queries of a quote, but for the small ones that say once a second what is new."""
    with CaptureQueriesContext(connection) as captured:
        lowered(dairy, shopper)
    told = [one["sql"] for one in captured.captured_queries]
    return [one for one in told if not one.lstrip().startswith("SELECT (SELECT coalesce(max(")]


def test_an_arm_has_no_price_of_its_own() -> None:
    cheaper = ArmPlan("cheaper", 0.5, name="Cheaper", price_factor=0.9)
    with pytest.raises(BadExperiment, match="leave every price"):
        start(code="cheaper", subject="prices", purpose="price", arms=(PERSONAL, cheaper))
    assert not Experiment.objects.exists()
