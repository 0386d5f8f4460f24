"""Reduction of each line by one benefit. Integers only; a line never falls below its floor."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from promotions.engine.core.benefits.bundles import save_on_bundles
from promotions.engine.core.benefits.lines import (
    OpenLine,
    cap_total,
    count_for_steps,
    keep_units,
    list_runs,
    percent_of,
    reduce_whole_lines,
    spread,
)
from promotions.engine.core.benefits.sets import (
    Saving,
    save_on_groups,
    save_on_other_products,
    save_on_same_products,
)
from promotions.engine.core.benefits.terms import Bundle, BuyGet, GroupOf
from promotions.engine.core.values import Benefit, BenefitKind, Target

Pools = Sequence[Collection[int]]
WITHOUT_LINES = frozenset({BenefitKind.GIFT, BenefitKind.DELIVERY, BenefitKind.POINTS})


class Reduction(NamedTuple):
    """What a benefit takes off each line, minor units, and of how many of its units.

    `is_short`: more units would have been lowered, had the benefit been allowed to.
    """

    parts: list[int]
    units: list[int]
    is_short: bool = False


def reduce_units(
    benefit: Benefit,
    lines: Sequence[OpenLine],
    pools: Pools | None = None,
    *,
    is_personal: bool = False,
    most_units: int | None = None,
    lost: Sequence[int] = (),
) -> Reduction:
    """Return how much `benefit` takes off each of `lines`, in minor units >= 0, and of how many
    units, `most_units` at most.

    A percentage of a line is rounded half up for each of its units; what is computed on the cart or
    on sets of units is rounded once and spread by largest remainder. Caps and floors are obeyed
    exactly; `is_personal`: it is for chosen shoppers, so that the cap on what they get bounds it.
    `pools` are positions in `lines` by role, as `terms.pools_of` gives them; None: all in one.
    `lost` is what another offer would take off a unit of each line: sets, and units that are
    chosen where the benefit lowers only so many, must be worth more.

    >>> from decimal import Decimal
    >>> from promotions.engine.core.values import Target
    >>> cheese, bread = OpenLine("a", 2, 1_000, 0), OpenLine("b", 1, 335, 0)
    >>> reduce_units(Benefit(BenefitKind.PERCENTAGE, percent=Decimal(10)), [cheese, bread]).parts
    [100, 34]
    >>> five_off = Benefit(BenefitKind.FIXED_AMOUNT, Target.CART, amount_minor=500)
    >>> reduce_units(five_off, [cheese, bread]).parts
    [375, 125]
    """
    if benefit.kind in WITHOUT_LINES:
        return Reduction([0] * len(lines), [0] * len(lines))
    if benefit.ignores_floor:
        lines = [replace(line, floor_minor=0) for line in lines]
    if isinstance(benefit.terms, BuyGet | GroupOf | Bundle):
        pools = pools or [range(len(lines))]
        terms = fewer_sets(benefit.terms, most_units)
        saving = _save_on_sets(benefit, terms, lines, pools, is_personal=is_personal, lost=lost)
        found = _spread_saving(saving, len(lines), benefit)
        if terms == benefit.terms:
            return found
        whole = reduce_units(benefit, lines, pools, is_personal=is_personal, lost=lost)
        return found._replace(is_short=sum(whole.parts) > sum(found.parts))
    pieces = sum(line.quantity for line in lines)
    if benefit.counts_units or (most_units is not None and most_units < pieces):
        return _reduce_some_units(benefit, lines, most_units, lost, is_personal=is_personal)
    parts = reduce_whole_lines(benefit, lines, is_personal=is_personal)
    units = [line.quantity if part else 0 for line, part in zip(lines, parts, strict=True)]
    return Reduction(parts, units)


def _reduce_some_units(
    benefit: Benefit,
    lines: Sequence[OpenLine],
    most_units: int | None,
    lost: Sequence[int],
    *,
    is_personal: bool,
) -> Reduction:
    """Return what the benefit takes off the units it may lower, each line cut to those.

    Steps by pieces still count all pieces of the lines.
    """
    loose = replace(benefit, cap_minor=None, cap_line_minor=None)
    left = [n for n in (benefit.most_units, most_units) if n is not None]
    bound = replace(benefit, most_units=min(left, default=None))
    if benefit.kind is BenefitKind.FIXED_AMOUNT and benefit.target is Target.LINE:
        # An amount a line is a cap of it: as few units as can bear it are enough
        loose = replace(loose, amount_minor=sum(line.left_minor for line in lines))
        caps = [n for n in (benefit.amount_minor, benefit.cap_line_minor) if n is not None]
        bound = replace(bound, cap_line_minor=min(caps))
    whole = reduce_whole_lines(loose, lines, is_personal=is_personal)
    chosen = choose_units(whole, lines, bound, lost=lost)
    at = [i for i, count in enumerate(chosen) if count]
    kept = [keep_units(lines[i], chosen[i]) for i in at]
    counted = count_for_steps(benefit, lines)
    counts = [counted[i] for i in at]
    found = reduce_whole_lines(benefit, kept, is_personal=is_personal, counts=counts)
    parts, units = [0] * len(lines), [0] * len(lines)
    for i, part in zip(at, found, strict=True):
        parts[i], units[i] = part, chosen[i] if part else 0
    unbound = replace(bound, most_units=None, most_units_line=None)
    wanted = choose_units(whole, lines, unbound, lost=lost)
    return Reduction(parts, units, sum(chosen) < sum(wanted))


def fewer_sets(
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
        return save_on_other_products(runs[0], runs[1], terms, share, terms.max_sets)
    if isinstance(terms, BuyGet) or terms.free:
        return save_on_same_products(runs[0], terms, share, terms.max_sets)
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
    return Reduction(spread(cap_total(benefit, saving.amount_minor), weights, rooms), units)


def choose_units(
    parts: Sequence[int],
    lines: Sequence[OpenLine],
    benefit: Benefit,
    *,
    lost: Sequence[int] = (),
) -> list[int]:
    """Return how many units of each line the benefit lowers: those that it lowers most.

    `parts` is what it would take off each line as a whole, without caps; lines of one variant share
    what is meant for each. `lost` is what another offer takes off a unit of each line: only units
    that are worth more here are chosen, those first that gain most. With `cheapest_first` the units
    are those with the lowest quoted price, whatever is taken off them.

    >>> from promotions.engine.core.values import BenefitKind
    >>> two_each = Benefit(BenefitKind.PERCENTAGE, most_units_line=2, most_units=3)
    >>> lines = [OpenLine("a", 5, 1_000, 0), OpenLine("b", 5, 2_000, 0)]
    >>> choose_units([100, 200], lines, two_each)
    [1, 2]
    """
    left = _none_or_all(benefit.most_units)
    each = _none_or_all(benefit.most_units_line)
    kept, used = [0] * len(lines), defaultdict[int | str, int](int)
    if benefit.cheapest_first:
        return _take_cheapest(parts, lines, left, each, lost)
    gains = [
        (saved - (lost[i] if lost else 0), i, units)
        for i, part in enumerate(parts)
        for saved, units in _list_gains(part, lines[i].quantity, benefit.cap_line_minor)
    ]
    for gain, i, units in sorted(gains, key=lambda one: (-one[0], one[1])):
        if gain <= 0:
            break
        line = lines[i]
        key = line.line_id if line.variant_id is None else line.variant_id
        count = min(units, left, each - used[key])
        kept[i] += count
        used[key] += count
        left -= count
    return kept


def _take_cheapest(
    parts: Sequence[int], lines: Sequence[OpenLine], left: int, each: int, lost: Sequence[int]
) -> list[int]:
    kept, used = [0] * len(lines), defaultdict[int | str, int](int)

    def price(i: int) -> float:
        return lines[i].quoted_minor / lines[i].quantity

    for i in sorted(filter(price, range(len(lines))), key=lambda i: (price(i), i)):
        line = lines[i]
        key = line.line_id if line.variant_id is None else line.variant_id
        count = min(line.quantity, left, each - used[key])
        used[key] += count
        left -= count
        if parts[i] / line.quantity > (lost[i] if lost else 0):
            kept[i] = count
    return kept


def _list_gains(part: int, units: int, most: int | None) -> Iterator[tuple[float, int]]:
    """Yield what units of a line save each, and how many do: the first ones use up `most`."""
    saved = part / units
    if most is None or part <= most:
        yield saved, units
        return
    whole = int(most // saved)
    yield saved, whole
    yield most - whole * saved, 1


def _none_or_all(most: int | None) -> int:
    return 10**9 if most is None else most
