"""Decision records: decided again bit for bit, in the format they were made in."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pricing.base.core.values import Policy
from pricing.ledger.core.exposures import list_feasible, look_out
from pricing.ledger.core.packed import (
    DECISION_ROW,
    EXPLAINED,
    FORMAT,
    NO_DRAW,
    BatchHeader,
    Rows,
    decode_batch,
    encode_batch,
    example_header,
    read_draws,
    read_held,
    read_signals,
    read_terms,
)
from pricing.ledger.core.record import build_records, is_same, replay_record
from pricing.optimum.core.decide import HeldQuotes, decide_price_points
from pricing.optimum.core.quote import build_price_points
from pricing.optimum.core.signals import RAW_SIGNALS, SignalWeights, sensitivity_boost
from pricing.optimum.core.thompson import DRAWS

WEIGHTS, POLICY = SignalWeights(), Policy(exploration=0.5)
# The records of earlier releases name a policy in which a won purchase was worth more.
POLICY_THEN = replace(POLICY, won_purchase_share=0.30)
HERE = Path(__file__).parent
OLD, DRAWN_ONLY = (
    json.loads((HERE / f"decisions_of_format_{number}.json").read_text()) for number in (1, 2)
)
NOW_MS = 5_000_000


def make_rows(rng: np.random.Generator, count: int, draw: int | None = None) -> Rows:
    """Decisions about random products for somebody who looked at all of them."""
    rows = np.zeros(count, dtype=DECISION_ROW)
    public = rng.integers(100, 3_000, count)
    rows["variant_id"], rows["public_minor"] = np.arange(count) + 1, public
    rows["list_minor"], rows["floor_minor"] = public + 50, np.ceil(public * 0.67)
    rows["unit_cost"], rows["elasticity"] = public * 0.65, rng.uniform(1.0, 3.0, count)
    rows["elasticity_sd"] = rng.uniform(0.05, 0.8, count)
    rows["extra_cost"] = public * rng.choice([0.0, 0.1], count)
    for name in RAW_SIGNALS:
        rows[name] = rng.gamma(1.0, 3.0, count)
    rows["draw"] = rng.integers(0, DRAWS, count) if draw is None else draw
    return rows


def promise(rows: Rows, rng: np.random.Generator) -> None:
    """Let half of the products have been quoted before, to a part of them still valid."""
    some = rng.random(len(rows)) < 0.5
    public = rows["public_minor"]
    rows["held_public"] = np.where(some, public, 0)
    rows["held_quoted"] = np.where(some, np.ceil(public * 0.96), 0)
    rows["held_discount"] = rows["held_public"] - rows["held_quoted"]
    rows["held_expires"] = np.where(rng.random(len(rows)) < 0.5, NOW_MS + 1, NOW_MS - 1)


def decide_all(header: BatchHeader, rows: Rows, policy: Policy = POLICY) -> None:
    """Write into the rows what is quoted."""
    terms = read_terms(rows, header.exponent)
    decided = decide_price_points(
        terms,
        build_price_points(terms, policy, read_draws(rows)),
        sensitivity_boost(read_signals(rows), WEIGHTS),
        policy,
        held=read_held(rows),
        now_ms=header.now_ms,
        is_allowed=True,
        is_stale=False,
        is_held_out=header.arm == "holdout",
        book_minor=rows["book_minor"],
    )
    rows["quoted_minor"] = decided.quoted_minor


def stored(header: BatchHeader, row: np.void, record: dict[str, Any]) -> dict[str, Any]:
    extra = {"quoted_minor": int(row["quoted_minor"]), "arm": header.arm, "rung": header.rung}
    return json.loads(json.dumps({**record, **extra}))


def decision_in(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record without its explanation, which formats before this one counted otherwise."""
    return {k: v for k, v in record.items() if k not in ("reasons", "counterfactuals")}


@pytest.mark.parametrize("arm", ["treated", "holdout"])
def test_a_drawn_decision_replays_exactly_with_every_probability(arm: str) -> None:
    rng = np.random.default_rng(1)
    header = replace(example_header(), now_ms=NOW_MS, arm=arm, format=FORMAT)
    rows = make_rows(rng, 400)
    promise(rows, rng)
    decide_all(header, rows)
    header, rows = decode_batch(encode_batch(header, rows))
    for row, record in zip(rows, build_records(header, rows, WEIGHTS, POLICY), strict=True):
        kept = stored(header, row, record)
        assert replay_record(kept, WEIGHTS, POLICY).differences == ()
        chances = record["rung_probabilities"]
        assert sum(chances) == pytest.approx(1.0)
        assert min(one for one in chances if one) >= 0.01
        shown = record["rung_minors"].index(int(row["quoted_minor"]))
        assert record["propensity"] == chances[shown] > 0.0
        assert record["rung_minors"] == sorted(record["rung_minors"], reverse=True)
        assert arm == "treated" or record["propensity"] == 1.0
        parts = sum(part["amount_minor"] for part in record["reasons"])
        assert parts == int(row["quoted_minor"])


def test_prices_over_all_draws_match_their_probabilities() -> None:
    rng = np.random.default_rng(2)
    header = replace(example_header(), now_ms=NOW_MS, format=FORMAT)
    rows = make_rows(rng, 40, draw=0)
    promise(rows, rng)
    terms = read_terms(rows, 2)
    price_points = build_price_points(terms, POLICY, read_draws(rows))
    boost = sensitivity_boost(read_signals(rows), WEIGHTS)
    outlook = look_out(terms, price_points, boost, POLICY, held=read_held(rows), now_ms=NOW_MS)
    counts: list[dict[int, int]] = [{} for _ in rows]
    for draw in range(DRAWS):
        rows["draw"] = draw
        decide_all(header, rows)
        for count, shown in zip(counts, rows["quoted_minor"].tolist(), strict=True):
            count[shown] = count.get(shown, 0) + 1
    for place, count in enumerate(counts):
        prices, chances = list_feasible(outlook, place, next(iter(count)))
        said = {price: round(DRAWS * chance) for price, chance in zip(prices, chances, strict=True)}
        assert {price: percent for price, percent in said.items() if percent} == count


def test_a_prepared_price_was_certain() -> None:
    header = replace(example_header(), now_ms=NOW_MS, rung="book", format=FORMAT)
    rows = make_rows(np.random.default_rng(3), 20, draw=NO_DRAW)
    rows["book_minor"] = np.ceil(rows["public_minor"] * 0.95)
    decide_all(header, rows)
    for record in build_records(header, rows, WEIGHTS, POLICY):
        assert record["propensity"] == 1.0


def test_records_made_before_prices_were_drawn_replay_bit_for_bit() -> None:
    assert len(OLD["records"]) == 3
    for record in OLD["records"]:
        assert "draw" not in record["inputs"]
        replayed = replay_record(record, WEIGHTS, POLICY_THEN)
        assert (replayed.differences, replayed.quoted_minor) == ((), record["quoted_minor"])


def test_entries_of_the_previous_release_keep_their_meaning() -> None:
    fields = {"h": OLD["h"].encode(), "r": base64.b64decode(OLD["r"])}
    header, rows = decode_batch(fields)
    assert (header.format, read_draws(rows)) == (1, None)
    for record, old in zip(
        build_records(header, rows, WEIGHTS, POLICY_THEN), OLD["records"], strict=True
    ):
        assert is_same(decision_in(record), {name: old[name] for name in decision_in(record)})
        assert "rung_minors" not in record


def test_records_from_before_stock_replay_on_another_processor() -> None:
    header, rows = decode_batch(
        {"h": DRAWN_ONLY["h"].encode(), "r": base64.b64decode(DRAWN_ONLY["r"])}
    )
    assert (header.format, len(rows)) == (2, 4)
    assert (rows["draw"] >= 0).all()
    again = build_records(header, rows, WEIGHTS, POLICY_THEN)
    for record, old in zip(again, DRAWN_ONLY["records"], strict=True):
        assert is_same(decision_in(record), {name: old[name] for name in decision_in(record)})
        assert "extra_cost" not in record["inputs"]
        assert replay_record(old, WEIGHTS, POLICY_THEN).differences == ()


def test_the_extra_cost_of_a_sale_is_needed_to_replay() -> None:
    rows = make_rows(np.random.default_rng(3), 40, draw=50)
    rows["extra_cost"] = 0.1 * rows["public_minor"]
    header = replace(example_header(), now_ms=NOW_MS, format=FORMAT)
    decide_all(header, rows)
    prices = []
    for row, record in zip(rows, build_records(header, rows, WEIGHTS, POLICY), strict=True):
        kept = stored(header, row, record)
        forgotten = kept | {"inputs": kept["inputs"] | {"extra_cost": 0.0}}
        prices.append((kept["quoted_minor"], replay_record(forgotten, WEIGHTS, POLICY)))
    assert all(price >= again.quoted_minor for price, again in prices)
    assert any(price > again.quoted_minor for price, again in prices)


def test_explanations_of_earlier_formats_stay_as_shown() -> None:
    rows = make_rows(np.random.default_rng(6), 20, draw=50)
    header = replace(example_header(), now_ms=NOW_MS, format=FORMAT)
    decide_all(header, rows)
    for row, record in zip(rows, build_records(header, rows, WEIGHTS, POLICY), strict=True):
        wrong = stored(header, row, record) | {"reasons": [{"code": "public", "amount_minor": 1}]}
        assert replay_record(wrong, WEIGHTS, POLICY).differences == ("reasons",)
        inputs = {name: one for name, one in wrong["inputs"].items() if name != "fit"}
        named = stored(header, row, record) | {"inputs": inputs | {"format": EXPLAINED}}
        assert replay_record(named, WEIGHTS, POLICY).differences == ()
        before = wrong | {"inputs": inputs | {"format": EXPLAINED - 1}}
        assert replay_record(before, WEIGHTS, POLICY).differences == ()


def test_a_format_nobody_knows_is_refused() -> None:
    header = replace(example_header(), format=FORMAT + 1)
    with pytest.raises(ValueError, match="not known here"):
        decode_batch(encode_batch(header, make_rows(np.random.default_rng(5), 1)))


def test_a_tie_told_apart_by_one_bit_has_a_probability() -> None:
    rows = make_rows(np.random.default_rng(4), 1, draw=0)
    terms = read_terms(rows, 2)
    price_points = build_price_points(terms, POLICY, read_draws(rows))
    outlook = look_out(
        terms, price_points, np.zeros((1, 1)), POLICY, held=HeldQuotes.nothing(1), now_ms=0
    )
    lowest = int(price_points.minor.min())
    prices, chances = list_feasible(outlook, 0, lowest)
    assert chances[prices.index(lowest)] == 0.01
    assert sum(chances) == pytest.approx(1.0)
