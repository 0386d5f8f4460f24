"""Formulas: what they say, what they refuse, and that what is accepted is fair."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.core.formula import MAX_AMOUNT, Formula, parse_formula
from promotions.core.formula_nodes import BadFormula

GOOD = [
    ("5", 5),
    ("value / 20", 150),
    ("min(value / 10, 200)", 200),
    ("max(100, value / 100)", 100),
    ("every(value, 1000) * 100", 300),
    ("quantity * 25 + lines", 177),
    ("value - value + 10 - 5", None),
    ("(value + 1) / 2 - 0.5", 1_500),
    ("1.5 * quantity", 10),
]
BAD = [
    ("", "1 to 200"),
    ("value" * 100, "1 to 200"),
    ("value ** 2", "not known"),
    ("value * value", "more than the goods"),
    ("every(value, 10) * 11", "more than the goods"),
    ("1000 - value", "shrink"),
    ("max(quantity, 5) - quantity", "shrink"),
    ("value / quantity", "divide by a number"),
    ("value / 0", "divide by a number"),
    ("every(value, quantity)", "needs a number"),
    ("min(value)", "two or more"),
    ("__import__", "not allowed"),
    ("os", "not known"),
    ("value.real", "not allowed"),
    ("(value", "missing"),
    ("value)", "not expected"),
    ("value +", "too early"),
    ("5 - 5", "never takes"),
    ("9999999999", "go up to"),
    ("(" * 14 + "1" + ")" * 14, "deep"),
    ("1" + "+1" * 61, "parts"),
]


@pytest.mark.parametrize(("text", "expected"), [pair for pair in GOOD if pair[1] is not None])
def test_a_formula_says_this(text: str, expected: int) -> None:
    assert parse_formula(text).amount(quantity=7, value=3_000, lines=2) == expected


@pytest.mark.parametrize(("text", "reason"), BAD)
def test_a_formula_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BadFormula, match=reason):
        parse_formula(text)


atoms = st.sampled_from(["value", "quantity", "lines", "0.5", "3", "250", "1000"])


def _grow(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(parts, st.sampled_from("+-*/"), parts).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(["min", "max", "every"]), parts, parts).map(
            lambda t: f"{t[0]}({t[1]}, {t[2]})"
        ),
    )


formulas = st.recursive(atoms, _grow, max_leaves=8)
sizes = st.tuples(st.integers(1, 99), st.integers(0, 100_000), st.integers(1, 20))


@settings(max_examples=500, deadline=None)
@given(formulas, sizes, st.integers(1, 5), st.integers(1, 50_000))
def test_an_accepted_formula_never_gives_less_for_more_nor_more_than_the_goods_cost(
    text: str, size: tuple[int, int, int], units: int, money: int
) -> None:
    try:
        formula = parse_formula(text)
    except BadFormula:
        return
    quantity, value, lines = size
    before = formula.amount(quantity=quantity, value=value, lines=lines)
    assert 0 <= before <= MAX_AMOUNT
    assert formula.amount(quantity=quantity + units, value=value, lines=lines) >= before
    dearer = formula.amount(quantity=quantity, value=value + money, lines=lines)
    assert dearer >= before
    if "every" not in text:
        assert dearer - before <= money


def test_equal_texts_are_equal_formulas() -> None:
    assert parse_formula("value / 20") == Formula("value / 20")
