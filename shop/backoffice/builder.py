"""A posted sentence: its form, the clauses added to it, and the draft they become."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.translation import get_language

from pricing.selectors.places import home_place
from promotions.core.builder.clauses import CLAUSES, Clause, build_clause
from promotions.core.builder.plans import Template
from promotions.core.builder.sets import SETS
from promotions.core.builder.templates import CUTS
from promotions.services import CampaignRefused
from promotions.services.builder import build_campaign
from shop.backoffice.sentences import Piece, Place, examples, make_form, split_sentence
from shop.catalog.selectors import get_market
from shop.kernel.clock import utc_now
from shop.staff.reasons import account_id

TEMPLATES: Mapping[str, Template] = {one.code: one for one in (*CUTS, *SETS)}
MOST_CLAUSES = 10


class NameForm(forms.Form):
    """What the campaign is called; empty: as its kind."""

    name = forms.CharField(max_length=120, required=False)
    name_zh = forms.CharField(max_length=120, required=False)
    code = forms.SlugField(max_length=60, required=False)


@dataclass(slots=True)
class FilledClause:
    """A clause with its own form; `key` tells clauses of one sentence apart."""

    key: str
    clause: Clause
    form: forms.Form
    is_opposite: bool = False

    def pieces(self, place: Place) -> list[Piece]:
        """Return the clause as text and fields."""
        return list(split_sentence(place.pick(self.clause.sentence), self.form))


@dataclass(slots=True)
class FilledSentence:
    """A template with its form, its clauses and the form of its name."""

    template: Template
    place: Place
    form: forms.Form
    names: forms.Form
    clauses: list[FilledClause]

    @property
    def pieces(self) -> list[Piece]:
        """Return the sentence as text and fields."""
        return list(split_sentence(self.place.pick(self.template.sentence), self.form))

    @property
    def said_clauses(self) -> list[tuple[FilledClause, list[Piece]]]:
        """Return every clause with its pieces."""
        return [(one, one.pieces(self.place)) for one in self.clauses]

    def is_valid(self) -> bool:
        """Return whether every blank holds what it may."""
        each = [self.form, self.names, *(one.form for one in self.clauses)]
        return sum(len(form.errors) for form in each) == 0


def read_place() -> Place:
    """Return where campaigns of this shop run by default. No query while fresh."""
    market = get_market(home_place()[0])
    language = get_language() or "en"
    return Place(market.code, market.currency, market.time_zone, language, utc_now())


def open_sentence(template: Template, place: Place) -> FilledSentence:
    """Return the sentence with examples in its blanks."""
    form = make_form(template.blanks, place)(initial=examples(template.blanks, place))
    return FilledSentence(template, place, form, NameForm(), [])


def read_sentence(template: Template, place: Place, posted: QueryDict) -> FilledSentence:
    """Return the sentence as posted, with a clause added or taken away if that was pressed.

    Then nothing is judged yet: what was typed stands in the blanks as it was typed.
    """
    is_edit = "add" in posted or "remove" in posted
    options: Any = {"initial": posted.dict()} if is_edit else {"data": posted}
    form = make_form(template.blanks, place)(**options)
    return FilledSentence(
        template, place, form, NameForm(**options), _read_clauses(posted, place, is_edit)
    )


def save_sentence(filled: FilledSentence, request: HttpRequest) -> int | None:
    """Save the draft and return its campaign's id; None with errors in words at their blanks."""
    if not filled.is_valid():
        return None
    names, answers = filled.names.cleaned_data, filled.form.cleaned_data
    title = filled.template.title
    named = {
        "name": names["name"] or title[0],
        "name_zh": names["name_zh"] or ("" if names["name"] else title[1]),
        "code": names["code"],
        "market_code": filled.place.market_code,
    }
    conditions = [
        build_clause(one.clause.code, one.form.cleaned_data, is_opposite=one.is_opposite)
        for one in filled.clauses
    ]
    try:
        return build_campaign(
            template=filled.template,
            answers={**answers, **named},
            conditions=conditions,
            by_id=account_id(request),
            now=filled.place.now,
        )
    except CampaignRefused as refusal:
        place = str(refusal.detail.get("place", ""))
        target = filled.names if place in filled.names.fields else filled.form
        target.add_error(place if place in target.fields else None, refusal.message)
        return None


def list_clause_choices(place: Place) -> list[tuple[str, str]]:
    """Return the clauses that can be added, as (code, text with dots for blanks)."""
    return [(code, _blank_out(place.pick(one.sentence), one)) for code, one in CLAUSES.items()]


def _blank_out(sentence: str, clause: Clause) -> str:
    return sentence.format(**{blank.name: "…" for blank in clause.blanks})


def _read_clauses(posted: QueryDict, place: Place, is_edit: bool) -> list[FilledClause]:
    """Return the clauses as posted: each came as "key:code" with its blanks behind the key."""
    keys = [text.split(":", 1) for text in posted.getlist("clause") if ":" in text]
    known = [(key, code) for key, code in keys if code in CLAUSES][:MOST_CLAUSES]
    kept = [(key, code) for key, code in known if key != posted.get("remove")]
    found = []
    for key, code in kept:
        clause, prefix = CLAUSES[code], f"c{key}"
        begin = f"{prefix}-"
        mine = [name for name in posted if name.startswith(begin)]
        typed = {name.removeprefix(begin): posted[name] for name in mine}
        options: Any = {"initial": typed} if is_edit else {"data": posted}
        form = make_form(clause.blanks, place)(prefix=prefix, **options)
        found.append(FilledClause(key, clause, form, posted.get(f"{begin}not") == "not"))
    added = posted.get("clause_code", "") if "add" in posted else ""
    if added in CLAUSES and len(found) < MOST_CLAUSES:
        clause = CLAUSES[added]
        key = str(max((int(key) for key, _code in known if key.isdigit()), default=0) + 1)
        form = make_form(clause.blanks, place)(
            prefix=f"c{key}", initial=examples(clause.blanks, place)
        )
        found.append(FilledClause(key, clause, form))
    return found


def say_kind(template: Template, place: Place) -> dict[str, str]:
    """Return what the list of sentences shows of one."""
    return {
        "code": template.code,
        "title": place.pick(template.title),
        "hint": place.pick(template.hint),
        "sentence": template_text(template, place),
    }


def template_text(template: Template, place: Place) -> str:
    """Return the sentence with a dash in every blank."""
    dashes = {blank.name: "___" for blank in template.blanks}
    return place.pick(template.sentence).format(**dashes)
