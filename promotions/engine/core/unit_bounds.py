"""Number of units that an offer may reduce, and which ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from promotions.engine.core.benefits.open_lines import OpenLine
from promotions.engine.core.values import Benefit


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
