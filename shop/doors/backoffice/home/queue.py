"""The queue of decisions on the first page: by deadline, each with its buttons and its effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.apps import apps
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.api import list_waits, read_version
from promotions.campaigns.api import (
    ADJUSTMENT,
    CAMPAIGN,
    TERMS,
    CampaignView,
    Gate,
    find_campaign,
    list_changing,
    load_snapshot,
)
from promotions.loyalty.api import find_correction_bound
from promotions.planning.api import say_campaign, say_changes
from promotions.release.api import find_gates, list_checks, load_answers
from shop.doors.backoffice.campaigns.summary import foresee_summary
from shop.doors.backoffice.rehearsals.prospects import list_foreseen
from shop.ground.approvals.selectors import Change, Waiting, list_version_changes
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_count, show_percent
from shop.ground.staff.phrases import join_clauses, join_names
from shop.ground.staff.region import show_moment

MODEL_USE = "pricing.demandmodelversion"
EXPERIMENT = "profiles.experiment"
# Why one person may not release a campaign.
GATES: dict[str, Promise] = {
    "floor": gettext_lazy("No price floor stops its offers: two people decide that."),
    "stack": gettext_lazy(
        "It and others take off %(value)s together; one person decides up to %(limit)s."
    ),
    "depth": gettext_lazy("It takes off %(value)s; one person decides up to %(limit)s."),
    "depth_unbudgeted": gettext_lazy(
        "It takes off %(value)s without a budget; one person decides up to %(limit)s."
    ),
    "budget_minor": gettext_lazy("Its budget is %(value)s; one person decides up to %(limit)s."),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """A row of the queue. The addresses open the dialogs that decide; empty where there is none.
    What can be tried is tried first: the dialog of a model's `trial`, or the page with the
    `rehearsal` of a campaign, comes before the others."""

    asked: Waiting
    approve: str
    decline: str
    trial: str = ""
    rehearsal: str = ""


def offer_decisions(waiting: list[Waiting]) -> list[Decision]:
    """Return what waits with the dialogs that decide it. A query where campaigns wait."""
    begin = reverse("admin:pricing_modelramp_begin")
    campaigns = [one.object_id for one in waiting if one.kind == CAMPAIGN.label]
    # A rehearsal tries what the campaign says, not the change of a live one that waits.
    drafts = set(campaigns) - list_changing(campaigns) if campaigns else set()
    return [
        Decision(
            # The reason of terms is a list of columns, which `say_effect` says in words.
            replace(one, reason="") if one.kind == TERMS.label else one,
            _address(one, "approve"),
            _address(one, "send_back"),
            f"{begin}?model={one.object_id}" if one.kind == MODEL_USE else "",
            _rehearsal_of(one) if one.kind == CAMPAIGN.label and one.object_id in drafts else "",
        )
        for one in waiting
    ]


def _rehearsal_of(one: Waiting) -> str:
    return reverse("admin:campaign_workspace", args=[one.object_id]) + "#ft-rehearsal"


def _address(one: Waiting, act: str) -> str:
    name = one.kind.replace(".", "_", 1)
    try:
        return reverse(f"admin:{name}_{act}", args=[one.object_id])
    except NoReverseMatch:
        return ""


@dataclass(frozen=True, slots=True)
class Effect:
    """Why one person may not decide it, and what changes if it is approved: sentences, or columns
    with what they were; `size` says how far it reaches, and what a rehearsal found."""

    why: tuple[str, ...] = ()
    sentences: tuple[str, ...] = ()
    size: tuple[tuple[str, str], ...] = ()
    changes: tuple[Change, ...] = ()


def _show_change(one: Change) -> Change:
    """Return a change with its values as staff read them."""
    show = show_money if one.column.endswith("_minor") else str
    return replace(one, before=show(one.before), after=show(one.after))


def say_effect(one: Waiting, *, language: str, now: datetime, with_cost: bool) -> Effect:
    """Return why it waits and what changes if the reader approves, with what is given away
    `with_cost`. Some thirty queries for a campaign, two for others."""
    if one.kind == MODEL_USE:
        return Effect(why=_say_model(one.object_id))
    if one.kind != CAMPAIGN.label:
        return Effect(
            why=_say_bound(one, now),
            changes=tuple(map(_show_change, list_version_changes(one.kind, one.object_id))),
        )
    campaign: Any = find_campaign(one.object_id, now=now)
    revision = campaign.pending_revision or campaign.revision
    if not revision:
        return Effect(sentences=_say_offers(campaign, language))
    snapshot = load_snapshot(campaign.campaign_id, revision)
    gates = find_gates(campaign.campaign_id, snapshot, now=now)
    tried = _list_tried(campaign, revision, language, with_cost=with_cost)
    sentences = _say_offers(campaign, language)
    if campaign.pending_revision:
        held = load_snapshot(campaign.campaign_id, campaign.revision)
        sentences = say_changes([(held, snapshot)], language=language)[0]
    return Effect(
        why=tuple(map(_say_gate, gates)),
        sentences=sentences,
        size=(*_list_reached(campaign, snapshot, now), *tried),
    )


def _say_offers(campaign: CampaignView, language: str) -> tuple[str, ...]:
    """Return what a campaign says, from when to when, and its budget."""
    said = [offer.sentence for offer in say_campaign(campaign.campaign_id, language=language)]
    period = {"start": show_moment(campaign.starts_at), "end": show_moment(campaign.ends_at)}
    said.append(_("From %(start)s to %(end)s.") % period)
    if campaign.budget_minor is not None:
        said.append(_("Budget: %(budget)s.") % {"budget": show_money(campaign.budget_minor)})
    return tuple(said)


def _list_reached(
    campaign: CampaignView, snapshot: Mapping[str, Any], now: datetime
) -> tuple[tuple[str, str], ...]:
    """Return how many products and shoppers a version reaches, as the campaign's page says it."""
    said = foresee_summary(campaign, snapshot, now=now)
    whom = join_clauses(filter(None, (said["whom"], said["reach"])))
    return ((_("Products"), said["goods"]), (_("For whom"), whom))


def _list_tried(
    campaign: CampaignView, revision: int, language: str, *, with_cost: bool
) -> tuple[tuple[str, str], ...]:
    """Return what the newest rehearsal found, if it is of this version. Two queries."""
    asked = list_checks(campaign_id=campaign.campaign_id, kinds=["rehearsal"])
    done = next((one for one in asked if one.state == "done"), None)
    if done is None:
        return ((_("On recorded carts"), _("It was not rehearsed yet.")),)
    if done.revision != revision:
        return ((_("On recorded carts"), _("the campaign changed since")),)
    answer = load_answers([done.check_id], language).get(done.check_id) or {}
    return tuple(
        (name, f"{estimate} ({interval})")
        for name, estimate, interval in list_foreseen(answer, with_cost=with_cost)
    )


def _say_gate(gate: Gate) -> str:
    """Return which limit of one person's decisions a campaign goes beyond, and how far."""
    show = show_money if gate.code == "budget_minor" else _show_points
    told = {"value": show(round(gate.value)), "limit": show(round(gate.limit))}
    return str(GATES[gate.code]) % told


def _show_points(percent: int) -> str:
    return show_percent(percent / 100)


def _say_bound(one: Waiting, now: datetime) -> tuple[str, ...]:
    """Return why one person may not decide an experiment or a change of loyalty."""
    if one.kind == EXPERIMENT:
        return (_("It moves public prices, which everybody pays: two people decide that."),)
    if one.kind == TERMS.label and one.reason == "programme":
        return (_("This market had no programme before: two people decide that."),)
    if one.kind == TERMS.label:
        said = _(
            "It gives or allows more than the terms before (%(parts)s): two people decide that."
        )
        return (said % {"parts": join_names(map(_name_part, one.reason.split(", ")))},)
    bound = find_correction_bound(one.object_id, now=now) if one.kind == ADJUSTMENT.label else None
    if bound is None:
        return ()
    told = {"value": show_count(bound[0]), "limit": show_count(bound[1])}
    return (_("It moves %(value)s points; one person decides up to %(limit)s.") % told,)


def _name_part(name: str) -> str:
    """Return a part of a programme's terms as staff read it: a column, or a table of its own."""
    if name == "category_multipliers":
        return _("rates of categories")
    terms: Any = apps.get_model(TERMS.label)
    field = terms._meta.get_field(name)
    table = field.related_model
    return str(table._meta.verbose_name_plural if table else field.verbose_name)


def _say_model(model_id: int) -> tuple[str, ...]:
    """Return what of a model goes beyond the bounds of a change without people, how far."""
    row = read_version(model_id)
    waits = () if row is None else tuple(list_waits(row.metrics))
    return waits or (_("Somebody asked for it: none of its figures is beyond a bound."),)
