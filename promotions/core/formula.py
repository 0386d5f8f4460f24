"""A formula staff may write for an amount: parsed, bounded, proved fair, never executed as code.

    expression := term (("+" | "-") term)*
    term       := factor (("*" | "/") factor)*
    factor     := number | name | function "(" expression ("," expression)* ")" | "(" expression ")"

Names: `quantity` (units in scope), `value` (their quoted prices, minor units), `lines`.
Functions: `min`, `max`, `every(x, n)` (how many times n fits into x). No powers, no loops, no
negation: work is bounded by the length. Arithmetic is exact (fractions) and rounded down once.
Refused when parsed: what could shrink when the shopper buys more, and what could grow faster than
the goods cost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import floor

MAX_LENGTH = 200
MAX_NODES = 60
MAX_DEPTH = 12
MAX_NUMBER = 10**9
MAX_AMOUNT = 10**12
NAMES = ("quantity", "value", "lines")
FUNCTIONS = ("min", "max", "every")

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d{1,4})?)|([a-z]+)|([-+*/(),]))")
_UNBOUNDED = Fraction(10**30)

Evaluate = Callable[[Mapping[str, int]], Fraction]


class BadFormula(ValueError):
    """The formula cannot be read, or could not be explained to a shopper."""


@dataclass(frozen=True, slots=True)
class _Node:
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


@dataclass(frozen=True, slots=True)
class Formula:
    """A parsed formula. Equal texts are equal formulas."""

    text: str

    def amount(self, *, quantity: int, value: int, lines: int) -> int:
        """Return the amount in minor units, between 0 and MAX_AMOUNT, rounded down.

        >>> Formula("min(value / 10, 500) + every(quantity, 3) * 100").amount(
        ...     quantity=7, value=3_000, lines=2)
        500
        """
        result = _compiled(self.text).run({"quantity": quantity, "value": value, "lines": lines})
        return max(0, min(MAX_AMOUNT, floor(result)))


def parse_formula(text: str) -> Formula:
    """Return the formula, or raise BadFormula with the reason.

    >>> parse_formula("value / 20").amount(quantity=1, value=1_999, lines=1)
    99
    >>> parse_formula("1000 - value")
    Traceback (most recent call last):
    promotions.core.formula.BadFormula: it may shrink when the shopper buys more
    >>> parse_formula("value * 2")
    Traceback (most recent call last):
    promotions.core.formula.BadFormula: it may take off more than the goods added cost
    """
    node = _compiled(text)
    if node.constant is not None and node.constant <= 0:
        raise BadFormula("it never takes anything off")
    if not node.rises:
        raise BadFormula("it may shrink when the shopper buys more")
    if node.slope > 1:
        raise BadFormula("it may take off more than the goods added cost")
    return Formula(text)


@lru_cache(maxsize=1_024)
def _compiled(text: str) -> _Node:
    return _Parser(text).parse()


class _Parser:
    """Recursive descent over tokens, counting parts and depth."""

    def __init__(self, text: str) -> None:
        if not text.strip() or len(text) > MAX_LENGTH:
            raise BadFormula(f"write 1 to {MAX_LENGTH} characters")
        self.tokens = _tokens(text)
        self.at = 0
        self.nodes = 0

    def parse(self) -> _Node:
        """Return the whole formula as one node."""
        node = self._sum(0)
        if self.at < len(self.tokens):
            raise BadFormula(f"“{self.tokens[self.at]}” is not expected here")
        return node

    def _next(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def _accept(self, *wanted: str) -> str:
        token = self._next()
        if token in wanted:
            self.at += 1
            return token
        return ""

    def _expect(self, token: str) -> None:
        if not self._accept(token):
            raise BadFormula(f"“{token}” is missing")

    def _sum(self, depth: int) -> _Node:
        node = self._product(depth)
        while sign := self._accept("+", "-"):
            node = self._count(_add(node, self._product(depth), sign))
        return node

    def _product(self, depth: int) -> _Node:
        node = self._factor(depth)
        while sign := self._accept("*", "/"):
            other = self._factor(depth)
            node = self._count(_multiply(node, other) if sign == "*" else _divide(node, other))
        return node

    def _factor(self, depth: int) -> _Node:
        if depth > MAX_DEPTH:
            raise BadFormula(f"it nests more than {MAX_DEPTH} deep")
        if self._accept("("):
            node = self._sum(depth + 1)
            self._expect(")")
            return node
        token = self._next()
        self.at += 1
        if token in FUNCTIONS:
            return self._count(_FUNCTIONS[token](self._arguments(depth)))
        if token in NAMES:
            return self._count(_name(token))
        if token[:1].isdigit():
            return self._count(_number(token))
        raise BadFormula(f"“{token}” is not known; names: {', '.join(NAMES)}" if token else _CUT)

    def _arguments(self, depth: int) -> list[_Node]:
        self._expect("(")
        found = [self._sum(depth + 1)]
        while self._accept(","):
            found.append(self._sum(depth + 1))
        self._expect(")")
        return found

    def _count(self, node: _Node) -> _Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise BadFormula(f"it has more than {MAX_NODES} parts")
        return node


_CUT = "it ends too early"


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise BadFormula(f"“{text[at:].strip()[0]}” is not allowed")
        found.append(match.group().strip())
        at = match.end()
    return found


def _number(token: str) -> _Node:
    number = Fraction(token)
    if number > MAX_NUMBER:
        raise BadFormula(f"numbers go up to {MAX_NUMBER}")
    return _constant(number)


def _constant(number: Fraction) -> _Node:
    return _Node(
        run=lambda _: number,
        rises=True,
        falls=True,
        slope=Fraction(0),
        positive=number >= 0,
        constant=number,
    )


def _name(name: str) -> _Node:
    return _Node(
        run=lambda given: Fraction(given[name]),
        rises=True,
        falls=False,
        slope=Fraction(1) if name == "value" else Fraction(0),
        positive=True,
    )


def _add(left: _Node, right: _Node, sign: str) -> _Node:
    if left.constant is not None and right.constant is not None:
        both = left.constant + right.constant if sign == "+" else left.constant - right.constant
        return _constant(both)
    if sign == "+":
        return _Node(
            run=lambda given: left.run(given) + right.run(given),
            rises=left.rises and right.rises,
            falls=left.falls and right.falls,
            slope=left.slope + right.slope,
            positive=left.positive and right.positive,
        )
    return _Node(
        run=lambda given: left.run(given) - right.run(given),
        rises=left.rises and right.falls,
        falls=left.falls and right.rises,
        # What is taken away and falls itself lifts the difference: how fast is not known
        slope=left.slope if right.rises else _UNBOUNDED,
        positive=False,
    )


def _multiply(left: _Node, right: _Node) -> _Node:
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
    return _Node(
        run=lambda given: left.run(given) * right.run(given),
        rises=left.rises and right.rises and keeps_order,
        falls=left.falls and right.falls and keeps_order,
        slope=slope,
        positive=left.positive and right.positive,
    )


def _divide(left: _Node, right: _Node) -> _Node:
    if right.constant is None or right.constant <= 0:
        raise BadFormula("divide by a number above 0 only")
    return _multiply(left, _constant(1 / right.constant))


def _smallest(parts: Sequence[_Node]) -> _Node:
    return _extreme(parts, min, positive=all(part.positive for part in parts))


def _largest(parts: Sequence[_Node]) -> _Node:
    return _extreme(parts, max, positive=any(part.positive for part in parts))


def _extreme(
    parts: Sequence[_Node], choose: Callable[[list[Fraction]], Fraction], *, positive: bool
) -> _Node:
    if len(parts) < 2:
        raise BadFormula("min and max compare two or more")
    constants = [part.constant for part in parts if part.constant is not None]
    if len(constants) == len(parts):
        return _constant(choose(constants))
    return _Node(
        run=lambda given: choose([part.run(given) for part in parts]),
        rises=all(part.rises for part in parts),
        falls=all(part.falls for part in parts),
        slope=max(part.slope for part in parts),
        positive=positive,
    )


def _every(parts: Sequence[_Node]) -> _Node:
    if len(parts) != 2 or parts[1].constant is None or parts[1].constant <= 0:
        raise BadFormula("every(x, n) needs a number n above 0")
    counted, size = parts[0], parts[1].constant
    if counted.constant is not None:
        return _constant(Fraction(floor(counted.constant / size)))
    return _Node(
        run=lambda given: Fraction(floor(counted.run(given) / size)),
        rises=counted.rises,
        falls=counted.falls,
        slope=counted.slope / size,
        positive=counted.positive,
    )


_FUNCTIONS: Mapping[str, Callable[[Sequence[_Node]], _Node]] = {
    "min": _smallest,
    "max": _largest,
    "every": _every,
}
