"""The conditions of an offer as rows: one is added, changed or removed at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from promotions.planning.api import (
    AND,
    BRACKET,
    CLAUSES,
    INSIDE,
    OR,
    Clause,
    Path,
    Row,
    add_row,
    find_clause,
    list_rows,
    remove_row,
    replace_row,
    say_rows,
    walk_rows,
)
from promotions.sentences.api import Blank, Lexicon
from shop.doors.backoffice.campaigns.clauses import read_choice
from shop.doors.backoffice.campaigns.parts import (
    HOLDS,
    Part,
    ShownPart,
    Snapshot,
    change_offer,
    find_offer,
)
from shop.doors.backoffice.campaigns.product_picker import list_tokens
from shop.doors.backoffice.campaigns.sentences import MarketContext, examples
from shop.ground.kernel.translation import gettext_noop

ROW, ADD = "if", "add-if"
LONGEST_WORDS = 60
_HOLDS = Blank(
    HOLDS,
    "choice",
    gettext_noop("whether it holds"),
    choices=(
        ("", gettext_noop("it is true that")),
        ("not", gettext_noop("it is not true that")),
    ),
    is_needed=False,
)


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A condition as the page has it, those of its bracket inside."""

    one: ShownPart
    inside: list[ShownRow]


@dataclass(frozen=True, slots=True)
class Adding:
    """What may be added to an offer: conditions, and where they may stand; `code` of the part."""

    code: str
    clauses: list[tuple[str, str]]
    places: list[tuple[str, str]]


def list_row_parts(
    said: Snapshot, offer_code: str, mark: str, words: Sequence[str] = ()
) -> Iterator[Part]:
    """Return a part for each row of an offer's conditions, said in `words`."""
    for place, (path, row) in enumerate(_walk(said, offer_code)):
        text = words[place] if words else ""
        yield _make_part(path, row, offer_code, mark, text)


def make_new_part(offer_code: str, mark: str, asked: Mapping[str, Any]) -> Part | None:
    """Return the part that adds the condition `asked` for; None where it names none."""
    said = [(code, _blank_out(_(one.sentence), one)) for code, one in CLAUSES.items()]
    clause = CLAUSES.get(read_choice(str(asked.get("clause", "")), said))
    at = str(asked.get("at", ""))
    joint, _dash, path = at.partition("-")
    if clause is None or asked.get("part") != ADD + mark:
        return None

    def write(said: Snapshot, answers: dict[str, Any]) -> dict[str, Any]:
        row, condition = _build(clause, answers), _condition_of(said, offer_code)
        changed = add_row(condition, row, joint=joint or AND, path=_read_path(path))
        return change_offer(said, offer_code, {"condition": changed})

    return Part(
        ADD + mark,
        gettext_lazy("New condition"),
        lambda said: (_HOLDS, *clause.blanks),
        lambda said, place: _blank_out(place.translate(clause.sentence), clause),
        lambda said, place: examples(clause.blanks, place),
        write,
        sentence=clause.sentence,
        kept=(("clause", clause.code), ("at", at)),
    )


def say_conditions(
    said: Snapshot, offer_code: str, place: MarketContext, words: Lexicon
) -> list[str]:
    """Return the words of each row. No query."""
    rows = [row for _path, row in _walk(said, offer_code)]
    spoken = [row.dump() or {} for row in rows]
    return [
        _say_bracket(row, place) if row.bracket else text
        for row, text in zip(rows, say_rows(spoken, words), strict=True)
    ]


def nest_rows(
    said: Snapshot, offer_code: str, mark: str, shown: Mapping[str, ShownPart]
) -> list[ShownRow]:
    """Return an offer's conditions as they stand in each other; `shown` are parts by code."""

    def nest(rows: Sequence[Row], above: Path) -> list[ShownRow]:
        return [
            ShownRow(shown[_code(mark, (*above, at))], nest(row.inside, (*above, at)))
            for at, row in enumerate(rows)
        ]

    return nest(list_rows(_condition_of(said, offer_code)), ())


def offer_adding(
    said: Snapshot, offer_code: str, mark: str, place: MarketContext, words: Sequence[str]
) -> Adding:
    """Return what may be added to an offer's conditions, and where."""
    clauses = [
        (code, _blank_out(place.translate(one.sentence), one)) for code, one in CLAUSES.items()
    ]
    places = [("", _("it must hold as well"))]
    for (path, row), text in zip(_walk(said, offer_code), words, strict=True):
        places += _list_places(path, row, text)
    return Adding(ADD + mark, clauses, places)


def _list_places(path: Path, row: Row, words: str) -> Iterator[tuple[str, str]]:
    at = "-".join(map(str, path))
    cut = words if len(words) <= LONGEST_WORDS else f"{words[: LONGEST_WORDS - 1]}…"
    if row.bracket:
        yield f"{INSIDE}-{at}", _("in the list: %(words)s") % {"words": cut}
    elif len(path) == 1:
        yield f"{OR}-{at}", _("or instead of: %(words)s") % {"words": cut}
    else:
        yield f"{AND}-{at}", _("together with: %(words)s") % {"words": cut}


def _make_part(path: Path, row: Row, offer_code: str, mark: str, words: str) -> Part:
    clause, answers = _find_clause(row)

    def write(said: Snapshot, given: dict[str, Any]) -> dict[str, Any]:
        condition = _condition_of(said, offer_code)
        changed = Row(row.said, bool(given[HOLDS]), given.get("which", ""), row.inside)
        new = changed if clause is None or row.bracket else _build(clause, given)
        return change_offer(said, offer_code, {"condition": replace_row(condition, path, new)})

    def remove(said: Snapshot) -> dict[str, Any]:
        condition = remove_row(_condition_of(said, offer_code), path)
        return change_offer(said, offer_code, {"condition": condition})

    stands = {**_as_typed(answers), HOLDS: "not" if row.is_opposite else ""}
    return Part(
        _code(mark, path),
        gettext_lazy("Condition"),
        lambda said: (_HOLDS, *(() if clause is None else clause.blanks)),
        lambda said, place: words,
        lambda said, place: stands,
        write,
        sentence="" if clause is None else clause.sentence,
        remove=remove,
    )


def _find_clause(row: Row) -> tuple[Clause | None, Mapping[str, Any]]:
    """Return the sentence of a row and what stands in it; none for what only words can say."""
    found = find_clause(row)
    if found is not None:
        return found
    return (BRACKET, {"which": row.bracket}) if row.bracket else (None, {})


def _build(clause: Clause, answers: dict[str, Any]) -> Row:
    return Row(clause.build(answers), is_opposite=bool(answers[HOLDS]))


def _as_typed(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what stands in the blanks as their fields show it: products as picks, words listed."""
    return {
        name: list_tokens(value) if isinstance(value, Mapping) else value
        for name, value in answers.items()
    }


def _say_bracket(row: Row, place: MarketContext) -> str:
    which = dict(BRACKET.blanks[0].choices)[row.bracket]
    said = place.translate(which)
    return _("it is not true that %(words)s") % {"words": said} if row.is_opposite else said


def _walk(said: Snapshot, offer_code: str) -> list[tuple[Path, Row]]:
    return list(walk_rows(list_rows(_condition_of(said, offer_code))))


def _condition_of(said: Snapshot, offer_code: str) -> Mapping[str, Any]:
    condition: Mapping[str, Any] = find_offer(said, offer_code).get("condition") or {}
    return condition


def _code(mark: str, path: Path) -> str:
    return "-".join((ROW, *map(str, path))) + mark


def _read_path(text: str) -> Path:
    return tuple(int(one) for one in text.split("-") if one.isdecimal())


def _blank_out(sentence: str, clause: Clause) -> str:
    return sentence.format(**{blank.name: "…" for blank in clause.blanks})
