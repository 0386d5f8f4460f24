"""Chances of shoppers: learned, calibrated, judged, explained, stored; pure functions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from profiles.features.core.derive import VALUE_NAMES
from profiles.segments.core.predictions import (
    CHANCE_INPUTS,
    QUESTIONS,
    PredictionModel,
    PredictionSamples,
    Question,
    chance_arrays,
    chances_from_arrays,
    fit_chance,
    judge_chance,
    tag_chances,
)
from shop.ground.kernel.arrays import pack_arrays, unpack_arrays

BUY, LAPSE, *_ = QUESTIONS
KNOWN = {"order_interval_days": 7.0, "days_since_order": 3.0}


def ask(
    seed: int, *, households: int = 600, weeks: int = 2, effect: float = 1.5
) -> PredictionSamples:
    """Return answers whose log odds are `effect` times the standardized logarithm of orders."""
    rng = np.random.default_rng(seed)
    shopper = np.repeat(np.arange(households), weeks)
    traits = rng.normal(0, 1, households)[shopper]
    values = np.zeros((len(shopper), len(VALUE_NAMES)))
    values[:, VALUE_NAMES.index("orders")] = np.expm1(2 + 0.5 * traits)
    values[:, VALUE_NAMES.index("discount_share")] = rng.uniform(0, 1, len(shopper))
    for name, value in KNOWN.items():
        values[:, VALUE_NAMES.index(name)] = value
    is_so = rng.random(len(shopper)) < 1 / (1 + np.exp(-effect * traits))
    return PredictionSamples(shopper, values, is_so)


def fit(question: Question = BUY, effect: float = 1.5) -> PredictionModel:
    fitted = fit_chance(question, ask(1, effect=effect), ask(2, effect=effect))
    assert fitted is not None
    return fitted


def test_chances_are_calibrated_on_held_out_weeks() -> None:
    proof = judge_chance(fit(), ask(3, households=4_000))
    assert proof is not None
    assert (proof.rows, proof.households) == (8_000, 4_000)
    assert proof.is_better
    assert proof.low < proof.base - proof.brier < proof.high
    assert len(proof.reliability) == 5
    assert sum(rows for rows, _, _ in proof.reliability) == 8_000
    for _, predicted, seen in proof.reliability:
        assert seen == pytest.approx(predicted, abs=0.05)


def test_later_weeks_correct_a_bold_model() -> None:
    proofs = []
    for later in (ask(2, effect=3.0), ask(2, effect=0.7)):
        bold = fit_chance(BUY, ask(1, effect=3.0), later)
        assert bold is not None
        proofs.append(judge_chance(bold, ask(3, effect=0.7)))
    uncorrected, corrected = proofs
    assert corrected is not None
    assert uncorrected is not None
    assert corrected.brier < uncorrected.brier - 0.01
    assert corrected.is_better


def test_a_question_of_chance_alone_is_not_answered() -> None:
    proof = judge_chance(fit(effect=0.0), ask(3, effect=0.0))
    assert proof is not None
    assert not proof.is_better


def test_the_interval_counts_households_not_rows() -> None:
    held = ask(3)
    twice = PredictionSamples(
        *(np.concatenate([column] * 2) for column in (held.shopper, held.values, held.is_so))
    )
    once, again = judge_chance(fit(), held), judge_chance(fit(), twice)
    assert once is not None
    assert again is not None
    assert (again.low, again.high) == pytest.approx((once.low, once.high))


@pytest.mark.parametrize("rows", [slice(0, 79), slice(0, 0)])
def test_too_few_rows_are_neither_learned_nor_judged(rows: slice) -> None:
    few = ask(1)
    few = PredictionSamples(few.shopper[rows], few.values[rows], few.is_so[rows])
    assert fit_chance(BUY, few, ask(2)) is None
    assert fit_chance(BUY, ask(1), few) is None
    assert judge_chance(fit(), few) is None
    same = replace(ask(1), is_so=np.ones(1_200, dtype=np.bool_))
    assert fit_chance(BUY, same, ask(2)) is None


def test_every_outcome_is_known_before_the_next_stage_begins() -> None:
    for question in QUESTIONS:
        learned, calibrated, held = question.stages()
        assert min(learned) - question.days >= max(calibrated)
        assert min(calibrated) - question.days >= max(held)
        assert min(held) >= question.days


def test_one_shopper_has_the_chance_that_all_have() -> None:
    held, chance = ask(5, households=20), fit()
    alone = [
        chance.predict_one(dict(zip(VALUE_NAMES, row, strict=True))) for row in held.values.tolist()
    ]
    assert alone == pytest.approx(chance.predict(held.values).tolist(), abs=1e-12)


def shopper(**values: float) -> dict[str, float]:
    return dict.fromkeys(VALUE_NAMES, 0.0) | KNOWN | values


def made(**weights: float) -> PredictionModel:
    width = len(CHANCE_INPUTS)
    column = np.array([weights.get(name, 0.0) for name in CHANCE_INPUTS])
    return PredictionModel("will_buy", np.zeros(width), np.ones(width), column, -1.0)


def test_a_tag_says_more_likely_than_not() -> None:
    chance = made(orders=1.0)
    assert chance.predict_one(shopper(orders=np.expm1(1.0))) == pytest.approx(0.5)
    assert tag_chances((chance,), shopper(orders=np.expm1(0.99))) == ()
    assert tag_chances((chance,), shopper(orders=np.expm1(1.01))) == ("will_buy",)


@pytest.mark.parametrize("values", [{"order_interval_days": 0.0}, {"days_since_order": 180.1}])
def test_who_ordered_once_or_long_ago_is_not_asked_about(values: dict[str, float]) -> None:
    assert made(orders=1.0).predict_one(shopper(orders=50.0, **values)) is None
    assert tag_chances((made(orders=1.0),), shopper(orders=50.0, **values)) == ()


def test_the_reasons_are_those_that_count_most() -> None:
    chance = made(orders=1.0, wait=-1.0, basket_lines=0.5, discount_share=0.01, tenure_days=-0.1)
    one = shopper(orders=9.0, days_since_order=1.0, basket_lines=2.0, discount_share=1.0)
    assert chance.explain(one) == (
        "orders often",
        "not longer than usual since the last order",
        "large orders",
    )
    late = shopper(days_since_order=60.0)
    assert made(wait=1.0).explain(late) == ("waits longer than usual for the next order",)
    assert made(wait=-1.0).explain(late) == ()
    assert chance.strongest()[2] == "large orders"


def test_fits_are_stored_and_an_older_fit_has_none() -> None:
    chances = (fit(), fit(LAPSE))
    arrays = unpack_arrays(pack_arrays(chance_arrays(chances)))
    again = chances_from_arrays(arrays)
    assert [one.code for one in again] == ["will_buy", "may_lapse"]
    values = ask(4).values
    for old, new in zip(chances, again, strict=True):
        assert np.array_equal(old.predict(values), new.predict(values))
    assert chances_from_arrays(unpack_arrays(pack_arrays(chance_arrays(())))) == ()
    assert chances_from_arrays({}) == ()
    assert chances_from_arrays(arrays | {"chance_features": np.array(["orders"])}) == ()
