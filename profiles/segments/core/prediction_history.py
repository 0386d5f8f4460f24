"""Training and validation of shopper predictions on past weeks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from profiles.features.core.accumulate import WeighedEvents
from profiles.features.core.derive import VALUE_NAMES, derive_values
from profiles.features.core.registry import KIND_CODES, NO_ID, EventColumns
from profiles.segments.core.predictions import (
    QUESTIONS,
    BoolArray,
    FloatArray,
    IntArray,
    Outcome,
    PredictionModel,
    PredictionSamples,
    Proof,
    Question,
    fit_chance,
    is_asked,
    judge_chance,
)

DAY = 86_400.0
STAGES = ("learned", "calibrated", "held")

Answers = dict[tuple[str, str], PredictionSamples]


@dataclass(frozen=True, slots=True)
class Judged:
    """A question as fitted and how it did; None where there is too little to learn or judge."""

    question: Question
    chance: PredictionModel | None
    proof: Proof | None

    @property
    def is_served(self) -> bool:
        """Whether it makes tags: only what is surely better than the base rate does."""
        return self.proof is not None and self.proof.is_better


@dataclass(frozen=True, slots=True, eq=False)
class _Later:
    """What came of shoppers: orders, lines (not of sensitive products), and lines that are the
    first in their category, as masks over the events."""

    at: FloatArray
    rows: IntArray
    count: int
    is_order: BoolArray
    is_line: BoolArray
    is_on_offer: BoolArray
    is_first: BoolArray

    @staticmethod
    def of(events: EventColumns, weighed: WeighedEvents) -> _Later:
        rows, is_shown = weighed.rows, weighed.weights.is_seen
        is_line = is_shown & (events.kind == KIND_CODES["purchase"])
        by_time = np.flatnonzero(is_line & (events.category_id != NO_ID))
        by_time = by_time[np.argsort(events.at[by_time], kind="stable")]
        pairs = np.stack([rows[by_time], events.category_id[by_time]])
        is_first = np.zeros(len(rows), np.bool_)
        is_first[by_time[np.unique(pairs, axis=1, return_index=True)[1]]] = True
        return _Later(
            at=events.at,
            rows=rows,
            count=weighed.shopper_count,
            is_order=is_shown & (events.kind == KIND_CODES["order"]),
            is_line=is_line,
            is_on_offer=is_line & events.is_discounted,
            is_first=is_first,
        )

    def answer(self, question: Question, moment: float) -> tuple[BoolArray, BoolArray]:
        """Return of whom the days after `moment` tell anything, (count,), and of whom it is so."""
        after = (self.at > moment) & (self.at <= moment + question.days * DAY)
        everybody = np.ones(self.count, np.bool_)
        match question.outcome:
            case Outcome.ORDERS:
                return everybody, self._sum(self.is_order & after) > 0
            case Outcome.NOTHING:
                return everybody, self._sum(self.is_order & after) == 0
            case Outcome.NEW_CATEGORY:
                return everybody, self._sum(self.is_first & after) > 0
            case Outcome.MOSTLY_ON_OFFER:
                lines = self._sum(self.is_line & after)
                return lines > 0, 2 * self._sum(self.is_on_offer & after) > lines

    def _sum(self, chosen: BoolArray) -> IntArray:
        return np.bincount(self.rows[chosen], minlength=self.count)


def ask_past(
    events: EventColumns, weighed: WeighedEvents, shopper_ids: IntArray, now: float
) -> Answers:
    """Return the answers of some shoppers, by question and stage; `now` is in Unix seconds.

    `weighed` are the same events, of shoppers `shopper_ids`. Features are as of each moment asked
    about, from events until then; the outcome is of the orders and purchases after it.
    """
    days = sorted({day for question in QUESTIONS for stage in question.stages() for day in stage})
    seen = _Later.of(events, weighed)
    found: dict[tuple[str, str], list[PredictionSamples]] = {}
    for day in days:
        moment = now - day * DAY
        values = derive_values(weighed.sum_until(moment), moment)
        known = is_asked(values)
        for question in QUESTIONS:
            is_told, is_so = seen.answer(question, moment)
            asked = known & is_told
            for stage, its_days in zip(STAGES, question.stages(), strict=True):
                if day in its_days:
                    one = PredictionSamples(shopper_ids[asked], values[asked], is_so[asked])
                    found.setdefault((question.code, stage), []).append(one)
    return {key: _join(each) for key, each in found.items()}


def fit_chances(answers: Iterable[Answers]) -> tuple[Judged, ...]:
    """Fit, calibrate and judge each question on the answers of all shoppers."""
    chunks = list(answers)
    judged = []
    for question in QUESTIONS:
        learned, calibrated, held = (
            _join([chunk[question.code, stage] for chunk in chunks]) for stage in STAGES
        )
        chance = fit_chance(question, learned, calibrated)
        proof = None if chance is None else judge_chance(chance, held)
        judged.append(Judged(question, chance, proof))
    return tuple(judged)


def _join(parts: list[PredictionSamples]) -> PredictionSamples:
    if not parts:
        return PredictionSamples(
            np.zeros(0, np.int64), np.zeros((0, len(VALUE_NAMES))), np.zeros(0, np.bool_)
        )
    return PredictionSamples(
        np.concatenate([part.shopper for part in parts]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.is_so for part in parts]),
    )
