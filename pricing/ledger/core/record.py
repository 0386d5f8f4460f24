"""Decision records: everything a decision was made of, and making it again from that alone.

The request path stores inputs only, as packed numbers; the worker that drains them calls
`build_records`, which decides again with the same functions and writes down candidates, reasons,
counterfactuals and the probability of each price. `replay_record` does the same 13 months later
from the stored record.

Records of format 1 (before prices were drawn) have no draw and no probabilities, those of format 2
(before quotes knew of stock and siblings) no additional cost, those up to format 4 name no fit of
looks: their weights are those of the model version. They stay replayable: a record says
which format it is of, and is made again in that one. Up to format 3 the rows of an explanation were
shares by strength of signal; these are kept as they were shown and are not made again.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from pricing.base.core.texts import say
from pricing.base.core.values import JurisdictionRule, Policy
from pricing.ledger.core.exposures import Outlook, list_feasible, look_out
from pricing.ledger.core.packed import (
    COSTED,
    DECISION_ROW,
    DRAWN,
    EXPLAINED,
    HELD_FIELDS,
    NO_DRAW,
    RESULT_FIELDS,
    TERM_FIELDS,
    WEIGHED,
    BatchHeader,
    Rows,
    example_header,
    read_draws,
    read_held,
    read_signals,
    read_terms,
)
from pricing.optimum.core.decide import Decisions
from pricing.optimum.core.explain import DecisionInputs, Explanation, explain_prices
from pricing.optimum.core.quote import (
    PricePointTable,
    VariantTerms,
    build_price_points,
    demand_ratios,
    payoff_ratios,
)
from pricing.optimum.core.signals import RAW_SIGNALS, SignalWeights, sensitivity_boost
from pricing.policy.core import name_actions

RATIO_TOLERANCE = 1e-12


def build_records(
    header: BatchHeader, rows: Rows, weights: SignalWeights, policy: Policy
) -> list[dict[str, Any]]:
    """Return the decision record of each row: JSON values under the names of the quote's columns.

    Raises ValueError if deciding again does not give the price that was quoted: then a version is
    not the one the request used, and the record would be a fiction.
    """
    made = _decide(header, rows, weights, policy)
    if not np.array_equal(made.decided.quoted_minor, rows["quoted_minor"]):
        raise ValueError("the decision cannot be repeated with the versions it names")
    return [_record(made, header, rows, place) for place in range(len(rows))]


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision made again: its price, and the names of the stored fields that differ."""

    quoted_minor: int
    differences: tuple[str, ...]


def replay_record(record: Mapping[str, Any], weights: SignalWeights, policy: Policy) -> Replayed:
    """Return what comes of deciding `record` again; `record` has the columns of a stored quote.

    Prices, words and whole numbers must be the same. Ratios may differ by RATIO_TOLERANCE: the
    exponential function of one processor differs from another's in the last bit.
    """
    header, rows = _parse(record)
    made = _decide(header, rows, weights, policy)
    again = _record(made, header, rows, 0)
    again["quoted_minor"] = int(made.decided.quoted_minor[0])
    kept_as_shown = () if header.format >= EXPLAINED else ("reasons", "counterfactuals")
    differences = tuple(
        name
        for name, value in again.items()
        if name not in kept_as_shown and not is_same(record[name], value)
    )
    return Replayed(quoted_minor=again["quoted_minor"], differences=differences)


def is_same(kept: Any, again: Any) -> bool:
    """Return whether two JSON values are equal, floats in them within RATIO_TOLERANCE.

    >>> is_same({"a": [1, 0.1 + 0.2]}, {"a": [1, 0.3]}), is_same(0.3, 0.3001), is_same(3, 4)
    (True, False, False)
    """
    if isinstance(kept, float) and isinstance(again, float):
        return math.isclose(kept, again, rel_tol=RATIO_TOLERANCE)
    if isinstance(kept, Mapping) and isinstance(again, Mapping):
        return kept.keys() == again.keys() and all(is_same(kept[k], again[k]) for k in kept)
    if isinstance(kept, list | tuple) and isinstance(again, list | tuple):
        return len(kept) == len(again) and all(map(is_same, kept, again))
    return bool(kept == again)


@dataclass(frozen=True, slots=True)
class _Made:
    """Decisions of some rows with everything they were made of."""

    terms: VariantTerms
    rungs: PricePointTable
    decided: Decisions
    outlook: Outlook
    explanation: Explanation


def _decide(header: BatchHeader, rows: Rows, weights: SignalWeights, policy: Policy) -> _Made:
    inputs = DecisionInputs(
        signals=read_signals(rows),
        terms=read_terms(rows, header.exponent),
        weights=weights,
        policy=policy,
        held=read_held(rows),
        now_ms=header.now_ms,
        draw=read_draws(rows),
        is_held_out=header.arm == "holdout",
        book_minor=rows["book_minor"].astype(np.int64),
    )
    price_points, decided = build_price_points(inputs.terms, policy, inputs.draw), inputs.decide()
    return _Made(
        terms=inputs.terms,
        rungs=price_points,
        decided=decided,
        outlook=look_out(
            inputs.terms,
            price_points,
            sensitivity_boost(inputs.signals, weights),
            policy,
            held=inputs.held,
            now_ms=header.now_ms,
            is_held_out=inputs.is_held_out,
            book_minor=inputs.book_minor,
        ),
        explanation=explain_prices(inputs, decided),
    )


def _record(made: _Made, header: BatchHeader, rows: Rows, place: int) -> dict[str, Any]:
    row = rows[place]
    inputs: dict[str, Any] = {
        name: row[name].item() for name, *_ in (*TERM_FIELDS, *HELD_FIELDS, *RESULT_FIELDS[:1])
    }
    inputs |= {"exponent": header.exponent, "now_ms": header.now_ms}
    record: dict[str, Any] = {}
    if header.format >= WEIGHED:
        inputs["fit"] = header.fit
    if header.format >= COSTED:
        inputs["extra_cost"] = row["extra_cost"].item()
    if header.format >= DRAWN:
        inputs |= {"format": header.format, "draw": row["draw"].item()}
        prices, chances = list_feasible(made.outlook, place, int(made.decided.quoted_minor[place]))
        record = {
            "rung_minors": prices,
            "rung_probabilities": chances,
            "propensity": chances[prices.index(int(made.decided.quoted_minor[place]))],
        }
    return record | {
        "features": {name: row[name].item() for name in RAW_SIGNALS},
        "inputs": inputs,
        "candidates": _candidates(made, place),
        "guard_actions": list(name_actions(int(made.decided.actions[place]))),
        "reasons": [
            {"code": name, "amount_minor": amount} for name, amount in made.explanation.rows(place)
        ],
        "counterfactuals": [
            {"code": name, "quoted_minor": price}
            for name, price in made.explanation.counterfactuals(place)
        ],
    }


def _candidates(made: _Made, place: int) -> list[dict[str, Any]]:
    """Return the feasible prices of one variant, highest first, with what was expected of each."""
    here = np.array([place])
    terms = made.terms.take(here)
    price_points = made.rungs.take(here)
    boost = made.decided.boost[None, place : place + 1]
    demand = demand_ratios(terms, price_points, boost)[0, 0]
    payoff = payoff_ratios(terms, price_points, boost)[0, 0]
    chosen, model = int(made.decided.quoted_minor[place]), int(made.decided.model_minor[place])
    minors = price_points.minor[0].tolist()
    best = float(payoff[minors.index(model)]) if model in minors else np.inf
    seen: dict[int, dict[str, Any]] = {}
    for at, minor in enumerate(minors):
        seen.setdefault(
            minor,
            {
                "minor": minor,
                "demand_ratio": float(demand[at]),
                "payoff_ratio": float(payoff[at]),
                "outcome": _outcome(
                    minor,
                    chosen,
                    model,
                    is_better=made.rungs.draw is not None and bool(payoff[at] > best),
                ),
            },
        )
    return list(seen.values())


def _outcome(minor: int, chosen: int, model: int, *, is_better: bool) -> str:
    if minor == chosen:
        return "chosen"
    if minor == model:
        return "best payoff, overruled by an earlier promise or a guardrail"
    return "higher expected payoff, not drawn" if is_better else "lower expected payoff"


def _parse(record: Mapping[str, Any]) -> tuple[BatchHeader, Rows]:
    inputs, features = record["inputs"], record["features"]
    rows = np.zeros(1, dtype=DECISION_ROW)
    for name, *_ in (*TERM_FIELDS, *HELD_FIELDS, *RESULT_FIELDS[:1]):
        rows[name] = inputs[name]
    for name in RAW_SIGNALS:
        rows[name] = features[name]
    rows["quoted_minor"] = record["quoted_minor"]
    rows["draw"] = inputs.get("draw", NO_DRAW)
    rows["extra_cost"] = inputs.get("extra_cost", 0.0)
    changes = {
        "format": inputs.get("format", 1),
        "fit": inputs.get("fit", 0),
        "exponent": inputs["exponent"],
        "now_ms": inputs["now_ms"],
        "arm": record["arm"],
        "rung": record["rung"],
    }
    return BatchHeader(**(asdict(example_header()) | changes)), rows


# A personal price bears its row's code, with TEST at its end where a price test moved it: then
# the row's test label is shown, which still says all that the law asks for. A price for everybody
# bears PUBLIC_TEST while a test moves it, whatever the place, and otherwise no label.

TEST = "-test"
PUBLIC_TEST = "price-test"
# New York prescribes these words (GBL 349-a); each label of the place begins with them.
STATUTORY = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."


def label_code(rule: JurisdictionRule, *, is_test: bool) -> str:
    """Return the code of the label of a personal price in a place.

    >>> from dataclasses import replace
    >>> from pricing.base.core.values import STRICTEST
    >>> rule = replace(STRICTEST, label_code="us-ny")
    >>> label_code(rule, is_test=False), label_code(rule, is_test=True)
    ('us-ny', 'us-ny-test')
    """
    return f"{rule.label_code}{TEST}" if is_test else rule.label_code


def is_test_code(code: str) -> bool:
    """Return whether a label code says that a price test moved the price.

    >>> is_test_code("eu-test"), is_test_code(PUBLIC_TEST), is_test_code("eu")
    (True, True, False)
    """
    return code.endswith(TEST)


def prescribed_words(label: str) -> str:
    """Return the words of a label that a law prescribes letter by letter; "" for other labels.

    >>> prescribed_words(f"{STATUTORY} It is part of a price test.") == STATUTORY
    True
    >>> prescribed_words("Personalised price, set automatically")
    ''
    """
    return STATUTORY if label.startswith(STATUTORY) else ""


def label_text(rule: JurisdictionRule, code: str, language: str) -> str:
    """Return the text of a label that was shown under `rule`; empty for a price without one.

    >>> from pricing.base.core.values import STRICTEST
    >>> label_text(STRICTEST, PUBLIC_TEST, "en")
    'Price test: the same price for everybody'
    """
    if not code:
        return ""
    if code == PUBLIC_TEST:
        return say(f"label:{code}", language)
    return rule.label(language, is_test=is_test_code(code))
