"""The demand curve with its what-if slider, and the price story of a variant."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from pricing.api import demand_curve, publish_price_book
from pricing.demand.models.demand import DemandModelVersion
from pricing.learning.services.impression_counts import drain_looks
from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.models.proposals import PriceOverride
from pricing.publishing.services.products import Ask, set_list_prices
from shop.doors.backoffice.memory import forget_all
from shop.doors.backoffice.prices.curves import compare_prices, draw_demand
from shop.ground.kernel.clock import utc_now
from tests.factories.backoffice import make_staff
from tests.factories.looks import buy_shown, show
from tests.factories.pricing import NOON, Dairy, make_model, make_shopper, open_dairy

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief(dairy: Dairy) -> Client:
    """The superuser's browser in an open dairy whose brie has a known curve."""
    forget_all()
    open_dairy()
    make_model({dairy.brie: 4.0}, trained_at=NOON)
    browser = Client()
    browser.force_login(make_staff(is_superuser=True))
    return browser


def test_a_slider_compares_a_price_with_today_and_suggestion(chief: Client, dairy: Dairy) -> None:
    address = reverse("admin:demand_curve", args=[dairy.brie])
    page = chief.get(address, {"price": "5.00"})
    text = page.content.decode()
    now, suggested, asked = page.context["outcomes"]
    # 20.1 units a week at 4.00 with elasticity 4: 3.97 at 6.00, 8.24 at 5.00; cost 3.90.
    assert (now.price, now.change) == ("$6.00", "–")
    assert (asked.price, asked.units, asked.tone) == ("$5.00", "8.24", "green")
    assert float(asked.revenue.strip("$")) == pytest.approx(5.00 * 8.24, abs=0.1)
    assert float(asked.profit.strip("$")) == pytest.approx((5.00 - 3.90) * 8.24, abs=0.05)
    assert suggested.price == "$5.99"
    assert "observational" in text
    slider = page.context["slider"]
    assert 3.60 <= float(slider.low) < 3.75
    assert 8.25 < float(slider.high) <= 8.40
    assert f'type="range" name="price" min="{slider.low}" max="{slider.high}"' in text
    assert 'value="5.00"' in text


def test_a_price_that_none_betters_is_shown_once(chief: Client, dairy: Dairy) -> None:
    known = demand_curve(variant_id=dairy.brie)
    curve = replace(known, suggested_minor=known.current_minor)
    rows = [(one.name, one.price, one.is_asked) for one in compare_prices(curve, 550)]
    assert rows == [
        ("public price now, none better", "$6.00", False),
        ("what if", "$5.50", True),
    ]
    names = [entry.name for entry in draw_demand(curve, None).legend]
    assert "public price now, none better: $6.00" in names
    assert not any(name.startswith("suggested") for name in names)


def test_the_slider_loads_its_part_and_reads_the_model_once(chief: Client, dairy: Dairy) -> None:
    address = reverse("admin:demand_curve", args=[dairy.brie])
    ask = {"part": "1", "price": "5.50"}
    first = chief.get(address, ask, headers={"HX-Request": "true"})
    assert b"<html" not in first.content
    assert b"what if: $5.50" in first.content
    with CaptureQueriesContext(connection) as queries:
        chief.get(address, {**ask, "price": "5.60"}, headers={"HX-Request": "true"})
    assert len(queries) <= 5
    gone = chief.get(
        reverse("admin:demand_curve", args=[10**9]), ask, headers={"HX-Request": "true"}
    )
    assert gone.status_code == 404


@pytest.mark.parametrize("price", ["", "x", "-1", "0", "1e400", "NaN", "Infinity"])
def test_what_is_no_price_asks_nothing(chief: Client, dairy: Dairy, price: str) -> None:
    page = chief.get(reverse("admin:demand_curve", args=[dairy.brie]), {"price": price})
    assert page.status_code == 200
    assert len(page.context["outcomes"]) == 2


def test_a_price_beyond_the_models_knowledge_is_refused(chief: Client, dairy: Dairy) -> None:
    page = chief.get(reverse("admin:demand_curve", args=[dairy.brie]), {"price": "99"})
    asked = page.context["outcomes"][2]
    assert (asked.price, asked.units) == ("$99.00", "–")
    assert "outside the prices the model knows" in page.content.decode()


def test_randomized_and_observational_elasticities_are_told_apart(
    chief: Client, dairy: Dairy
) -> None:
    page = chief.get(reverse("admin:demand_curve", args=[dairy.brie]))
    assert b"at most one price point beyond the prices of the last four weeks" in page.content
    assert b"Backed by randomized prices" not in page.content


def test_the_price_story_names_every_price_and_who_set_it(chief: Client, dairy: Dairy) -> None:
    publish_price_book(now=NOON + timedelta(hours=3))
    now = utc_now()
    PriceOverride.objects.create(
        variant_id=dairy.brie,
        market_id="us",
        amount_minor=580,
        starts_at=now - timedelta(hours=1),
        expires_at=now + timedelta(days=2),
        reason="promised in a letter",
        created_at=now,
    )
    with CaptureQueriesContext(connection) as queries:
        page = chief.get(reverse("admin:price_story", args=[dairy.brie]))
    text = page.content.decode()
    assert len(queries) <= 21
    lines = page.context["lines"]
    assert [(str(line.kind), line.amount, line.change) for line in lines] == [
        ("public price", "$5.99", "-0.2 %"),
        ("public price", "$6.00", "–"),
        ("list price", "$6.00", "–"),
    ]
    assert lines[0].until is None
    assert lines[1].until == lines[0].since
    assert str(lines[0].source) == "set by the demand model"
    for words in ("promised in a letter", "in force", "$5.80", "published"):
        assert words in text, words
    assert chief.get(reverse("admin:price_story", args=[10**9])).status_code == 404


def test_the_price_story_counts_looks_and_purchases(chief: Client, dairy: Dairy) -> None:
    address = reverse("admin:price_story", args=[dairy.rye])
    now = utc_now() - timedelta(minutes=10)
    assert "Nobody was shown its public price" in chief.get(address).content.decode()
    publish_price_book(now=now - timedelta(minutes=1))
    for _ in range(8):
        view = show(None, [dairy.rye], now=now)[dairy.rye]
    drain_looks()
    buy_shown(make_shopper(), view, "order-1", quantity=3, now=now)
    [row] = chief.get(address).context["looks"]
    assert (row.amount, row.looks, row.purchases) == ("$3.00", "8", "1")
    assert (row.share, row.is_shocked) == ("12 %", False)


def test_a_variant_without_a_price_has_an_empty_story(chief: Client, dairy: Dairy) -> None:
    DemandModelVersion.objects.update(status="retired")
    PublicPrice.objects.filter(variant_id=dairy.teddy).delete()
    page = chief.get(reverse("admin:demand_curve", args=[dairy.teddy]))
    assert b"no demand curve yet" in page.content


def test_a_new_list_price_stands_in_the_story(chief: Client, dairy: Dairy) -> None:
    set_list_prices(asks={dairy.rye: Ask(310)}, market="us", now=NOON + timedelta(hours=1))
    page = chief.get(reverse("admin:price_story", args=[dairy.rye]))
    newest = page.context["lines"][0]
    assert (str(newest.kind), newest.amount, newest.change) == ("list price", "$3.10", "+3.3 %")


def test_data_quality_lists_what_is_wrong_worst_first(chief: Client, dairy: Dairy) -> None:
    publish_price_book(now=NOON + timedelta(hours=3))
    address = reverse("admin:data_quality")
    with CaptureQueriesContext(connection) as queries:
        page = chief.get(address)
    assert len(queries) <= 16
    counts = {code: count for code, _, count, _ in page.context["codes"]}
    assert counts["observational"] == str(len(dairy.all))
    assert page.context["code"] == page.context["codes"][0][0]
    everything = chief.get(address, {"code": "all"})
    assert everything.context["total"] == len(dairy.all)
    some = chief.get(address, {"code": "no_sales"})
    assert some.context["total"] == int(counts["no_sales"]) == len(dairy.all) - 1
    assert "Too few sales for an elasticity" in some.content.decode()
    assert dairy.brie not in [row.variant_id for row, _ in some.context["rows"]]
    unknown = chief.get(address, {"code": "nonsense", "from": "x"})
    assert unknown.context["total"] == page.context["total"]
