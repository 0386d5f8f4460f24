"""What each unit of a line cost, to the cent, frozen when it was bought."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


def units_share(total_minor: int, quantity: int, *, refunded: int, more: int) -> int:
    """Return the price of `more` units of a line after `refunded` ones went back.

    The line's total is split over its units by largest remainder: the first `total % quantity`
    units cost one minor unit more. However a line is refunded piece by piece, the pieces sum to
    its total exactly. Raises ValueError for more units than are left.

    >>> [units_share(1_000, 3, refunded=n, more=1) for n in range(3)]
    [334, 333, 333]
    >>> units_share(1_000, 3, refunded=0, more=3)
    1000
    """
    if not 0 < more <= quantity - refunded:
        raise ValueError(f"{more} units asked, {quantity - refunded} of {quantity} are left")
    each, dearer = divmod(total_minor, quantity)
    dearer_left = max(0, min(dearer, refunded + more) - refunded)
    return each * more + dearer_left


@dataclass(frozen=True, slots=True)
class UnitShare:
    """One unit of a line: quoted price - what each adjustment took off + added tax = paid."""

    quoted_minor: int
    adjustments_minor: tuple[int, ...]
    tax_added_minor: int
    paid_minor: int


def split_units(
    *, quoted_minor: int, quantity: int, adjustments_minor: Sequence[int], tax_added_minor: int
) -> tuple[UnitShare, ...]:
    """Return every unit's share of a line, and of each reduction of it (positive amounts).

    The line's price is split evenly before and after each reduction, in the order applied; the
    difference is the unit's share of it. So no share is negative, shares sum to each reduction
    exactly, and what a unit paid is what `units_share` gives back for it.

    >>> [share.adjustments_minor for share in split_units(
    ...     quoted_minor=500, quantity=3, adjustments_minor=[100, 1], tax_added_minor=0)]
    [(33, 0), (33, 1), (34, 0)]
    """
    left = [quoted_minor * quantity]
    for reduction in adjustments_minor:
        left.append(left[-1] - reduction)
    stages = [_split(amount, quantity) for amount in left]
    paid = _split(left[-1] + tax_added_minor, quantity)
    return tuple(
        UnitShare(
            quoted_minor=quoted_minor,
            adjustments_minor=tuple(
                before[unit] - after[unit] for before, after in pairwise(stages)
            ),
            tax_added_minor=paid[unit] - stages[-1][unit],
            paid_minor=paid[unit],
        )
        for unit in range(quantity)
    )


def _split(amount_minor: int, quantity: int) -> list[int]:
    each, dearer = divmod(amount_minor, quantity)
    return [each + (unit < dearer) for unit in range(quantity)]
