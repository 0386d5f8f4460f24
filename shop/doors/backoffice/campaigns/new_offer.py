"""One more offer for a campaign: a kind is chosen, then its sentence is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy

from promotions.campaigns.api import OFFERS
from promotions.law.api import find_forbidden
from promotions.planning.api import add_offer
from promotions.release.api import leave_out_of
from promotions.sentences.api import Blank, Template
from shop.doors.backoffice.campaigns.builder import TEMPLATES
from shop.doors.backoffice.campaigns.forbidden import say_leave_out
from shop.doors.backoffice.campaigns.offer_parts import list_offer_tokens
from shop.doors.backoffice.campaigns.parts import Part, Snapshot, list_active
from shop.doors.backoffice.campaigns.sentences import MarketContext, examples
from shop.doors.backoffice.campaigns.summary import WHOM
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.region import show_time

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
