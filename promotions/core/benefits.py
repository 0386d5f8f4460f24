"""What one benefit takes off each line. Integers only; a line never falls below its floor."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from promotions.core.benefits_bundles import save_on_bundles
from promotions.core.benefits_sets import (
    Saving,
    save_on_groups,
    save_on_other_goods,
    save_on_same_goods,
)
from promotions.core.formula import Formula
from promotions.core.open_lines import OpenLine, list_runs
from promotions.core.terms import Bundle, BuyGet, GroupOf, Step, Tiers
from promotions.core.values import Benefit, BenefitKind, Target
from shop.kernel.money import prorate

Pools = Sequence[Collection[int]]
WITHOUT_LINES = frozenset({BenefitKind.GIFT, BenefitKind.DELIVERY, BenefitKind.POINTS})


class Reduction(NamedTuple):
    """What a benefit takes off each line, minor units, and of how many of its units.

    `is_short`: more units would have been lowered, had the benefit been allowed to.
    """

    parts: list[int]
    units: list[int]
    is_short: bool = False


def reduce_lines(
    benefit: Benefit,
    lines: Sequence[OpenLine],
    pools: Pools | None = None,
    *,
    is_personal: bool = False,
) -> list[int]:
    """Return how much `benefit` takes off each of `lines` (all it means), in minor units >= 0.

    A percentage of a line is rounded half up at the line; what is computed on the cart or on sets
    of units is rounded once and spread by largest remainder. Caps and floors are obeyed exactly;
    `is_personal`: it is for chosen shoppers, so that the cap on what they get bounds it too.
    `pools` are positions in `lines` by role, as `terms.pools_of` gives them; None: all in one.

    >>> from decimal import Decimal
    >>> cheese, bread = OpenLine("a", 2, 1_000, 0), OpenLine("b", 1, 335, 0)
    >>> reduce_lines(Benefit(BenefitKind.PERCENTAGE, percent=Decimal(10)), [cheese, bread])
    [100, 34]
    >>> five_off = Benefit(BenefitKind.FIXED_AMOUNT, Target.CART, amount_minor=500)
    >>> reduce_lines(five_off, [cheese, bread])
    [375, 125]
    """
    return reduce_units(benefit, lines, pools, is_personal=is_personal).parts


def reduce_units(
    benefit: Benefit,
    lines: Sequence[OpenLine],
    pools: Pools | None = None,
    *,
    is_personal: bool = False,
    most_units: int | None = None,
    lost: Sequence[int] = (),
) -> Reduction:
    """Return what `reduce_lines` does, of at most `most_units` units, and of how many.

    `lost` is what another offer would take off a unit of each line: sets must be worth more.
    """
    if benefit.kind in WITHOUT_LINES:
        return Reduction([0] * len(lines), [0] * len(lines))
    if benefit.ignores_floor:
        lines = [replace(line, floor_minor=0) for line in lines]
    if isinstance(benefit.terms, BuyGet | GroupOf | Bundle):
        pools = pools or [range(len(lines))]
        terms = _fewer_sets(benefit.terms, most_units)
        saving = _save_on_sets(benefit, terms, lines, pools, is_personal=is_personal, lost=lost)
        found = _spread_saving(saving, len(lines), benefit)
        if terms == benefit.terms:
            return found
        whole = reduce_units(benefit, lines, pools, is_personal=is_personal, lost=lost)
        return found._replace(is_short=sum(whole.parts) > sum(found.parts))
    parts = _reduce_whole_lines(benefit, lines, is_personal=is_personal)
    units = [line.quantity if part else 0 for line, part in zip(lines, parts, strict=True)]
    if most_units is None or sum(units) <= most_units:
        return Reduction(parts, units)
    return _keep_fewer(parts, units, most_units)


def _reduce_whole_lines(
    benefit: Benefit, lines: Sequence[OpenLine], *, is_personal: bool
) -> list[int]:
    rooms = [_room(line, benefit, is_personal=is_personal) for line in lines]
    if benefit.target is Target.CART and benefit.kind is not BenefitKind.QUANTITY_TIERS:
        wanted = _on_cart(benefit, lines)
        total = min(wanted, sum(rooms), _cap(benefit, wanted))
        return spread(total, [line.left_minor for line in lines], rooms)
    count = sum(line.quantity for line in lines)
    parts = [
        min(_on_line(benefit, line, count), room) for line, room in zip(lines, rooms, strict=True)
    ]
    total = sum(parts)
    return prorate(_cap(benefit, total), parts) if total > _cap(benefit, total) else parts


def _keep_fewer(parts: list[int], units: list[int], most: int) -> Reduction:
    """Return the reduction of the `most` units that save most, each an equal part of its line's."""
    kept, kept_units = [0] * len(parts), [0] * len(parts)
    by_unit = sorted(
        (i for i, count in enumerate(units) if count), key=lambda i: (-parts[i] / units[i], i)
    )
    for i in by_unit:
        count = min(units[i], most)
        kept[i], kept_units[i] = parts[i] * count // units[i], count
        most -= count
    return Reduction(kept, kept_units, is_short=True)


def _fewer_sets(
    terms: BuyGet | GroupOf | Bundle, most_units: int | None
) -> BuyGet | GroupOf | Bundle:
    """Return terms of no more sets than `most_units` units can make."""
    if most_units is None:
        return terms
    size = terms.buy + terms.get if isinstance(terms, BuyGet) else terms.size
    sets = most_units // size
    if terms.max_sets is not None and terms.max_sets <= sets:
        return terms
    return replace(terms, max_sets=sets)


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


def percent_of(benefit: Benefit | Step, amount_minor: int) -> int:
    """Return the benefit's percent of an amount, rounded half up.

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
    if isinstance(benefit.terms, Formula):
        units = sum(line.quantity for line in lines)
        return benefit.terms.amount(quantity=units, value=quoted, lines=len(lines))
    if isinstance(benefit.terms, Tiers):
        step = benefit.terms.reached(quoted)
        return 0 if step is None else _of_step(step, left)
    return _of_step(benefit, left)


def _on_line(benefit: Benefit, line: OpenLine, units: int) -> int:
    if isinstance(benefit.terms, Formula):
        value = line.quoted_minor
        return benefit.terms.amount(quantity=line.quantity, value=value, lines=1)
    if isinstance(benefit.terms, Tiers):
        counted = units if benefit.target is Target.CART else line.quantity
        step = benefit.terms.reached(counted)
        return 0 if step is None else _of_units(step, line)
    if benefit.kind is BenefitKind.SET_PRICE:
        return max(0, line.left_minor - (benefit.amount_minor or 0) * line.quantity)
    if benefit.target is Target.UNIT and benefit.percent is None:
        return (benefit.amount_minor or 0) * line.quantity
    return _of_step(benefit, line.left_minor)


def _of_step(measure: Benefit | Step, left_minor: int) -> int:
    if measure.percent is not None:
        return percent_of(measure, left_minor)
    return measure.amount_minor or 0


def _of_units(step: Step, line: OpenLine) -> int:
    if step.price_minor is not None:
        return max(0, line.left_minor - step.price_minor * line.quantity)
    if step.percent is not None:
        return percent_of(step, line.left_minor)
    return (step.amount_minor or 0) * line.quantity


def _save_on_sets(
    benefit: Benefit,
    terms: BuyGet | GroupOf | Bundle,
    lines: Sequence[OpenLine],
    pools: Pools,
    *,
    is_personal: bool,
    lost: Sequence[int],
) -> Saving:
    runs = [
        list_runs(
            lines,
            sorted(pool),
            cap_line_minor=benefit.cap_line_minor,
            is_personal=is_personal,
            lost=lost,
        )
        for pool in pools
    ]
    if isinstance(terms, Bundle):
        return save_on_bundles(runs, terms, partial(_of_bundles, benefit), terms.max_sets)
    share = partial(percent_of, benefit)
    if isinstance(terms, BuyGet) and terms.get_scope is not None:
        return save_on_other_goods(runs[0], runs[1], terms, share, terms.max_sets)
    if isinstance(terms, BuyGet) or terms.free:
        return save_on_same_goods(runs[0], terms, share, terms.max_sets)
    return save_on_groups(runs[0], terms.size, benefit.amount_minor or 0, terms.max_sets)


def _of_bundles(benefit: Benefit, worth_minor: int, bundles: int) -> int:
    if benefit.amount_minor is None:
        return percent_of(benefit, worth_minor)
    return worth_minor - bundles * benefit.amount_minor


def _spread_saving(saving: Saving, count: int, benefit: Benefit) -> Reduction:
    """Return what sets take off each line: by value, within the room of their units."""
    weights, rooms, units = [0] * count, [0] * count, [0] * count
    for run in saving.used:
        weights[run.at] += run.value * run.units
        rooms[run.at] += run.room * run.units
        units[run.at] += run.units
    return Reduction(spread(_cap(benefit, saving.amount_minor), weights, rooms), units)


def _cap(benefit: Benefit, total_minor: int) -> int:
    return total_minor if benefit.cap_minor is None else min(benefit.cap_minor, total_minor)
