"""A campaign's parts put together: its sentence, its offers, their conditions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from promotions.campaigns.api import OFFERS
from promotions.law.api import Forbidden, find_forbidden
from promotions.planning.api import add_offer
from promotions.release.api import leave_out_of
from promotions.sentences.api import Blank, Lexicon, Template
from shop.doors.backoffice.campaigns.builder import TEMPLATES
from shop.doors.backoffice.campaigns.conditions import (
    Adding,
    ShownRow,
    list_row_parts,
    make_new_part,
    nest_rows,
    offer_adding,
    say_conditions,
)
from shop.doors.backoffice.campaigns.offer_parts import (
    OFFER_PARTS,
    OWN_GOODS,
    list_offer_tokens,
    list_picked,
)
from shop.doors.backoffice.campaigns.own_parts import OWN_PARTS
from shop.doors.backoffice.campaigns.parts import (
    Part,
    ShownPart,
    Snapshot,
    find_offer,
    list_active,
    show_part,
)
from shop.doors.backoffice.campaigns.product_picker import describe_picks, say_on_sale
from shop.doors.backoffice.campaigns.sentences import MarketContext, examples
from shop.doors.backoffice.campaigns.set_parts import list_set_parts
from shop.doors.backoffice.campaigns.summary import WHOM
from shop.ground.catalog.selectors import list_categories
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.translation import gettext_noop, translate
from shop.ground.staff.phrases import join_names
from shop.ground.staff.region import show_time

# Kinds that are flags of categories; the others are words of their paths
_FLAGS: dict[str, Promise] = {
    "restricted": gettext_lazy("age-restricted products"),
    "child_directed": gettext_lazy("products for children"),
    "sensitive": gettext_lazy("sensitive products"),
}


def say_leave_out(found: Forbidden) -> str:
    """Return what leaves out the forbidden products, "" where there are none. No query."""
    if not found.kinds:
        return ""
    named = join_names(_name_kind(kind) for kind in found.kinds)
    said = _("Leave out what may not be promoted here: %(kinds)s (%(products)s)")
    return said % {"kinds": named, "products": say_on_sale(found.product_count)}


def _name_kind(kind: str) -> str:
    """Return the name of a flag, or of the highest category that the kind means."""
    if kind in _FLAGS:
        return str(_FLAGS[kind])
    nodes = list_categories(get_language() or "en").nodes.values()
    meant = [node for node in nodes if kind in node.path.split("/")]
    return min(meant, key=lambda node: node.depth).name if meant else kind


ADD, LEAVE_OUT = "add-offer", "leave_out"
# What the campaign says for all its offers
OF_CAMPAIGN = frozenset({"starts_at", "ends_at", "budget", "goal", "audience"})


def list_new_kinds(said: Snapshot, place: MarketContext) -> list[tuple[str, str]]:
    """Return the kinds of offers that may be added, as (code, title with its sentence)."""
    told, kinds = _tell(said, place), []
    for one in TEMPLATES.values():
        if _fits(one, said):
            words = {blank.name: told.get(blank.name, "…") for blank in one.blanks}
            sentence = place.translate(one.sentence).format(**words)
            kinds.append((one.code, f"{place.translate(one.title)} · {sentence}"))
    return kinds


def make_new_offer(said: Snapshot, asked: Mapping[str, Any]) -> Part | None:
    """Return the part that adds the offer `asked` for; None where it names no kind.

    It begins with the products of the campaign, without those that may not be promoted. Five
    queries, none where it names no kind.
    """
    template = TEMPLATES.get(str(asked.get("kind", "")))
    if asked.get("part") != ADD or template is None or not _fits(template, said):
        return None
    forbidden = find_forbidden(market_code=said["market_code"], now=utc_now())
    left_out = say_leave_out(forbidden)
    blanks = tuple(one for one in template.blanks if one.name not in OF_CAMPAIGN)
    box = (Blank(LEAVE_OUT, "box", left_out, is_needed=False),) if left_out else ()

    def write(said: Snapshot, answers: dict[str, Any]) -> dict[str, Any]:
        added = add_offer(said, template, answers)
        if not answers.get(LEAVE_OUT):
            return added
        *others, new = added[OFFERS]
        return {**added, OFFERS: [*others, leave_out_of(new, forbidden.variant_ids)]}

    return Part(
        ADD,
        gettext_lazy("New offer"),
        lambda said: (*blanks, *box),
        lambda said, place: place.translate(template.title),
        lambda said, place: {**examples(blanks, place), **_propose(said), LEAVE_OUT: True},
        write,
        sentence=template.sentence,
        kept=(("kind", template.code),),
        told=_tell,
    )


def _propose(said: Snapshot) -> dict[str, str]:
    """Return the products of the first offer that picks some: another offer must not mean more."""
    picked = (list_offer_tokens(one) for one in list_active(said))
    return {"goods": next(filter(None, picked), "")}


def _fits(template: Template, said: Snapshot) -> bool:
    """Return whether the template is an offer alone; points are for members."""
    is_for_members = template.code != "points" or said["audience"] == "members"
    return not template.is_of_campaign and is_for_members


def _tell(said: Snapshot, place: MarketContext) -> dict[str, str]:
    """Return what the campaign says, for the blanks that are its own."""
    moments = {
        name: show_time(datetime.fromisoformat(said[name]), place.time_zone)
        for name in ("starts_at", "ends_at")
    }
    return {"audience": str(WHOM[said["audience"]]), **moments}


type Words = list[str | ShownPart]

# Of a campaign of more offers one at a time is shown with its parts
MOST_OPEN = 4

# The parts in the order of a sentence; the others stand behind it
SENTENCE = gettext_noop("{benefit} {goods} for {audience} in {market}, {window}, at most {budget}.")
BESIDE = gettext_noop("Goal: {goal}. Held out: {holdout}. Name: {name}.")
# The same of an offer beside others, and what narrows any offer
OF_OFFER = gettext_noop("{benefit} {goods}.")
NARROWED = gettext_noop("Left out: {except}. Prices: {prices}. Limits: {limits}.")
TERMS = gettext_noop("Terms: {terms}.")
# What stands where a campaign or an offer has no such part
SEVERAL: Mapping[str, str] = {
    "benefit": gettext_noop("Several offers"),
    "goods": gettext_noop("on their own products"),
}
ELSE: Mapping[str, str] = {
    "benefit": gettext_noop("A discount by the terms below on"),
    "goods": gettext_noop("products listed one by one"),
    "except": gettext_noop("no products"),
    "prices": gettext_noop("any"),
    "audience": gettext_noop("chosen shoppers"),
    "holdout": gettext_noop("nobody"),
}
# The same where the products stand in the terms, by kind
OF_KIND: Mapping[str, Mapping[str, str]] = {
    "bundle": {"goods": gettext_noop("the products of the set")},
    "gift": {"benefit": gettext_noop("A gift"), "goods": gettext_noop("as the terms say")},
    "points": {"benefit": gettext_noop("Points by the terms below on")},
    "delivery": {
        "benefit": gettext_noop("A price as the terms say"),
        "goods": gettext_noop("for the delivery"),
    },
}
_BRACES = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class ShownOffer:
    """An offer as the page has it: its parts in words, its conditions, and what may be added.

    `sets` are the scopes in its terms; `added` is the part of a condition that is being added.
    """

    code: str
    sentences: list[Words]
    sets: list[ShownPart]
    rows: list[ShownRow]
    adding: Adding
    added: ShownPart | None


@dataclass(frozen=True, slots=True)
class ShownCampaign:
    """A campaign as the page has it: sentences of text and parts, and its active offers.

    `kinds` are those of offers that may be added, `new` the offer that is being added.
    """

    sentences: list[Words]
    offers: list[ShownOffer]
    parts: list[ShownPart]
    kinds: list[tuple[str, str]]
    new: ShownPart | None


def find_part(code: str, said: Snapshot, asked: Mapping[str, Any]) -> Part | None:
    """Return the part of a code, if the campaign has it; `asked` says which condition is added."""
    offers = _list_shown(said, code, asked)
    return next((one for one in _list_parts(said, offers, asked, {}) if one.code == code), None)


def show_campaign(
    said: Snapshot,
    place: MarketContext,
    words: Lexicon,
    *,
    opened: str,
    asked: Mapping[str, Any],
    data: Any = None,
    refused: Iterable[str] = (),
) -> ShownCampaign:
    """Return what the page shows of a snapshot; `data` is what was posted for the opened part, and
    `refused` why that was not saved."""
    offers = _list_shown(said, opened, asked)
    place = _look_up(offers, place)
    told = {one["code"]: say_conditions(said, one["code"], place, words) for one in offers}
    shown = {}
    for part in _list_parts(said, offers, asked, told):
        if part.code == opened:
            now = show_part(part, said, place, data=data, refused=refused, is_open=True)
        else:
            now = show_part(part, said, place)
        shown[part.code] = now
    active = list_active(said)
    otherwise = _find_else(active[0]["benefit_kind"]) if len(active) == 1 else {**ELSE, **SEVERAL}
    return ShownCampaign(
        [_split(one, shown, place.language, otherwise, "") for one in (SENTENCE, BESIDE)],
        [_show_offer(said, one["code"], shown, told[one["code"]], place) for one in offers],
        list(shown.values()),
        list_new_kinds(said, place),
        shown.get(ADD),
    )


def _look_up(offers: Sequence[Mapping[str, Any]], place: MarketContext) -> MarketContext:
    """Return the context with what the parts of all offers name. Two queries."""
    keys = set().union(*(list_picked(one) for one in offers))
    picks = describe_picks(sorted(keys), place.language) if keys else []
    return replace(place, picks={one.token: one for one in picks})


def _show_offer(
    said: Snapshot,
    code: str,
    shown: Mapping[str, ShownPart],
    words: Sequence[str],
    place: MarketContext,
) -> ShownOffer:
    mark = _mark(said)[code]
    has_terms = f"terms{mark}" in shown
    kind = find_offer(said, code)["benefit_kind"]
    sentences = (
        *((OF_OFFER,) if mark else ()),
        *((TERMS,) if has_terms else ()),
        *(() if kind in OWN_GOODS else (NARROWED,)),
    )
    adding = offer_adding(said, code, mark, place, words)
    return ShownOffer(
        code,
        [_split(one, shown, place.language, _find_else(kind), mark) for one in sentences],
        [shown[one.code] for one in list_set_parts(said, code, mark)],
        nest_rows(said, code, mark, shown),
        adding,
        shown.get(adding.code),
    )


def _find_else(kind: str) -> dict[str, str]:
    return {**ELSE, **OF_KIND.get(kind, {})}


def _mark(said: Snapshot) -> dict[str, str]:
    """Return what the codes of parts of each active offer end in: nothing where there is one."""
    codes = [one["code"] for one in list_active(said)]
    return {code: "" if len(codes) == 1 else f"--{code}" for code in codes}


def _list_shown(said: Snapshot, opened: str, asked: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the active offers whose parts are shown: of many only the one that is asked for."""
    offers, marks = list_active(said), _mark(said)
    if len(offers) <= MOST_OPEN:
        return offers
    wanted = asked.get("offer")
    return [one for one in offers if one["code"] == wanted or opened.endswith(marks[one["code"]])]


def _list_parts(
    said: Snapshot,
    offers: Sequence[Mapping[str, Any]],
    asked: Mapping[str, Any],
    words: Mapping[str, Sequence[str]],
) -> Iterator[Part]:
    every, marks = list(OWN_PARTS), _mark(said)
    for code in (one["code"] for one in offers):
        mark = marks[code]
        every += [one.of(code, mark) for one in OFFER_PARTS]
        every += list_set_parts(said, code, mark)
        every += list_row_parts(said, code, mark, words.get(code, ()))
        added = make_new_part(code, mark, asked)
        every += [] if added is None else [added]
    new = make_new_offer(said, asked)
    every += [] if new is None else [new]
    return (one for one in every if one.fits(said))


def _split(
    sentence: str,
    parts: Mapping[str, ShownPart],
    language: str,
    otherwise: Mapping[str, str],
    mark: str,
) -> Words:
    """Return a sentence as text and parts."""
    found: Words = []
    for position, text in enumerate(_BRACES.split(translate(sentence, language))):
        if not position % 2:
            found.append(text)
        elif text + mark in parts:
            found.append(parts[text + mark])
        else:
            found.append(translate(otherwise[text], language))
    return [one for one in found if one]
