"""Competitors' lists: read as people write them, matched to one good or none, believed if sane."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.values import Policy
from pricing.competitors.core import (
    ABSURD_FACTOR,
    FeedRow,
    FeedUnreadable,
    NameIndex,
    competitor_ceiling,
    name_key,
    read_amount,
    read_feed,
    read_moment,
    screen_prices,
)
from pricing.optimum.core.choose import choose_public
from shop.ground.catalog.core.values import VariantIdentity
from shop.ground.kernel.barcodes import bar_code
from tests.factories.pricing_limits import draw_limits, draw_terms

BRIE = VariantIdentity(1, "BRIE-1", "4006381333931", "Brie", "Meadow", 200, "g")
GOUDA = VariantIdentity(2, "GOUDA-1", "", "Gouda", "Meadow", 500, "g")
LARGE = VariantIdentity(3, "GOUDA-2", "", "Gouda", "Meadow", 1000, "g")
TWIN = VariantIdentity(4, "GOUDA-3", "", "Gouda", "Hilltop", 1000, "g")
INDEX = NameIndex([BRIE, GOUDA, LARGE, TWIN])


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("3.99", "3.99", ""),
        (" 3,99 ", "3.99", ""),
        ("$3.99", "3.99", ""),
        ("3.99 USD", "3.99", "USD"),
        ("eur 3.99", "3.99", "EUR"),
        ("1.234,50 €", "1234.50", "EUR"),
        ("£1,234.50", "1234.50", "GBP"),
        ("1 234,50", "1234.50", ""),
        ("1'234.50", "1234.50", ""),
        ("1,299", "1299", ""),
        ("1.299", "1.299", ""),
        ("1.234.567", "1234567", ""),
        ("3.990000", "3.990000", ""),
        ("7", "7", ""),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, amount: str, currency: str) -> None:
    assert read_amount(text) == (Decimal(amount), currency)


@pytest.mark.parametrize(
    "text", ["", "free", "-3.99", "0", "0.00", "3.99-4.99", "NaN", "inf", "1e6", "9" * 40, "٣"]
)
def test_what_is_no_positive_amount_is_none(text: str) -> None:
    amount, _ = read_amount(text)
    assert amount is None


@given(st.text(max_size=30))
def test_no_text_breaks_the_reader(text: str) -> None:
    amount, currency = read_amount(text)
    assert amount is None or 0 < amount < Decimal(10) ** 15
    assert currency == "" or len(currency) == 3


def test_a_list_is_read_with_any_delimiter_and_column_names() -> None:
    text = '\ufeffTitle|EAN|Amount|Date\n"Brie, soft"|4006381333931|3,99|2026-11-25\n\n'
    assert read_feed(text) == [
        FeedRow(2, gtin="4006381333931", name="Brie, soft", price="3,99", observed_at="2026-11-25")
    ]


def test_a_line_of_another_width_is_kept_as_broken() -> None:
    rows = read_feed("sku,price\nA,1\nB\nC,2,3\nD,4\n")
    assert [(one.number, one.problem) for one in rows] == [
        (2, ""),
        (3, "broken"),
        (4, "broken"),
        (5, ""),
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("sku,name\nA,B\n", "no column price"),
        ("price,currency\n1,USD\n", "no column sku, gtin or name"),
        ("<html><body>404</body></html>", "no column price"),
    ],
)
def test_what_is_no_list_is_refused_with_a_sentence(text: str, said: str) -> None:
    with pytest.raises(FeedUnreadable, match=said):
        read_feed(text)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-25T01:00:00+01:00", datetime(2026, 11, 25, tzinfo=UTC)),
        ("0001-01-01", datetime(1, 1, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00+01:00", None),
        ("9999-12-31T23:59:59-01:00", None),
        ("2026-02-30", None),
    ],
)
def test_a_moment_is_told_in_utc_or_is_none(text: str, moment: datetime | None) -> None:
    assert read_moment(text) == moment


@given(st.text(max_size=200))
def test_no_bytes_break_the_list(text: str) -> None:
    rows = read_feed("sku,price\n" + text)
    assert all("\0" not in one.sku + one.price + one.name for one in rows)


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (FeedRow(2, sku="brie-1"), (1, "sku")),
        (FeedRow(2, gtin="04006381333931"), (1, "gtin")),
        (FeedRow(2, gtin="4006381333932", name="Brie 200g"), (1, "name")),
        (FeedRow(2, name="BRIE", size="0,2 kg"), (1, "name")),
        (FeedRow(2, name="meadow brie 200 g"), (1, "name")),
        (FeedRow(2, name="Gouda 500 g"), (2, "name")),
        (FeedRow(2, name="Gouda 1 kg"), (-1, "")),
        (FeedRow(2, name="Hilltop Gouda 1 kg"), (4, "name")),
        (FeedRow(2, name="Gouda"), (0, "")),
        (FeedRow(2, name="Gouda 750 g"), (0, "")),
        (FeedRow(2, sku="UNKNOWN"), (0, "")),
    ],
)
def test_a_row_finds_one_product_or_says_it_does_not(row: FeedRow, found: object) -> None:
    assert INDEX.find(row) == found


def test_names_differ_by_nothing_that_people_write_differently() -> None:
    assert name_key("Crème-Brûlée 2 x 100 ml") == name_key("creme brulee, 100ml x 2")
    assert name_key("Brie 200 g") != name_key("Brie 20 g")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("036000291452", "00036000291452"),
        ("0036000291452", "00036000291452"),
        ("96385074", "00000096385074"),
        ("036000291453", ""),
        ("1234567", ""),
        ("x36000291452", ""),
    ],
)
def test_bar_codes_are_one_number_in_all_their_lengths(text: str, code: str) -> None:
    assert bar_code(text) == code


def test_a_price_a_million_times_too_high_is_refused_alone() -> None:
    ours = np.full(40, 400.0)
    price = ours * np.linspace(0.8, 1.2, 40)
    price[7] *= 1e6
    found = screen_prices(price, ours, np.full(40, np.nan))
    assert found.problem[7] == "scale"
    assert (found.problem == "").sum() == 39


def test_a_feed_in_another_unit_is_believed_nowhere() -> None:
    ours = np.full(40, 400.0)
    found = screen_prices(ours / 100.0, ours, np.full(40, np.nan))
    assert set(found.problem.tolist()) == {"feed_scale"}


def test_a_price_far_from_its_feed_is_an_outlier() -> None:
    ours = np.full(40, 400.0)
    price = ours * np.linspace(0.95, 1.05, 40)
    price[3] = 1_400.0
    assert screen_prices(price, ours, np.full(40, np.nan)).problem[3] == "outlier"


def test_a_jump_from_the_sources_own_word_is_not_believed() -> None:
    ours, before = np.array([400.0, 400.0]), np.array([380.0, 1_200.0])
    assert screen_prices(np.array([410.0, 390.0]), ours, before).problem.tolist() == ["", "jump"]


@given(st.lists(st.tuples(st.floats(), st.floats(1, 1e6), st.floats()), max_size=30))
def test_what_is_believed_is_a_price_near_ours(rows: list[tuple[float, float, float]]) -> None:
    price, ours, before = (np.array([row[at] for row in rows]) for at in range(3))
    found = screen_prices(price, ours, before)
    believed = (price / ours)[found.problem == ""]
    assert np.isfinite(believed).all()
    assert ((believed <= ABSURD_FACTOR + 1e-9) & (believed >= 1 / ABSURD_FACTOR - 1e-9)).all()


@pytest.mark.parametrize("seed", range(4))
def test_a_competitor_only_limits_rises_where_the_policy_says_so(seed: int) -> None:
    rng = np.random.default_rng(seed)
    policy = Policy(
        objective=["profit", "revenue", "units", "profit"][seed],
        target_margin=0.2,
        competitor_above=float(rng.uniform(0, 0.5)),
        keeps_to_competitors=True,
    )
    drawn = draw_limits(rng, 10_000, policy)
    current = drawn.current_minor
    is_causal = rng.random(len(current)) < 0.5
    terms = draw_terms(rng, drawn, wild_share=0.02)
    rival = current * np.exp(rng.normal(0, 0.4, len(current)))

    def choose(competitor: np.ndarray | None, policy: Policy = policy) -> np.ndarray:
        limits = replace(drawn, band_high=competitor_ceiling(current, competitor, policy))
        with np.errstate(all="ignore"):
            return choose_public(limits, terms, policy, is_causal=is_causal).minor

    alone, beside, later = choose(None), choose(rival), choose(rival * 1.5)
    # A price that is going back to the merchant's own goes there, competitors or not.
    highest = np.maximum(np.maximum(current, alone), drawn.anchor_minor)
    assert (beside <= highest).all()
    assert (later <= highest).all()
    # A limit of rises it is, and of nothing else: what rises less does not fall.
    assert np.mean(beside < alone) > 0.02
    lowest = np.minimum(np.minimum(current, alone), drawn.anchor_minor)
    assert (beside >= lowest).all()
    assert np.array_equal(choose(rival, replace(policy, keeps_to_competitors=False)), alone)
