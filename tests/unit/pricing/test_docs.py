"""docs/pricing.md is the norm: every row of its tables is computed anew."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from pricing.base.core.price_points import NOT_A_PRICE, personal_price_points, to_minor
from pricing.base.core.reference import DAY, STRATEGIES, PaidRows, PriceSeries, find_references
from pricing.base.core.values import STRICTEST, Policy
from pricing.experiments.core import multiply_prices, plan_price_tests, shock_price_points
from pricing.ledger.core.record import PUBLIC_TEST, TEST, label_text
from pricing.ledger.core.unit_prices import EXPOSURE_COLUMNS
from pricing.ledger.models.quotes import Quote
from pricing.optimum.core.decide import MINUTE_MS, HeldQuotes, hold_limit
from pricing.optimum.core.joint import mix_segments
from pricing.optimum.core.publish import floor_prices, propose_public
from pricing.optimum.core.quote import (
    build_price_points,
    drop_signals,
    price_point_percents,
    quote_prices,
)
from pricing.optimum.core.signals import SignalWeights, sensitivity_boost
from pricing.policy.core import (
    Gated,
    PublicBounds,
    apply_gate,
    apply_public_gate,
    name_actions,
)
from tests.factories.pricing import make_signals, make_terms

Row = dict[str, str]
TEXT = (Path(__file__).parents[3] / "docs" / "pricing.md").read_text()
POLICY, WEIGHTS = Policy(), SignalWeights()


def read_table(heading: str) -> list[Row]:
    """Return the rows of the first table below a heading."""
    lines = TEXT.split(f"# {heading}\n", 1)[1].splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith("|"))
    table = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip().strip("|").split("|")])
    names, _, *rows = table
    return [dict(zip(names, row, strict=True)) for row in rows]


def rows_of(heading: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Run the test once per row of the table below `heading`."""
    return pytest.mark.parametrize(
        "row", read_table(heading), ids=lambda row: "|".join(row.values())
    )


def whole(text: str) -> np.ndarray:
    return np.array([int(text)])


def number(text: str) -> np.ndarray:
    return np.array([float(text)])


def expect_gated(gated: Gated, row: Row) -> None:
    assert gated.minor.tolist() == [int(row["result"])]
    assert " ".join(name_actions(int(gated.actions[0]))) == row["action"]


@rows_of("Rounding examples")
def test_rounding(row: Row) -> None:
    minor = int(to_minor([float(row["proposed"])])[0])
    assert minor == (NOT_A_PRICE if row["minor"] == "refused" else int(row["minor"]))


@rows_of("Price point examples")
def test_rungs(row: Row) -> None:
    price_points = personal_price_points(
        whole(row["public"]), whole(row["floor"]), float(row["cap"])
    )[0]
    expected = [int(one) for one in row["price points"].split()]
    assert list(dict.fromkeys(price_points.tolist())) == expected


@rows_of("Floor examples")
def test_floors(row: Row) -> None:
    cost = whole("-1" if row["cost"] == "unknown" else row["cost"])
    floor, _ = floor_prices(cost, whole(row["list"]), whole(row["anchor"]), POLICY)
    assert floor.tolist() == [int(row["floor"])]


@rows_of("Public examples")
def test_public_prices(row: Row) -> None:
    proposed = propose_public(
        whole(row["current"]),
        whole(row["anchor"]),
        unit_cost=number(row["cost"]),
        elasticity=number(row["elasticity"]),
        elasticity_sd=number(row["sd"]),
        policy=POLICY,
    )
    assert proposed.tolist() == [int(row["proposed"])]


@rows_of("Public gate examples")
def test_the_public_gate(row: Row) -> None:
    bounds = PublicBounds(
        current_minor=whole(row["current"]),
        floor_minor=whole(row["floor"]),
        ceiling_minor=whole(row["ceiling"]),
        highest_24h=whole(row["high"]),
        lowest_24h=whole(row["low"]),
        changes_24h=whole(row["changes"]),
        is_held=np.array([row["held"] == "yes"]),
        emergency_minor=whole("1000000" if row["emergency"] == "none" else row["emergency"]),
    )
    expect_gated(apply_public_gate(number(row["proposed"]), bounds, POLICY), row)


@rows_of("Draw examples")
def test_the_draw(row: Row) -> None:
    public, sums = int(row["public"]), float(row["sums"])
    terms = make_terms(
        [public],
        cost_share=int(row["cost"]) / public,
        elasticity=float(row["elasticity"]),
        elasticity_sd=float(row["sd"]),
    )
    price_points = build_price_points(
        terms, Policy(exploration=float(row["exploration"])), np.array([50])
    )
    signals = make_signals(1, 1, activity=sums, category=sums, family=sums)
    percent = price_point_percents(terms, price_points, sensitivity_boost(signals, WEIGHTS))
    assert price_points.minor[0].tolist() == [int(one) for one in row["price points"].split()]
    assert percent[0, 0].tolist() == [int(one) for one in row["percent"].split()]


@rows_of("Shock examples")
def test_shocks(row: Row) -> None:
    below, above = shock_price_points(whole(row["public"]))
    falls, rises = below >= whole(row["floor"]), above <= whole(row["ceiling"])
    expected = {-1: float(row["down"]), 1: float(row["up"])}
    for week in range(200):
        plan = plan_price_tests(
            variant_id=whole("7"),
            category_id=whole("1"),
            may_fall=falls,
            may_rise=rises,
            share=POLICY.shock_share,
            seed="us/online",
            week=date(2026, 11, 23) + timedelta(weeks=week),
        )
        way, percent = int(plan.direction[0]), 100.0 * float(plan.probability[0])
        assert percent == pytest.approx(max(expected.values()))
        assert not way or expected[way] == pytest.approx(percent)


@rows_of("Arm examples")
def test_arms_of_experiments(row: Row) -> None:
    factor, floor = np.array([float(row["factor"])]), whole(row["floor"])
    assert multiply_prices(whole(row["base"]), factor, floor).tolist() == [int(row["price"])]


def test_every_field_of_the_data_contract_is_a_column() -> None:
    columns = {field.attname for field in Quote._meta.get_fields()}
    named = {
        one.strip("`") for row in read_table("Exposure fields") for one in row["column"].split()
    }
    assert named <= columns
    assert set(EXPOSURE_COLUMNS) <= named


@rows_of("Personal gate examples")
def test_the_personal_gate(row: Row) -> None:
    gated = apply_gate(
        number(row["proposed"]),
        whole(row["public"]),
        whole(row["floor"]),
        POLICY,
        is_allowed=row["allowed"] == "yes",
        is_stale=row["stale"] == "yes",
    )
    expect_gated(gated, row)


@rows_of("Personal examples")
def test_personal_prices(row: Row) -> None:
    public = int(row["public"])
    terms = make_terms(
        [public],
        cost_share=int(row["cost"]) / public,
        elasticity=float(row["elasticity"]),
        elasticity_sd=float(row["sd"]),
    )
    sums = float(row["sums"])
    signals = make_signals(1, 1, activity=sums, category=sums, family=sums)
    quoted = quote_prices(signals, terms, WEIGHTS, POLICY).quoted_minor
    assert quoted.tolist() == [[int(row["quoted"])]]


@rows_of("Sensitivity examples")
def test_sensitivity(row: Row) -> None:
    sizes, boost = np.array([one.split(":") for one in row["buyers"].split()], dtype=float).T
    mix = mix_segments(sizes, boost[:, None])
    market = make_terms([400], elasticity=float(row["market's elasticity"]))
    own = drop_signals(market, mix.sensitivity_mean).elasticity[0]
    assert sizes.sum() == 1.0
    told = [f"{one:.2f}" for one in (mix.sensitivity_mean[0], own, own * (1 + float(row["z"])))]
    assert told == [row["m"], row["without signals"], row["this shopper"]]


@rows_of("Signals")
def test_signals(row: Row) -> None:
    fitted = row["w"].removeprefix("fitted, ").removesuffix(" before")
    assert getattr(WEIGHTS, row["signal"]) == float(fitted)
    assert getattr(WEIGHTS, f"{row['signal']}_scale") == float(row["k"])


@rows_of("Promise examples")
def test_promises(row: Row) -> None:
    then, quoted = whole(row["public then"]), whole(row["quoted"])
    held = HeldQuotes(quoted, then, then - quoted, whole("0"), whole("60") * MINUTE_MS)
    limit = hold_limit(whole(row["public now"]), held, POLICY, int(row["minute"]) * MINUTE_MS)
    assert limit.tolist() == [int(row["highest"])]


def read_pairs(text: str) -> list[list[int]]:
    parts = (one.replace(":", " ").replace("×", " ").split() for one in text.split())
    return [[int(number) for number in part] for part in parts]


@rows_of("Was examples")
def test_was_prices(row: Row) -> None:
    days, amounts = np.array(read_pairs(row["public prices"])).T
    series = PriceSeries(np.array([0, len(days)]), days * DAY, amounts)
    sold, minor, units = np.array(sorted(read_pairs(row["sales"]))).T
    paid = PaidRows(np.zeros(len(sold), dtype=np.int64), sold * DAY, minor, units)
    found = find_references(series, paid, np.array([500]), int(row["today"]) * DAY)
    was = int(found[row["strategy"]].amount[0])
    assert was == (0 if row["was"] == "none" else int(row["was"]))


def test_the_strategies_are_the_ones_that_exist() -> None:
    assert [row["strategy"] for row in read_table('"Was"')] == list(STRATEGIES)


def test_the_jurisdiction_rows_are_the_seeded_ones() -> None:
    seeds = importlib.import_module("pricing.migrations.0004_seeds")
    said = read_table("Jurisdiction rows")
    expected = [
        {
            "code": code,
            "from": "{:04}-{:02}-{:02}".format(*begins),
            "personal": "yes",
            "opt-in": "yes" if opt_in else "no",
            "label code": label[0],
            "reference price": strategy,
            "unit price": "yes" if unit_price else "no",
        }
        for code, begins, label, opt_in, strategy, unit_price, _ in seeds.ROWS
    ]
    unknown = next({**row, "code": "US"} for row in expected if row["code"] == "US-NY")
    assert said[:-1] == [*expected, unknown]
    assert said[-1]["reference price"] == STRICTEST.reference_strategy
    assert said[-1]["personal"] == "no"
    labels = {label[0]: label[1:] for _, _, label, *_ in seeds.ROWS}
    labels |= {f"{code}{TEST}": texts for code, texts in seeds.TEST_LABELS.items()}
    labels[PUBLIC_TEST] = (
        label_text(STRICTEST, PUBLIC_TEST, "en"),
        label_text(STRICTEST, PUBLIC_TEST, "zh-hans"),
    )
    written = {r["label code"]: (r["English"], r["中文"]) for r in read_table("Labels")}
    assert written == labels


def test_the_numbers_in_the_text_are_the_policys() -> None:
    for number_said in (
        f"the personal cap ({POLICY.personal_cap:.0%})".replace("%", " %"),
        f"floor margin is {POLICY.floor_margin:.0%}".replace("%", " %"),
        f"assumed as {POLICY.assumed_cost_share:.0%} of".replace("%", " %"),
        f"is {POLICY.min_confidence:.0%} or more".replace("%", " %"),
        f"{POLICY.won_purchase_share:.2f} × price now",
        f"holds for {POLICY.quote_minutes} minutes",
        f"For {POLICY.no_rise_hours} hours more",
        f"exp(−{POLICY.spread_aversion / 2:.0f} · log²(p/p₀))",
        f"{POLICY.holdout_share:.0%} of shoppers".replace("%", " %"),
    ):
        assert number_said in TEXT, number_said
    assert math.isclose(POLICY.step_cap, 0.10)
    assert (POLICY.max_changes_per_day, POLICY.hold_minutes) == (4, 60)
