"""What one benefit takes off each line. Integers only; a line never falls below its floor."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from promotions.core.benefits_sets import (
    Saving,
    list_runs,
    save_on_bundles,
    save_on_groups,
    save_on_other_goods,
    save_on_same_goods,
)
from promotions.core.formula import Formula
from promotions.core.terms import Bundle, BuyGet, GroupOf, Step, Tiers
from promotions.core.values import Benefit, BenefitKind, Target
from shop.kernel.money import prorate

Pools = Sequence[Collection[int]]
WITHOUT_LINES = frozenset({BenefitKind.GIFT, BenefitKind.DELIVERY, BenefitKind.POINTS})


@dataclass(slots=True)
class OpenLine:
    """A line while offers are applied: `left_minor` is its price so far, for all its units.

    `quoted_minor` is its price before any offer: what tiers and formulas count. `personal_minor`
    is what offers for chosen shoppers may still take off (None: no cap is in force).
    """

    line_id: str
    quantity: int
    left_minor: int
    floor_minor: int
    quoted_minor: int = 0
    personal_minor: int | None = None

    @property
    def room_minor(self) -> int:
        """Return how much may still be taken off."""
        return max(0, self.left_minor - self.floor_minor)


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
    if benefit.kind in WITHOUT_LINES:
        return [0] * len(lines)
    rooms = [_room(line, benefit, is_personal=is_personal) for line in lines]
    if isinstance(benefit.terms, BuyGet | GroupOf | Bundle):
        saving = _save_on_sets(benefit, benefit.terms, lines, pools or [range(len(lines))])
        return _spread_saving(saving, rooms, benefit)
    if benefit.target is Target.CART and benefit.kind is not BenefitKind.QUANTITY_TIERS:
        wanted = _on_cart(benefit, lines)
        total = min(wanted, sum(rooms), _cap(benefit, wanted))
        return spread(total, [line.left_minor for line in lines], rooms)
    units = sum(line.quantity for line in lines)
    parts = [
        min(_on_line(benefit, line, units), room) for line, room in zip(lines, rooms, strict=True)
    ]
    total = sum(parts)
    return prorate(_cap(benefit, total), parts) if total > _cap(benefit, total) else parts


def bound_reduction(
    benefit: Benefit,
    lines: Sequence[OpenLine],
    pools: Pools | None = None,
    *,
    is_personal: bool = False,
) -> int:
    """Return the most `benefit` can take off `lines`, also after any other offers.

    What it takes now bounds what it takes of less; only sets may then be made of other lines,
    with more room above their floors.
    """
    if not isinstance(benefit.terms, BuyGet | GroupOf | Bundle):
        return sum(reduce_lines(benefit, lines, pools, is_personal=is_personal))
    saving = _save_on_sets(benefit, benefit.terms, lines, pools or [range(len(lines))])
    most = _cap(benefit, saving.amount_minor)
    return min(most, sum(_room(line, benefit, is_personal=is_personal) for line in lines))


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
    benefit: Benefit, terms: BuyGet | GroupOf | Bundle, lines: Sequence[OpenLine], pools: Pools
) -> Saving:
    amounts = [(line.quantity, line.left_minor) for line in lines]
    runs = [list_runs(amounts, sorted(pool)) for pool in pools]
    if isinstance(terms, Bundle):
        saving = save_on_bundles(runs, terms, benefit.amount_minor, terms.max_sets)
        if benefit.amount_minor is None:
            saving = saving._replace(amount_minor=percent_of(benefit, saving.amount_minor))
        return saving
    share = partial(percent_of, benefit)
    if isinstance(terms, BuyGet) and terms.get_scope is not None:
        return save_on_other_goods(runs[0], runs[1], terms, share, terms.max_sets)
    if isinstance(terms, BuyGet) or terms.free:
        return save_on_same_goods(runs[0], terms, share, terms.max_sets)
    return save_on_groups(runs[0], terms.size, benefit.amount_minor or 0, terms.max_sets)


def _spread_saving(saving: Saving, rooms: list[int], benefit: Benefit) -> list[int]:
    weights = [0] * len(rooms)
    for run in saving.used:
        weights[run.at] += run.value * run.units
    rooms = [room if weight else 0 for room, weight in zip(rooms, weights, strict=True)]
    wanted = saving.amount_minor
    return spread(min(wanted, sum(rooms), _cap(benefit, wanted)), weights, rooms)


def _cap(benefit: Benefit, total_minor: int) -> int:
    return total_minor if benefit.cap_minor is None else min(benefit.cap_minor, total_minor)
