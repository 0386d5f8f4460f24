"""What one benefit takes off each line. Integers only; a line never falls below its floor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from promotions.core.values import Benefit, BenefitKind, Target
from shop.kernel.money import prorate


@dataclass(slots=True)
class OpenLine:
    """A line while offers are applied: `left_minor` is its price so far, for all its units."""

    line_id: str
    quantity: int
    left_minor: int
    floor_minor: int

    @property
    def room_minor(self) -> int:
        """Return how much may still be taken off."""
        return max(0, self.left_minor - self.floor_minor)


def reduce_lines(benefit: Benefit, lines: Sequence[OpenLine]) -> list[int]:
    """Return how much `benefit` takes off each of `lines` (all in scope), in minor units >= 0.

    A percentage of a line is rounded half up at the line; what is computed on the cart is rounded
    once and spread by largest remainder. The cap and the floors are obeyed exactly.

    >>> from decimal import Decimal
    >>> cheese, bread = OpenLine("a", 2, 1_000, 0), OpenLine("b", 1, 335, 0)
    >>> reduce_lines(Benefit(BenefitKind.PERCENTAGE, percent=Decimal(10)), [cheese, bread])
    [100, 34]
    >>> five_off = Benefit(BenefitKind.FIXED_AMOUNT, Target.CART, amount_minor=500)
    >>> reduce_lines(five_off, [cheese, bread])
    [375, 125]
    """
    rooms = [line.room_minor for line in lines]
    if benefit.target is Target.CART:
        whole = sum(line.left_minor for line in lines)
        wanted = _percent_of(benefit, whole)
        if wanted is None:
            wanted = benefit.amount_minor or 0
        total = min(wanted, sum(rooms), _cap(benefit, wanted))
        return spread(total, [line.left_minor for line in lines], rooms)
    parts = [min(_on_line(benefit, line), room) for line, room in zip(lines, rooms, strict=True)]
    total = sum(parts)
    return prorate(_cap(benefit, total), parts) if total > _cap(benefit, total) else parts


def spread(total_minor: int, weights: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """Split `total_minor` by `weights`, no part above its room; what does not fit goes elsewhere.

    `total_minor` must not exceed the sum of `rooms`. Repeats largest-remainder proration over the
    lines that still have room; each round fills a line or ends.

    >>> spread(100, [50, 50], [20, 90])
    [20, 80]
    """
    parts = [0] * len(rooms)
    while total_minor > 0:
        open_ = [i for i, room in enumerate(rooms) if room > parts[i]]
        shares = prorate(total_minor, [weights[i] for i in open_])
        for i, share in zip(open_, shares, strict=True):
            taken = min(share, rooms[i] - parts[i])
            parts[i] += taken
            total_minor -= taken
    return parts


def _on_line(benefit: Benefit, line: OpenLine) -> int:
    share = _percent_of(benefit, line.left_minor)
    if share is not None:
        return share
    amount = benefit.amount_minor or 0
    return amount * line.quantity if benefit.target is Target.UNIT else amount


def _percent_of(benefit: Benefit, amount_minor: int) -> int | None:
    if benefit.kind is not BenefitKind.PERCENTAGE or benefit.percent is None:
        return None
    # Hundredths of a percent are whole numbers: half up without Decimal, equal to share_minor
    return (amount_minor * int(benefit.percent * 100) + 5_000) // 10_000


def _cap(benefit: Benefit, total_minor: int) -> int:
    return total_minor if benefit.cap_minor is None else min(benefit.cap_minor, total_minor)
