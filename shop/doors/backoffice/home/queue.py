"""The queue of decisions on the first page: by deadline, each with its buttons and its effect."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from promotions.campaigns.api import CAMPAIGN, find_campaign
from promotions.planning.api import say_campaign
from shop.ground.approvals.selectors import Change, Waiting, list_version_changes
from shop.ground.staff.columns import show_money
from shop.ground.staff.region import show_moment


@dataclass(frozen=True, slots=True)
class Decision:
    """A row of the queue. The addresses open the dialogs that decide; empty where there is none."""

    asked: Waiting
    approve: str
    decline: str


def offer_decisions(waiting: list[Waiting]) -> list[Decision]:
    """Return what waits with the dialogs that decide it. No query."""
    return [Decision(one, _address(one, "approve"), _address(one, "send_back")) for one in waiting]


def _address(one: Waiting, act: str) -> str:
    name = one.kind.replace(".", "_", 1)
    try:
        return reverse(f"admin:{name}_{act}", args=[one.object_id])
    except NoReverseMatch:
        return ""


@dataclass(frozen=True, slots=True)
class Effect:
    """What changes if it is approved: sentences, or columns with what they were."""

    sentences: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()


def _show_change(one: Change) -> Change:
    """Return a change with its values as staff read them."""
    show = show_money if one.column.endswith("_minor") else str
    return replace(one, before=show(one.before), after=show(one.after))


def say_effect(one: Waiting, *, language: str, now: datetime) -> Effect:
    """Return what changes if the reader approves. Ten queries for a campaign, two for others."""
    if one.kind != CAMPAIGN.label:
        return Effect(
            changes=tuple(map(_show_change, list_version_changes(one.kind, one.object_id)))
        )
    campaign: Any = find_campaign(one.object_id, now=now)
    said = [offer.sentence for offer in say_campaign(one.object_id, language=language)]
    said.append(
        _("From %(start)s to %(end)s.")
        % {"start": show_moment(campaign.starts_at), "end": show_moment(campaign.ends_at)}
    )
    if campaign.budget_minor is not None:
        said.append(_("Budget: %(budget)s.") % {"budget": show_money(campaign.budget_minor)})
    return Effect(sentences=tuple(said))
