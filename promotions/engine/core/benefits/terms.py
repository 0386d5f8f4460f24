"""Terms of benefits beyond one percentage or amount: frozen, typed, one class per kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from promotions.engine.core.carts import CartLineValue, Scope


@dataclass(frozen=True, slots=True)
class BuyGet:
    """Buy `buy` units in the offer's scope, get up to `get` cheaper by the benefit's percent.

    Without `get_scope` both come from the same products and the cheapest of a set are cheaper; with
    one, the dearest units in it are, and what it covers does not count as bought.
    """

    buy: int
    get: int
    get_scope: Scope | None = None
    max_sets: int | None = None


@dataclass(frozen=True, slots=True)
class GroupOf:
    """Every `size` units in scope form a group: at one price together, or `free` of them free."""

    size: int
    free: int = 0
    max_sets: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """`quantity` units of `scope` in a bundle."""

    scope: Scope
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Bundle:
    """One of each part together, at the benefit's price or cheaper by its percent."""

    parts: tuple[Part, ...]
    max_sets: int | None = None

    @property
    def size(self) -> int:
        """Return how many units one bundle has."""
        return sum(part.quantity for part in self.parts)


@dataclass(frozen=True, slots=True)
class Step:
    """From `at_least` units (or minor units of money) on: one of percent, amount or unit price."""

    at_least: int
    percent: Decimal | None = None
    amount_minor: int | None = None
    price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Tiers:
    """Steps upwards; the last one reached holds.

    >>> tiers = Tiers((Step(3, Decimal(10)), Step(6, Decimal(20))))
    >>> tiers.reached(5).percent, tiers.reached(2)
    (Decimal('10'), None)
    """

    steps: tuple[Step, ...]

    def reached(self, count: int) -> Step | None:
        """Return the step that `count` units (or that much money) comes to."""
        found = None
        for step in self.steps:
            if count >= step.at_least:
                found = step
        return found


@dataclass(frozen=True, slots=True)
class Gift:
    """`quantity` pieces of the first of `variant_ids` that is in stock, for nothing."""

    variant_ids: tuple[int, ...]
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Delivery:
    """Delivery cheaper by the benefit's percent or amount, or at most at `price_minor`.

    `methods` are codes of ways of delivery; empty: all.
    """

    methods: frozenset[str] = frozenset()
    price_minor: int | None = None


@dataclass(frozen=True, slots=True)
class Points:
    """`points` once per order, or with `per_minor` for each full such amount paid in scope.

    >>> Points(5, per_minor=100).earned(1_250), Points(200).earned(1)
    (60, 200)
    """

    points: int
    per_minor: int | None = None

    def earned(self, paid_minor: int) -> int:
        """Return the points for products in scope that cost `paid_minor` after all offers."""
        return (
            self.points if self.per_minor is None else self.points * (paid_minor // self.per_minor)
        )


Terms = BuyGet | GroupOf | Bundle | Tiers | Gift | Delivery | Points


def extra_scopes(terms: Terms | None) -> tuple[Scope, ...]:
    """Return the scopes `terms` brings besides the offer's own."""
    if isinstance(terms, Bundle):
        return tuple(part.scope for part in terms.parts)
    if isinstance(terms, BuyGet) and terms.get_scope is not None:
        return (terms.get_scope,)
    return ()


def hide_variants(scope: Scope, variant_ids: Iterable[int]) -> Scope:
    """Return `scope` without the variants.

    >>> hide_variants(Scope(), [4]).except_variant_ids
    frozenset({4})
    """
    return replace(scope, except_variant_ids=scope.except_variant_ids | frozenset(variant_ids))


def hide_in_terms(terms: Terms | None, variant_ids: Iterable[int]) -> Terms | None:
    """Return `terms` whose own scopes do not mean the variants."""
    hidden = frozenset(variant_ids)
    if isinstance(terms, Bundle):
        parts = tuple(replace(p, scope=hide_variants(p.scope, hidden)) for p in terms.parts)
        return replace(terms, parts=parts)
    if isinstance(terms, BuyGet) and terms.get_scope is not None:
        return replace(terms, get_scope=hide_variants(terms.get_scope, hidden))
    return terms


def pools_of(
    terms: Terms | None, scope: Scope, lines: Iterable[CartLineValue]
) -> tuple[frozenset[int], ...]:
    """Return which of `lines` (by position) the offer means, pool by pool.

    One pool for most kinds; (bought, got) for BuyGet with products of its own to get; one per part
    of a bundle. A line may be in several parts' pools.
    """
    known = list(lines)
    if isinstance(terms, Bundle):
        return tuple(_covered(part.scope, known) for part in terms.parts)
    own = _covered(scope, known)
    if isinstance(terms, BuyGet) and terms.get_scope is not None:
        got = _covered(terms.get_scope, known)
        return (own - got, got)
    return (own,)


def _covered(scope: Scope, lines: list[CartLineValue]) -> frozenset[int]:
    return frozenset(i for i, line in enumerate(lines) if scope.covers(line))
