"""A condition as rows that are added, changed and removed one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any as Json

from promotions.engine.api import BadOffer, parse_condition
from promotions.planning.core.builder.clauses import AND, BRACKETS, CLAUSES, OR, Clause
from promotions.sentences.core.plans import Answers

type Path = tuple[int, ...]

INSIDE = "in"
# (word, its lower and its upper bound): what names both is two conditions
_BOUNDED = (
    ("last_order", "at_least_days", "at_most_days"),
    ("orders", "at_least", "at_most"),
    ("spent", "at_least", "at_most"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """A condition, or a bracket (a word of BRACKETS) with rows inside of it."""

    said: Mapping[str, Json] = field(default_factory=dict)
    is_opposite: bool = False
    bracket: str = ""
    inside: tuple[Row, ...] = ()

    def dump(self) -> dict[str, Json] | None:
        """Return the JSON of the row; None for a bracket that nothing stands in."""
        said: dict[str, Json] | None = dict(self.said)
        if self.bracket:
            parts = [one for row in self.inside if (one := row.dump()) is not None]
            several = {self.bracket: parts} if parts else None
            said = parts[0] if len(parts) == 1 else several
        return {"not": said} if self.is_opposite and said is not None else said


def list_rows(condition: Mapping[str, Json]) -> tuple[Row, ...]:
    """Return the rows that all must hold.

    >>> [row.said for row in list_rows({"all": [{"cart_value": 4000}, {"not": {"member": True}}]})]
    [{'cart_value': 4000}, {'member': True}]
    """
    return _read_all(condition).inside


def walk_rows(rows: Sequence[Row], above: Path = ()) -> Iterator[tuple[Path, Row]]:
    """Return every row with the way to it, those of a bracket behind it."""
    for place, row in enumerate(rows):
        yield (*above, place), row
        yield from walk_rows(row.inside, (*above, place))


def find_clause(row: Row) -> tuple[Clause, Answers] | None:
    """Return the clause that says the same as a row, and what stands in its blanks.

    >>> found = find_clause(Row({"hours": ["17:00", "20:00"]}))
    >>> found[0].code, found[1]
    ('hours', {'from': '17:00', 'until': '20:00'})
    """
    if row.bracket:
        return None
    meant = parse_condition(dict(row.said))
    for clause in CLAUSES.values():
        with suppress(BadOffer, KeyError, TypeError, AttributeError):
            answers = clause.read(row.said)
            if answers is not None and parse_condition(clause.build(answers)) == meant:
                return clause, answers
    return None


def add_row(
    condition: Mapping[str, Json], row: Row, *, joint: str = AND, path: Path = ()
) -> dict[str, Json]:
    """Return the condition with one more row: beside all, or joined to the row at `path`.

    "or": either of the two holds, "and": both of them, "in": inside of the bracket there.

    >>> add_row({"cart_value": 4000}, Row({"member": True}))
    {'all': [{'cart_value': 4000}, {'member': True}]}
    >>> add_row({"cart_value": 4000}, Row({"member": True}), joint=OR, path=(0,))
    {'any': [{'cart_value': 4000}, {'member': True}]}
    """
    root = _read_all(condition)
    if not path:
        return replace(root, inside=(*root.inside, row)).dump() or {}

    def join(old: Row) -> list[Row]:
        if joint == INSIDE and old.bracket:
            return [replace(old, inside=(*old.inside, row))]
        return [Row(bracket="any" if joint == OR else "all", inside=(old, row))]

    return _edit(root, path, join).dump() or {}


def replace_row(condition: Mapping[str, Json], path: Path, row: Row) -> dict[str, Json]:
    """Return the condition with another row at `path`."""
    return _edit(_read_all(condition), path, lambda old: [row]).dump() or {}


def remove_row(condition: Mapping[str, Json], path: Path) -> dict[str, Json]:
    """Return the condition without the row at `path`; a bracket goes with all in it.

    >>> remove_row({"any": [{"cart_value": 4000}, {"member": True}]}, (0, 1))
    {'cart_value': 4000}
    """
    return _edit(_read_all(condition), path, lambda old: []).dump() or {}


def _edit(row: Row, path: Path, change: Callable[[Row], list[Row]]) -> Row:
    """Return the bracket with the row at `path` changed; as it is where there is none."""
    if not path or path[0] >= len(row.inside):
        return row
    place, below = path[0], path[1:]
    old = row.inside[place]
    new = [_edit(old, below, change)] if below else change(old)
    return replace(row, inside=(*row.inside[:place], *new, *row.inside[place + 1 :]))


def _read_all(condition: Mapping[str, Json]) -> Row:
    """Return the whole as a bracket of rows that all must hold."""
    if not condition:
        return Row(bracket="all")
    row = _read(condition)
    if row.bracket != "all" or row.is_opposite:
        return Row(bracket="all", inside=(row,))
    flat = [
        inner
        for one in row.inside
        for inner in (one.inside if one.bracket == "all" and not one.is_opposite else (one,))
    ]
    return replace(row, inside=tuple(flat))


def _read(said: Mapping[str, Json]) -> Row:
    if set(said) == {"not"}:
        inner = _read(said["not"])
        return replace(inner, is_opposite=not inner.is_opposite)
    for word in BRACKETS:
        if set(said) == {word} and find_clause(Row(said)) is None:
            return Row(bracket=word, inside=tuple(_read(one) for one in said[word]))
    for word in ("first_order", "member"):
        if said == {word: False}:
            return Row({word: True}, is_opposite=True)
    return _split(said) or Row(said)


def _split(said: Mapping[str, Json]) -> Row | None:
    """Return two rows for a condition with a lower and an upper bound, None for any other."""
    for word, least, most in _BOUNDED:
        value = said.get(word)
        if isinstance(value, Mapping) and value.keys() >= {least, most}:
            each = (
                {word: {key: part for key, part in value.items() if key != other}}
                for other in (most, least)
            )
            return Row(bracket="all", inside=tuple(Row(one) for one in each))
    return None
