"""Benefits on whole lines, or on all lines together: no sets of units."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from promotions.engine.core.benefits.open_lines import OpenLine
from promotions.engine.core.benefits.terms import Step, Tiers
from promotions.engine.core.values import Benefit, BenefitKind, Target
from shop.ground.kernel.money import prorate

Numbers = NDArray[np.int64]


def reduce_whole_lines(
    benefit: Benefit,
    lines: Sequence[OpenLine],
    *,
    is_personal: bool,
    counts: Sequence[int] | None = None,
) -> list[int]:
    """Return what a benefit that is not on sets takes off each of `lines`, all their units.

    `counts` are how many units steps count for each line, as `count_for_steps` says of them all.
    """
    rooms = [_room(line, benefit, is_personal=is_personal) for line in lines]
    if benefit.target is Target.CART and benefit.kind is not BenefitKind.QUANTITY_TIERS:
        wanted = _on_cart(benefit, lines)
        total = min(wanted, sum(rooms), cap_total(benefit, wanted))
        return spread(total, [line.left_minor for line in lines], rooms)
    counts = count_for_steps(benefit, lines) if counts is None else counts
    parts = [
        min(_on_line(benefit, line, count), room)
        for line, room, count in zip(lines, rooms, counts, strict=True)
    ]
    total = sum(parts)
    return prorate(cap_total(benefit, total), parts) if total > cap_total(benefit, total) else parts


def count_for_steps(benefit: Benefit, lines: Sequence[OpenLine]) -> list[int]:
    """Return how many units steps count for each line: its own, or those of all lines."""
    if benefit.target is Target.CART:
        return [sum(line.quantity for line in lines)] * len(lines)
    return [line.quantity for line in lines]


def cap_total(benefit: Benefit, total_minor: int) -> int:
    """Return the sum that the benefit may take off an order."""
    return total_minor if benefit.cap_minor is None else min(benefit.cap_minor, total_minor)


def spread(total_minor: int, weights: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """Split `total_minor` by `weights`, no part above its room; what does not fit goes elsewhere.

    `total_minor` must not exceed the sum of `rooms`. Repeats largest-remainder proration over the
    lines that still have room; each round fills a line or ends.

    >>> spread(100, [50, 50], [20, 90])
    [20, 80]
    """
    if len(rooms) == 1:
        return [total_minor]
    parts = [0] * len(rooms)
    while total_minor > 0:
        open_ = [i for i, room in enumerate(rooms) if room > parts[i]]
        shares = prorate(total_minor, [weights[i] for i in open_])
        for i, share in zip(open_, shares, strict=True):
            taken = min(share, rooms[i] - parts[i])
            parts[i] += taken
            total_minor -= taken
    return parts


def percent_of[Amount: (int, Numbers)](benefit: Benefit | Step, amount_minor: Amount) -> Amount:
    """Return the benefit's percent of an amount, or of each of many, rounded half up.

    >>> from decimal import Decimal
    >>> percent_of(Benefit(BenefitKind.PERCENTAGE, percent=Decimal(10)), 995)
    100
    """
    # Hundredths of a percent are whole numbers: half up without Decimal, equal to share_minor
    percent = 0 if benefit.percent is None else int(benefit.percent * 100)
    return (amount_minor * percent + 5_000) // 10_000


def _room(line: OpenLine, benefit: Benefit, *, is_personal: bool) -> int:
    room = line.room_minor
    if is_personal and line.personal_minor is not None:
        room = min(room, line.personal_minor)
    return room if benefit.cap_line_minor is None else min(room, benefit.cap_line_minor)


def _on_cart(benefit: Benefit, lines: Sequence[OpenLine]) -> int:
    left = sum(line.left_minor for line in lines)
    quoted = sum(line.quoted_minor for line in lines)
    if isinstance(benefit.terms, Tiers):
        step = benefit.terms.reached(quoted)
        return 0 if step is None else _of_step(step, left)
    return _of_step(benefit, left)


def _on_line(benefit: Benefit, line: OpenLine, counted: int) -> int:
    if isinstance(benefit.terms, Tiers):
        step = benefit.terms.reached(counted)
        return 0 if step is None else _of_units(step, line)
    if benefit.kind is BenefitKind.SET_PRICE:
        return max(0, line.left_minor - (benefit.amount_minor or 0) * line.quantity)
    if benefit.target is Target.UNIT and benefit.percent is None:
        return (benefit.amount_minor or 0) * line.quantity
    return _of_pieces(benefit, line)


def _of_step(measure: Benefit | Step, left_minor: int) -> int:
    if measure.percent is not None:
        return percent_of(measure, left_minor)
    return measure.amount_minor or 0


def _of_units(step: Step, line: OpenLine) -> int:
    if step.price_minor is not None:
        return max(0, line.left_minor - step.price_minor * line.quantity)
    if step.percent is not None:
        return _of_pieces(step, line)
    return (step.amount_minor or 0) * line.quantity


def _of_pieces(measure: Benefit | Step, line: OpenLine) -> int:
    """Return a percentage of a line, rounded for each unit: so the next one costs what the first
    did. An amount is the line's."""
    if measure.percent is None:
        return measure.amount_minor or 0
    each, dearer = divmod(line.left_minor, line.quantity)
    cheap = (line.quantity - dearer) * percent_of(measure, each)
    return cheap + dearer * percent_of(measure, each + 1)
