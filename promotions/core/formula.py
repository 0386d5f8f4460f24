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
from dataclasses import dataclass
from functools import lru_cache
from math import floor

from promotions.core.formula_nodes import (
    FUNCTIONS_OF,
    BadFormula,
    Node,
    add_nodes,
    divide_nodes,
    multiply_nodes,
    name_node,
    number_node,
)

MAX_LENGTH = 200
MAX_NODES = 60
MAX_DEPTH = 12
MAX_AMOUNT = 10**12
NAMES = ("quantity", "value", "lines")
FUNCTIONS = ("min", "max", "every")

_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d{1,4})?)|([a-z]+)|([-+*/(),]))")


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
    promotions.core.formula_nodes.BadFormula: it may shrink when the shopper buys more
    >>> parse_formula("value * 2")
    Traceback (most recent call last):
    promotions.core.formula_nodes.BadFormula: it may take off more than the goods added cost
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
def _compiled(text: str) -> Node:
    return _Parser(text).parse()


class _Parser:
    """Recursive descent over tokens, counting parts and depth."""

    def __init__(self, text: str) -> None:
        if not text.strip() or len(text) > MAX_LENGTH:
            raise BadFormula(f"write 1 to {MAX_LENGTH} characters")
        self.tokens = _tokens(text)
        self.at = 0
        self.nodes = 0

    def parse(self) -> Node:
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

    def _sum(self, depth: int) -> Node:
        node = self._product(depth)
        while sign := self._accept("+", "-"):
            node = self._count(add_nodes(node, self._product(depth), sign))
        return node

    def _product(self, depth: int) -> Node:
        node = self._factor(depth)
        while sign := self._accept("*", "/"):
            other = self._factor(depth)
            node = self._count(
                multiply_nodes(node, other) if sign == "*" else divide_nodes(node, other)
            )
        return node

    def _factor(self, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise BadFormula(f"it nests more than {MAX_DEPTH} deep")
        if self._accept("("):
            node = self._sum(depth + 1)
            self._expect(")")
            return node
        token = self._next()
        self.at += 1
        if token in FUNCTIONS:
            return self._count(FUNCTIONS_OF[token](self._arguments(depth)))
        if token in NAMES:
            return self._count(name_node(token))
        if token[:1].isdigit():
            return self._count(number_node(token))
        raise BadFormula(f"“{token}” is not known; names: {', '.join(NAMES)}" if token else _CUT)

    def _arguments(self, depth: int) -> list[Node]:
        self._expect("(")
        found = [self._sum(depth + 1)]
        while self._accept(","):
            found.append(self._sum(depth + 1))
        self._expect(")")
        return found

    def _count(self, node: Node) -> Node:
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
