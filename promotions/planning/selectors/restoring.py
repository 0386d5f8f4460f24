"""Campaigns, offers and stacking as they were at a moment, from versions, steps and uses."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import Q, Sum

from promotions.campaigns.api import (
    OFFERS,
    WITHOUT_EFFECT,
    Status,
    campaign_fields,
    compile_campaigns,
    compile_offer,
    find_paths,
    number_snapshots,
    offer_fields,
)
from promotions.campaigns.models import (
    Campaign,
    CampaignEvent,
    CampaignRevision,
    Offer,
    StackingCategory,
    StackingGroup,
    StackingRevision,
)
from promotions.coupons.models import Coupon, Redemption
from promotions.engine.api import BadOffer, CouponValue, OfferValue, normalize_code, refuse

COUNTED = (Redemption.State.HELD, Redemption.State.COMMITTED)


@dataclass(frozen=True, slots=True)
class Restored:
    """A campaign as it was. `number` is its version then, None where there was none yet.

    `how`: "version" (as recorded), "first" (as first recorded, which was later) or "today" (never
    recorded: as its rows say now). `lost` are codes of offers that could not be brought back,
    `left_minor` what was left of its money for this order (None: no budget).
    """

    campaign_id: int
    name: str
    number: int | None
    how: str
    left_minor: int | None = None
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RestoredBook:
    """What applied at a moment. `stacking`: "version", "first" or "today", as of campaigns."""

    offers: tuple[OfferValue, ...]
    campaigns: tuple[Restored, ...]
    stacking: str


@dataclass(frozen=True, slots=True)
class _Said:
    """A version of a campaign that held, and what people had decided: live or paused."""

    campaign_id: int
    number: int
    status: str
    how: str


@dataclass(frozen=True, slots=True)
class _Tree:
    """The stacking tree of a moment."""

    groups: Sequence[StackingGroup]
    categories: Sequence[StackingCategory]
    how: str

    def find_group(self, key: Any) -> int | None:
        """Return the id of a group named by code or id."""
        return next((one.pk for one in self.groups if key in (one.code, one.pk)), None)

    def find_category(self, key: Any) -> StackingCategory | None:
        """Return a category named by code or id."""
        return next((one for one in self.categories if key in (one.code, one.pk)), None)


def restore_book(
    *, market_code: str, at: datetime, used: Mapping[int, int | None], order_ref: str
) -> RestoredBook:
    """Return the campaigns that ran in a market at `at`, as they were then.

    `used` are campaigns an order names with the version it used, which wins: processes read a
    change up to a second late. What each budget had left is summed from its uses, the order's own
    left out. About twelve queries.
    """
    said = _find_versions(at, used)
    tree = _find_tree(at)
    snapshots = _load_snapshots(said)
    ids = dict(
        Offer.objects.filter(campaign_id__in=snapshots).values_list("code", "pk").order_by("pk")
    )
    spent = _sum_spent([one.campaign_id for one in said], at, order_ref)
    offers: list[OfferValue] = []
    campaigns: list[Restored] = []
    for one in said:
        snapshot = snapshots[one.campaign_id]
        campaign = _make_campaign(one, snapshot)
        if not _ran(campaign, market_code, at) and one.campaign_id not in used:
            continue
        budget = campaign.budget_minor
        left = None if budget is None else budget - spent.get(one.campaign_id, 0)
        found, lost = _compile(campaign, snapshot, tree, ids, left)
        offers += found
        campaigns.append(
            Restored(one.campaign_id, campaign.name, one.number, one.how, left, tuple(lost))
        )
    more, unrecorded = _take_unrecorded(market_code, at, {one.campaign_id for one in said}, used)
    return RestoredBook((*offers, *more), (*campaigns, *unrecorded), tree.how)


def _find_versions(at: datetime, used: Mapping[int, int | None]) -> list[_Said]:
    """Return which version of each recorded campaign held at `at`, and whether it was live."""
    found: dict[int, _Said] = {}
    steps = CampaignEvent.objects.filter(at__lte=at).exclude(step__in=WITHOUT_EFFECT)
    for step in steps.order_by("campaign_id", "-at", "-pk").distinct("campaign_id"):
        found[step.campaign_id] = _Said(step.campaign_id, step.revision, step.to_status, "version")
    later = CampaignEvent.objects.filter(at__gt=at).exclude(campaign_id__in=found)
    for step in later.order_by("campaign_id", "at", "pk").distinct("campaign_id"):
        if step.from_status in (Status.LIVE, Status.PAUSED):  # it ran before anything was noted
            found[step.campaign_id] = _Said(step.campaign_id, 1, step.from_status, "first")
    known = set(
        CampaignRevision.objects.filter(campaign_id__in=used).values_list("campaign_id", "number")
    )
    for campaign_id, number in used.items():
        if number is not None and (campaign_id, number) in known:
            found[campaign_id] = _Said(campaign_id, number, Status.LIVE, "version")
    shown = (Status.LIVE, Status.PAUSED)
    return [one for _, one in sorted(found.items()) if one.status in shown]


def _load_snapshots(said: Sequence[_Said]) -> dict[int, Mapping[str, Any]]:
    wanted = {(one.campaign_id, one.number) for one in said}
    rows = [
        row
        for row in CampaignRevision.objects.filter(campaign_id__in={key for key, _ in wanted})
        if (row.campaign_id, row.number) in wanted
    ]
    # Stacking is looked up in the tree of then, by the code or id the version named it with.
    bare = [_without_stacking(row.snapshot) for row in rows]
    numbered = number_snapshots(bare, is_strict=False)
    return {
        row.campaign_id: _with_stacking(snapshot, row.snapshot)
        for row, snapshot in zip(rows, numbered, strict=True)
    }


def _without_stacking(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    offers = [{**one, "group": None, "category": None} for one in snapshot[OFFERS]]
    return {**snapshot, OFFERS: offers}


def _with_stacking(numbered: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    offers = [
        {**one, "group": was.get("group"), "category": was.get("category")}
        for one, was in zip(numbered[OFFERS], stored[OFFERS], strict=True)
    ]
    return {**numbered, OFFERS: offers}


def _find_tree(at: datetime) -> _Tree:
    rows = StackingRevision.objects.filter(at__lte=at).order_by("-at", "-pk")
    row, how = rows.first(), "version"
    if row is None:
        row, how = StackingRevision.objects.order_by("at", "pk").first(), "first"
    if row is None:  # nobody ever made a group or category
        return _Tree((), (), "version")
    return _Tree(
        [StackingGroup(**said) for said in row.snapshot["groups"]],
        [StackingCategory(**said) for said in row.snapshot["categories"]],
        how,
    )


def _make_campaign(said: _Said, snapshot: Mapping[str, Any]) -> Campaign:
    campaign = Campaign(pk=said.campaign_id, status=said.status, revision=said.number)
    for field in campaign_fields():
        if field.name in snapshot:
            setattr(campaign, field.attname, field.to_python(snapshot[field.name]))
    return campaign


def _ran(campaign: Campaign, market_code: str, at: datetime) -> bool:
    in_window = campaign.starts_at <= at < campaign.ends_at
    return in_window and campaign.market_code in ("", market_code)


def _compile(
    campaign: Campaign,
    snapshot: Mapping[str, Any],
    tree: _Tree,
    ids: Mapping[str, int],
    left_minor: int | None,
) -> tuple[list[OfferValue], list[str]]:
    """Return the active offers of a version, and the codes of those nobody can read any more."""
    offers, lost = [], []
    paths = find_paths(tree.groups)
    for said in snapshot[OFFERS]:
        if not said.get("is_active", True):
            continue
        offer = _make_offer(campaign, said, tree)
        offer.pk = ids.get(said["code"])
        try:
            if offer.pk is None:
                raise refuse("code", "the offer is deleted")
            offers.append(
                compile_offer(
                    offer,
                    campaign,
                    variant_ids=said.get("variants"),
                    left_minor=left_minor,
                    groups=paths.get(tree.find_group(said.get("group")) or 0, ()),
                )
            )
        except BadOffer:
            lost.append(str(said["code"]))
    return offers, lost


def _make_offer(campaign: Campaign, said: Mapping[str, Any], tree: _Tree) -> Offer:
    offer = Offer(campaign=campaign, category=tree.find_category(said.get("category")))
    for field in offer_fields():
        if field.name in said and field.name not in ("group", "category"):
            setattr(offer, field.attname, field.to_python(said[field.name]))
    return offer


def _take_unrecorded(
    market_code: str, at: datetime, recorded: set[int], used: Mapping[int, int | None]
) -> tuple[list[OfferValue], list[Restored]]:
    """Return campaigns without any step on record, as their rows say now."""
    ran = Q(starts_at__lte=at, ends_at__gt=at, market_code__in=("", market_code)) | Q(pk__in=used)
    rows = Campaign.objects.filter(ran, events__isnull=True).exclude(pk__in=recorded)
    rows = rows.exclude(status__in=[Status.DRAFT, Status.SCHEDULED])
    names = dict(rows.values_list("pk", "name"))
    offers = [replace(one, status=Status.LIVE) for one in compile_campaigns(names)]
    return offers, [Restored(pk, name, None, "today") for pk, name in sorted(names.items())]


def _sum_spent(campaign_ids: Sequence[int], at: datetime, order_ref: str) -> dict[int, int]:
    uses = Redemption.objects.filter(counted_at(at), campaign_id__in=campaign_ids, is_budgeted=True)
    sums = uses.exclude(order_ref=order_ref).order_by().values_list("campaign_id")
    return dict(sums.annotate(minor=Sum("amount_minor")))


def counted_at(at: datetime) -> Q:
    """Return the uses that counted at `at`: placed by then, and not given back until later."""
    stands = Q(state__in=COUNTED) | Q(settled_at__gt=at)
    ran_out = Q(state=Redemption.State.HELD, expires_at__lte=at)
    return Q(at__lte=at) & stands & ~ran_out


def restore_codes(
    codes: Sequence[str],
    *,
    offers: Collection[OfferValue],
    applied: Collection[str],
    shopper_id: int | None,
    at: datetime,
    order_ref: str,
) -> list[CouponValue]:
    """Return one value per entered code, with the offer of then among `offers`.

    Uses are counted as they stood at `at`, without the order's own. How often a code may be used,
    and whether it is switched off, is not kept by day and taken as today; one that `applied` was
    good. Two queries.
    """
    entered = list(dict.fromkeys(normalize_code(code) for code in codes))
    if not entered:
        return []
    rows = {
        row.code: row for row in Coupon.objects.filter(code__in=entered).select_related("batch")
    }
    uses = Redemption.objects.filter(counted_at(at), coupon__in=list(rows.values()))
    pairs = list(uses.exclude(order_ref=order_ref).values_list("coupon_id", "shopper_id"))
    by_id = {offer.offer_id: offer for offer in offers}
    found = []
    for code in entered:
        row = rows.get(code)
        if row is None:
            found.append(CouponValue(code))
            continue
        is_good = code in applied
        used = sum(coupon_id == row.pk for coupon_id, _ in pairs)
        mine = pairs.count((row.pk, shopper_id)) if shopper_id is not None else 0
        limit, own = row.max_redemptions, row.per_shopper_limit
        found.append(
            CouponValue(
                code=code,
                offer=by_id.get(row.offer_id),
                coupon_id=row.pk,
                is_active=row.is_active or is_good,
                is_used_up=not is_good and limit is not None and used >= limit,
                is_used_up_by_shopper=not is_good and own is not None and mine >= own,
                ended_at=None if row.batch is None else row.batch.ends_at,
            )
        )
    return found
