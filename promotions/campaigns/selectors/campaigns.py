"""Read campaigns as snapshots, their versions, and from where on two people must agree."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import models

from promotions.campaigns.core.revisions import FORMAT, OFFERS
from promotions.campaigns.core.workflow import (
    WITHOUT_EFFECT,
    CampaignStatus,
    Limits,
    Status,
    status_at,
)
from promotions.campaigns.models import (
    Campaign,
    CampaignEvent,
    CampaignPolicy,
    CampaignRevision,
    Offer,
    OfferVariant,
)
from promotions.campaigns.selectors.named_snapshots import name_snapshots, number_snapshot
from shop.ground.kernel.translation import is_chinese

# Not what a campaign says but what became of it.
_NOT_SAID = frozenset({"id", "status", "external_ref", "campaign"})


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """A version: when and by whom it was saved, and since when, if ever, it was in force."""

    number: int
    origin: str
    source: str
    reason: str
    by: str
    at: datetime
    in_force_at: datetime | None
    snapshot: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CampaignView:
    """A campaign as staff pages show it; `phase` is what it is at the moment it was read."""

    campaign_id: int
    code: str
    name: str
    name_zh: str
    goal: str
    audience: str
    status: str
    phase: CampaignStatus
    market_code: str
    starts_at: datetime
    ends_at: datetime
    budget_minor: int | None
    spent_minor: int
    holdout_percent: int
    revision: int
    pending_revision: int | None


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step of a campaign's trail."""

    step: str
    to_status: str
    revision: int
    reason: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Trail:
    """The versions and the steps of a campaign, newest first."""

    revisions: list[RevisionRow]
    steps: list[StepRow]


@dataclass(frozen=True, slots=True)
class CampaignRows:
    """A campaign with its offers as they are stored, by code, and the variants each one lists:
    read once for all that is made of them."""

    campaign: Campaign
    offers: tuple[Offer, ...]
    listed: Mapping[int, list[int]]


def load_rows(campaign_id: int, *related: str) -> CampaignRows:
    """Return the rows of a campaign, with those it is `related` to. Three queries."""
    campaign = Campaign.objects.select_related(*related).get(pk=campaign_id)
    rows = Offer.objects.filter(campaign_id=campaign_id).select_related("category")
    offers = tuple(rows.order_by("code"))
    for offer in offers:
        offer.campaign = campaign
    return CampaignRows(campaign, offers, _list_variants([one.pk for one in offers]))


def find_campaign(campaign_id: int, *, now: datetime) -> CampaignView | None:
    """Return a campaign as it is at `now`. One query."""
    row = Campaign.objects.filter(pk=campaign_id).first()
    return None if row is None else view_campaign(row, now)


def list_changing(campaign_ids: Collection[int]) -> set[int]:
    """Return those of some campaigns of which a change waits for a second person. One query."""
    rows = Campaign.objects.filter(pk__in=campaign_ids, pending_revision__isnull=False)
    return set(rows.values_list("pk", flat=True))


def find_campaign_id(code: str) -> int | None:
    """Return the id of the campaign with a code. One query."""
    return Campaign.objects.filter(code=code).values_list("pk", flat=True).first()


def view_campaign(row: Campaign, now: datetime) -> CampaignView:
    """Return a row as staff pages show it. No query."""
    return CampaignView(
        campaign_id=row.pk,
        code=row.code,
        name=row.name,
        name_zh=row.name_zh,
        goal=row.goal,
        audience=row.audience,
        status=row.status,
        phase=status_at(row.status, row.starts_at, row.ends_at, now),
        market_code=row.market_code,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        budget_minor=row.budget_minor,
        spent_minor=row.spent_minor,
        holdout_percent=row.holdout_percent,
        revision=row.revision,
        pending_revision=row.pending_revision,
    )


def list_campaigns_between(
    since: datetime, until: datetime, *, now: datetime, limit: int = 500
) -> list[CampaignView]:
    """Return campaigns whose window touches `[since, until)`, as they begin. One query."""
    rows = Campaign.objects.filter(starts_at__lt=until, ends_at__gt=since)
    return [view_campaign(row, now) for row in rows.order_by("starts_at", "pk")[:limit]]


def live_campaigns(now: datetime) -> models.QuerySet[Campaign]:
    """Return campaigns that apply now, as they begin."""
    rows = Campaign.objects.filter(status=Status.LIVE, starts_at__lte=now, ends_at__gt=now)
    return rows.order_by("starts_at", "pk")


def name_offers(offer_ids: Collection[int], language: str) -> dict[int, str]:
    """Return what shoppers call offers today, by id; unknown ids are left out. One query, none for
    no offer."""
    rows = Offer.objects.filter(pk__in=offer_ids) if offer_ids else Offer.objects.none()
    return {
        pk: (name_zh if is_chinese(language) else "") or name
        for pk, name, name_zh in rows.values_list("pk", "name", "name_zh")
    }


def find_owner(campaign_id: int) -> str:
    """Return who wrote the first version of a campaign; empty for an imported one. One query."""
    rows = CampaignRevision.objects.filter(campaign_id=campaign_id).select_related("by")
    first = rows.order_by("number").first()
    return "" if first is None or first.by is None else str(first.by)


def load_trail(campaign_id: int) -> Trail:
    """Return the versions of a campaign, products by key, and its steps.

    Two queries, and six if there are versions of before there were keys.
    """
    events = list(CampaignEvent.objects.filter(campaign_id=campaign_id).select_related("by"))
    in_force: dict[int, datetime] = {}
    for event in events:  # the newest first: what stays is the first time
        if event.to_status == Status.LIVE and event.step not in WITHOUT_EFFECT:
            in_force[event.revision] = event.at
    rows = list(CampaignRevision.objects.filter(campaign_id=campaign_id).select_related("by"))
    named = name_snapshots([row.snapshot for row in rows])
    revisions = [
        RevisionRow(
            number=row.number,
            origin=row.origin,
            source=row.source,
            reason=row.reason,
            by="" if row.by is None else str(row.by),
            at=row.at,
            in_force_at=in_force.get(row.number),
            snapshot=snapshot,
        )
        for row, snapshot in zip(rows, named, strict=True)
    ]
    return Trail(revisions, _list_steps(events))


def _list_steps(events: Iterable[CampaignEvent]) -> list[StepRow]:
    return [
        StepRow(
            step=row.step,
            to_status=row.get_to_status_display(),
            revision=row.revision,
            reason=row.reason,
            by="" if row.by is None else str(row.by),
            at=row.at,
        )
        for row in events
    ]


def campaign_fields() -> tuple[models.Field[Any, Any], ...]:
    """Return the fields of a campaign that a snapshot holds: what staff may edit."""
    return _said(Campaign)


def offer_fields() -> tuple[models.Field[Any, Any], ...]:
    """Return the fields of an offer that a snapshot holds."""
    return _said(Offer)


def take_snapshot(campaign_id: int) -> dict[str, Any]:
    """Return the campaign with its offers as JSON values. Three queries."""
    campaign = Campaign.objects.get(pk=campaign_id)
    return take_snapshots([campaign])[campaign_id]


def take_snapshots(campaigns: Sequence[Campaign]) -> dict[int, dict[str, Any]]:
    """Return campaigns with their offers as JSON values, by id. Two queries in all."""
    offers: dict[int, list[Offer]] = defaultdict(list)
    ids = [campaign.pk for campaign in campaigns]
    for offer in Offer.objects.filter(campaign_id__in=ids).order_by("code"):
        offers[offer.campaign_id].append(offer)
    listed = _list_variants([offer.pk for own in offers.values() for offer in own])
    return {
        one.pk: snapshot_rows(CampaignRows(one, tuple(offers[one.pk]), listed)) for one in campaigns
    }


def snapshot_rows(rows: CampaignRows) -> dict[str, Any]:
    """Return the rows of a campaign as JSON values. No query."""
    return {
        "format": FORMAT,
        **{field.name: plain_value(field, rows.campaign) for field in campaign_fields()},
        OFFERS: [_offer_snapshot(one, rows.listed.get(one.pk)) for one in rows.offers],
    }


def load_limits() -> Limits:
    """Return from where on two people must agree. One query."""
    row = CampaignPolicy.objects.filter(is_active=True).first()
    if row is None:
        return Limits()
    return Limits(
        budget_minor=row.two_person_budget_minor,
        depth=row.two_person_depth,
        depth_unbudgeted=row.two_person_depth_unbudgeted,
        stack=row.two_person_stack,
    )


def load_snapshot(campaign_id: int, number: int) -> Mapping[str, Any]:
    """Return what revision `number` said, with this shop's ids; products it lost count for none.

    At most seven queries. Raises CampaignRevision.DoesNotExist.
    """
    row = CampaignRevision.objects.values_list("snapshot", flat=True)
    snapshot: Mapping[str, Any] = row.get(campaign_id=campaign_id, number=number)
    # A version from before a field was there says what the field says by default
    defaults = {one.name: one.get_default() for one in campaign_fields() if one.has_default()}
    return {**defaults, **number_snapshot(snapshot, is_strict=False)}


def _said(model: type[models.Model]) -> tuple[models.Field[Any, Any], ...]:
    return tuple(
        field
        for field in model._meta.concrete_fields
        if field.editable and field.name not in _NOT_SAID
    )


def _offer_snapshot(offer: Offer, variants: list[int] | None) -> dict[str, Any]:
    said = {field.name: plain_value(field, offer) for field in offer_fields()}
    return said if variants is None else {**said, "variants": variants}


def plain_value(field: models.Field[Any, Any], row: models.Model) -> Any:
    """Return a field's value as JSON has it: one spelling per value, whatever was typed."""
    value = field.to_python(field.value_from_object(row))
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value


def _list_variants(offer_ids: Iterable[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    rows = OfferVariant.objects.filter(offer_id__in=list(offer_ids)).order_by("variant_id")
    for offer_id, variant_id in rows.values_list("offer_id", "variant_id"):
        found[offer_id].append(variant_id)
    return found


def list_campaign_ids() -> list[int]:
    """Return the ids of all campaigns, oldest first. One query."""
    return list(Campaign.objects.order_by("pk").values_list("pk", flat=True))
