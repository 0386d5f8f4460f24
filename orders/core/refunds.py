"""What each unit of a line cost, to the cent, frozen when it was bought."""

from __future__ import annotations


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
