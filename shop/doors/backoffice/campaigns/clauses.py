"""The clauses staff add to a sentence, how each is joined to others, and brackets around them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from promotions.planning.api import AND, BRACKET, CLAUSES, OR, WITH, Clause, Part, join_parts
from shop.doors.backoffice.campaigns.sentences import (
    MarketContext,
    Piece,
    examples,
    make_form,
    split_sentence,
)

MOST_CLAUSES = 30
# Fields of a condition to add: to the sentence, and to the brackets whose key follows
NEW, NEW_INSIDE = "clause_code", "code-"
OFFERED: Mapping[str, Clause] = {**CLAUSES, BRACKET.code: BRACKET}
# How a clause is joined, as posted: its joint, and is it the opposite
JOINS: Mapping[str, tuple[str, bool]] = {
    "": (AND, False),
    "not": (AND, True),
    "or": (OR, False),
    "or-not": (OR, True),
    "with": (WITH, False),
    "with-not": (WITH, True),
}


@dataclass(slots=True)
class FilledClause:
    """A clause with its own form; `key` tells clauses of one sentence apart.

    `joint` and `within` are those of its `Part`; `is_new`: it was added just now.
    """

    key: str
    clause: Clause
    form: forms.Form
    is_opposite: bool = False
    joint: str = AND
    within: str = ""
    is_new: bool = False

    @property
    def how(self) -> str:
        """Return how it is joined to what stands before it, as `JOINS` has it."""
        return next(
            code for code, joined in JOINS.items() if joined == (self.joint, self.is_opposite)
        )

    @property
    def is_bracket(self) -> bool:
        """Return whether others stand in it."""
        return self.clause is BRACKET

    def pieces(self, place: MarketContext) -> list[Piece]:
        """Return the clause as text and fields."""
        return list(split_sentence(place.translate(self.clause.sentence), self.form))

    def say(self) -> Part:
        """Return what it means; its form must be valid."""
        answers = self.form.cleaned_data
        return Part(
            key=self.key,
            said=self.clause.build(answers),
            bracket=answers["which"] if self.is_bracket else "",
            is_opposite=self.is_opposite,
            joint=self.joint,
            within=self.within,
        )


@dataclass(frozen=True, slots=True)
class ShownClause:
    """A clause as the page shows it, with those that stand in it."""

    one: FilledClause
    pieces: list[Piece]
    inside: list[ShownClause]


def show_clauses(
    clauses: Sequence[FilledClause], place: MarketContext, within: str = ""
) -> list[ShownClause]:
    """Return the clauses as a tree."""
    return [
        ShownClause(one, one.pieces(place), show_clauses(clauses, place, one.key))
        for one in clauses
        if one.within == within
    ]


def list_clause_choices(place: MarketContext) -> list[tuple[str, str]]:
    """Return the clauses that can be added, as (code, text with dots for blanks)."""
    return [(code, _blank_out(place.translate(one.sentence), one)) for code, one in OFFERED.items()]


def _blank_out(sentence: str, clause: Clause) -> str:
    return sentence.format(**{blank.name: "…" for blank in clause.blanks})


def read_choice(typed: str, choices: Sequence[tuple[str, str]]) -> str:
    """Return the code of the condition that was typed: by code, by text, or by a part of one text
    alone; "" where it names none or several.

    >>> said = [("cart", "the cart is worth …"), ("hour", "between … and …"), ("day", "on …")]
    >>> [read_choice(one, said) for one in ("hour", "On …", "WORTH", "e", "moon", " ")]
    ['hour', 'day', 'cart', '', '', '']
    """
    word = typed.strip().casefold()
    whole = [code for code, text in choices if word in (code, text.casefold())]
    parts = [code for code, text in choices if word and word in text.casefold()]
    return whole[0] if whole else parts[0] if len(parts) == 1 else ""


def press_add(posted: QueryDict) -> QueryDict:
    """Return what was posted; a condition that was typed and not added yet is added, before
    anything is saved without it."""
    typed = [name for name in posted if name == NEW or name.startswith(NEW_INSIDE)]
    waiting = next((name for name in typed if str(posted[name]).strip()), "")
    if not waiting or "save" not in posted:
        return posted
    pressed = posted.copy()
    pressed["add"] = "1" if waiting == NEW else f"in:{waiting.removeprefix(NEW_INSIDE)}"
    return pressed


def read_clauses(posted: QueryDict, place: MarketContext, is_edit: bool) -> list[FilledClause]:
    """Return the clauses as posted: each came as "key:code" with its blanks behind the key.

    One within a bracket names it, and comes after it. A bracket is taken away with all in it.
    """
    found: list[FilledClause] = []
    for key, code in _list_posted(posted):
        within = posted.get(f"c{key}-in", "")
        if key == posted.get("remove") or not _has_bracket(found, within):
            continue
        found.append(_read_clause(key, OFFERED[code], posted, place, is_edit=is_edit))
        if within or not any(not one.within for one in found[:-1]):
            found[-1].joint = AND
    if "add" in posted and len(found) < MOST_CLAUSES:
        _add_clause(found, posted, place)
    if not is_edit:
        _refuse_empty(found)
    return found


def name_segment(code: str, place: MarketContext) -> FilledClause:
    """Return the clause that an offer is for shoppers of one segment."""
    clause = OFFERED["segments"]
    form = make_form(clause.blanks, place)(prefix="c1", initial={"segments": [code]})
    return FilledClause("1", clause, form, is_new=True)


def join_clauses(clauses: Sequence[FilledClause]) -> list[dict[str, Any]]:
    """Return the conditions that all must hold."""
    return join_parts([one.say() for one in clauses])


def _list_posted(posted: QueryDict) -> Iterator[tuple[str, str]]:
    keys = [text.split(":", 1) for text in posted.getlist("clause") if ":" in text]
    known = [(key, code) for key, code in keys if code in OFFERED]
    yield from dict(known[:MOST_CLAUSES]).items()


def _has_bracket(found: Sequence[FilledClause], key: str) -> bool:
    return not key or any(one.is_bracket and one.key == key for one in found)


def _read_clause(
    key: str, clause: Clause, posted: QueryDict, place: MarketContext, *, is_edit: bool
) -> FilledClause:
    prefix = f"c{key}"
    made = make_form(clause.blanks, place)
    form = made(prefix=prefix, data=posted)
    if is_edit:
        widgets = {name: field.widget for name, field in form.fields.items()}
        typed = {
            name: widget.value_from_datadict(posted, {}, f"{prefix}-{name}")
            for name, widget in widgets.items()
        }
        form = made(prefix=prefix, initial=typed)
    joint, is_opposite = JOINS.get(posted.get(f"{prefix}-not", ""), (AND, False))
    return FilledClause(key, clause, form, is_opposite, joint, posted.get(f"{prefix}-in", ""))


def _add_clause(found: list[FilledClause], posted: QueryDict, place: MarketContext) -> None:
    """Add the clause that was chosen: at the end, or at the end of the bracket that was pressed."""
    how = posted.get("add", "")
    within = how.removeprefix("in:") if how.startswith("in:") else ""
    typed = posted.get(f"{NEW_INSIDE}{within}" if within else NEW, "")
    clause = OFFERED.get(read_choice(typed, list_clause_choices(place)))
    if clause is None or not _has_bracket(found, within):
        return
    keys = [int(key) for key, _code in _list_posted(posted) if key.isdecimal()]
    key = str(max(keys, default=0) + 1)
    blanks = clause.blanks
    form = make_form(blanks, place)(prefix=f"c{key}", initial=examples(blanks, place))
    joint = how if how in (OR, WITH) and found else AND
    found.append(FilledClause(key, clause, form, joint=joint, within=within, is_new=True))


def _refuse_empty(found: Sequence[FilledClause]) -> None:
    """Mark brackets that nothing stands in."""
    for bracket in found:
        inside = sum(one.within == bracket.key for one in found)
        if bracket.is_bracket and not inside and bracket.form.is_valid():
            bracket.form.add_error("which", _("Put a clause into these brackets."))
