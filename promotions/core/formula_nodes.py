"""The parts of a formula: how each is computed, and what can be proved of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

MAX_NUMBER = 10**9
_UNBOUNDED = Fraction(10**30)

Evaluate = Callable[[Mapping[str, int]], Fraction]


class BadFormula(ValueError):
    """The formula cannot be read, or could not be explained to a shopper."""


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a formula: how to compute it, whether it can fall, and how fast it rises.

    `slope` bounds the rise per minor unit of `value`; `rises` says that it never falls when a
    name grows, `falls` that it never rises; `constant` is its value if it has no name in it.
    `positive`: never below zero.
    """

    run: Evaluate
    rises: bool
    falls: bool
    slope: Fraction
    positive: bool
    constant: Fraction | None = None


def number_node(token: str) -> Node:
    """Return a number as written. Raises BadFormula for one too large."""
    number = Fraction(token)
    if number > MAX_NUMBER:
        raise BadFormula(f"numbers go up to {MAX_NUMBER}")
    return _constant(number)


def _constant(number: Fraction) -> Node:
    return Node(
        run=lambda _: number,
        rises=True,
        falls=True,
        slope=Fraction(0),
        positive=number >= 0,
        constant=number,
    )


def name_node(name: str) -> Node:
    """Return what the cart says."""
    return Node(
        run=lambda given: Fraction(given[name]),
        rises=True,
        falls=False,
        slope=Fraction(1) if name == "value" else Fraction(0),
        positive=True,
    )


def add_nodes(left: Node, right: Node, sign: str) -> Node:
    """Return the sum or difference."""
    if left.constant is not None and right.constant is not None:
        both = left.constant + right.constant if sign == "+" else left.constant - right.constant
        return _constant(both)
    if sign == "+":
        return Node(
            run=lambda given: left.run(given) + right.run(given),
            rises=left.rises and right.rises,
            falls=left.falls and right.falls,
            slope=left.slope + right.slope,
            positive=left.positive and right.positive,
        )
    return Node(
        run=lambda given: left.run(given) - right.run(given),
        rises=left.rises and right.falls,
        falls=left.falls and right.rises,
        # What is taken away and falls itself lifts the difference: how fast is not known
        slope=left.slope if right.rises else _UNBOUNDED,
        positive=False,
    )


def multiply_nodes(left: Node, right: Node) -> Node:
    """Return the product."""
    if left.constant is not None and right.constant is not None:
        return _constant(left.constant * right.constant)
    if left.constant is not None:
        left, right = right, left
    factor = right.constant
    if factor is not None and factor >= 0:
        slope, keeps_order = left.slope * factor, True
    else:
        slope = _UNBOUNDED if left.slope or right.slope else Fraction(0)
        keeps_order = left.positive and right.positive
    return Node(
        run=lambda given: left.run(given) * right.run(given),
        rises=left.rises and right.rises and keeps_order,
        falls=left.falls and right.falls and keeps_order,
        slope=slope,
        positive=left.positive and right.positive,
    )


def divide_nodes(left: Node, right: Node) -> Node:
    """Return the quotient. Raises BadFormula unless the divisor is a number above zero."""
    if right.constant is None or right.constant <= 0:
        raise BadFormula("divide by a number above 0 only")
    return multiply_nodes(left, _constant(1 / right.constant))


def _smallest(parts: Sequence[Node]) -> Node:
    return _extreme(parts, min, positive=all(part.positive for part in parts))


def _largest(parts: Sequence[Node]) -> Node:
    return _extreme(parts, max, positive=any(part.positive for part in parts))


def _extreme(
    parts: Sequence[Node], choose: Callable[[list[Fraction]], Fraction], *, positive: bool
) -> Node:
    if len(parts) < 2:
        raise BadFormula("min and max compare two or more")
    constants = [part.constant for part in parts if part.constant is not None]
    if len(constants) == len(parts):
        return _constant(choose(constants))
    return Node(
        run=lambda given: choose([part.run(given) for part in parts]),
        rises=all(part.rises for part in parts),
        falls=all(part.falls for part in parts),
        slope=max(part.slope for part in parts),
        positive=positive,
    )


def _every(parts: Sequence[Node]) -> Node:
    if len(parts) != 2 or parts[1].constant is None or parts[1].constant <= 0:
        raise BadFormula("every(x, n) needs a number n above 0")
    counted, size = parts[0], parts[1].constant
    if counted.constant is not None:
        return _constant(Fraction(floor(counted.constant / size)))
    return Node(
        run=lambda given: Fraction(floor(counted.run(given) / size)),
        rises=counted.rises,
        falls=counted.falls,
        slope=counted.slope / size,
        positive=counted.positive,
    )


FUNCTIONS_OF: Mapping[str, Callable[[Sequence[Node]], Node]] = {
    "min": _smallest,
    "max": _largest,
    "every": _every,
}
