"""The clauses staff add to a sentence, and how each is joined to the one before it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import QueryDict

from promotions.core.builder.clauses import CLAUSES, Clause, build_clause
from shop.backoffice.sentences import Piece, Place, examples, make_form, split_sentence

MOST_CLAUSES = 10
AND, OR, WITH = "and", "or", "with"
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

    `joint` says how it stands to the clause before it: "and" is one more that must hold, "or" an
    alternative, "with" belongs to the same alternative and binds closer than "or".
    """

    key: str
    clause: Clause
    form: forms.Form
    is_opposite: bool = False
    joint: str = AND

    @property
    def how(self) -> str:
        """Return how it is joined to what stands before it, as `JOINS` has it."""
        return next(
            code for code, joined in JOINS.items() if joined == (self.joint, self.is_opposite)
        )

    def pieces(self, place: Place) -> list[Piece]:
        """Return the clause as text and fields."""
        return list(split_sentence(place.pick(self.clause.sentence), self.form))


def list_clause_choices(place: Place) -> list[tuple[str, str]]:
    """Return the clauses that can be added, as (code, text with dots for blanks)."""
    return [(code, _blank_out(place.pick(one.sentence), one)) for code, one in CLAUSES.items()]


def _blank_out(sentence: str, clause: Clause) -> str:
    return sentence.format(**{blank.name: "…" for blank in clause.blanks})


def read_clauses(posted: QueryDict, place: Place, is_edit: bool) -> list[FilledClause]:
    """Return the clauses as posted: each came as "key:code" with its blanks behind the key."""
    keys = [text.split(":", 1) for text in posted.getlist("clause") if ":" in text]
    known = [(key, code) for key, code in keys if code in CLAUSES][:MOST_CLAUSES]
    kept = [(key, code) for key, code in known if key != posted.get("remove")]
    found: list[FilledClause] = []
    for key, code in kept:
        clause, prefix = CLAUSES[code], f"c{key}"
        begin = f"{prefix}-"
        mine = [name for name in posted if name.startswith(begin)]
        typed = {name.removeprefix(begin): posted[name] for name in mine}
        options: Any = {"initial": typed} if is_edit else {"data": posted}
        form = make_form(clause.blanks, place)(prefix=prefix, **options)
        joint, is_opposite = JOINS.get(posted.get(f"{begin}not", ""), (AND, False))
        found.append(FilledClause(key, clause, form, is_opposite, joint if found else AND))
    added = posted.get("clause_code", "") if "add" in posted else ""
    if added in CLAUSES and len(found) < MOST_CLAUSES:
        clause = CLAUSES[added]
        key = str(max((int(key) for key, _code in known if key.isdigit()), default=0) + 1)
        form = make_form(clause.blanks, place)(
            prefix=f"c{key}", initial=examples(clause.blanks, place)
        )
        joint = posted["add"] if posted["add"] in (OR, WITH) and found else AND
        found.append(FilledClause(key, clause, form, joint=joint))
    return found


def join_clauses(clauses: list[FilledClause]) -> list[dict[str, Any]]:
    """Return the conditions that all must hold: "a with b or c, and d" is ((a and b) or c), d."""
    groups: list[list[list[dict[str, Any]]]] = []
    for one in clauses:
        said = build_clause(one.clause.code, one.form.cleaned_data, is_opposite=one.is_opposite)
        if one.joint == WITH and groups:
            groups[-1][-1].append(said)
        elif one.joint == OR and groups:
            groups[-1].append([said])
        else:
            groups.append([[said]])
    return [_join("any", [_join("all", part) for part in group]) for group in groups]


def _join(word: str, parts: list[dict[str, Any]]) -> dict[str, Any]:
    return parts[0] if len(parts) == 1 else {word: parts}
