"""The parts a campaign is changed by on its page, each for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise

from promotions.campaigns.api import OFFERS
from promotions.sentences.api import Blank
from shop.doors.backoffice.campaigns.sentences import (
    MarketContext,
    Piece,
    make_form,
    split_sentence,
)

type Snapshot = Mapping[str, Any]
# Whether a condition holds, or its opposite: the blank its sentence begins with
HOLDS = "holds"

type Write = Callable[[Snapshot, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a campaign: what it says now, the blanks that change it, and how.

    `read` gives what stands in the blanks, `write` the snapshot with the answers in it; `fits`
    says whether the campaign has the part. `sentence` has the blanks in braces, where the form
    reads as one; `told` are words for those that are no fields; `remove` takes the part away;
    `kept` are values its form sends along.
    """

    code: str
    title: Promise | str
    blanks: Callable[[Snapshot], tuple[Blank, ...]]
    say: Callable[[Snapshot, MarketContext], str]
    read: Callable[[Snapshot, MarketContext], dict[str, Any]]
    write: Write
    fits: Callable[[Snapshot], bool] = lambda said: True
    sentence: str = ""
    remove: Callable[[Snapshot], dict[str, Any]] | None = None
    kept: tuple[tuple[str, str], ...] = ()
    told: Callable[[Snapshot, MarketContext], Mapping[str, str]] = lambda said, place: {}


@dataclass(slots=True)
class ShownPart:
    """A part as the page has it: its words, and the form behind them."""

    part: Part
    words: str
    form: forms.Form
    is_open: bool = False
    pieces: tuple[Piece, ...] = ()


def show_part(
    part: Part,
    said: Snapshot,
    place: MarketContext,
    *,
    data: Any = None,
    refused: Iterable[str] = (),
    is_open: bool = False,
) -> ShownPart:
    """Return a part with its words and its form; `data` is what was posted for it, `refused` why
    that was not saved."""
    form = open_part(part, said, place, data)
    for why in refused:
        form.add_error(None, why)
    sentence = place.translate(part.sentence) if part.sentence else ""
    if sentence and HOLDS in form.fields:
        sentence = f"{{{HOLDS}}} {sentence}"
    for name, text in part.told(said, place).items():
        sentence = sentence.replace(f"{{{name}}}", text)
    pieces = tuple(split_sentence(sentence, form))
    return ShownPart(part, part.say(said, place), form, is_open, pieces)


def open_part(part: Part, said: Snapshot, place: MarketContext, data: Any = None) -> forms.Form:
    """Return the form of a part with what stands there now, or what was posted."""
    made = make_form(part.blanks(said), place)
    return made(data, initial=part.read(said, place), auto_id=f"id_{part.code}_%s")


def list_active(said: Snapshot) -> list[dict[str, Any]]:
    """Return the active offers of a snapshot."""
    return [offer for offer in said[OFFERS] if offer.get("is_active", True)]


def find_offer(said: Snapshot, code: str) -> dict[str, Any]:
    """Return the offer with a code."""
    found: dict[str, Any] = next(one for one in said[OFFERS] if one["code"] == code)
    return found


def change_offer(said: Snapshot, code: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the snapshot with fields of one offer changed."""
    offers = [{**one, **(fields if one["code"] == code else {})} for one in said[OFFERS]]
    return {**said, OFFERS: offers}
