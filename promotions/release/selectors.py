"""What stands between a campaign and its start: checks, gates and overlaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings
from django.db.models import OuterRef, Subquery, Window
from django.db.models.fields.json import KeyTransform
from django.db.models.functions import RowNumber

from pricing.api import floor_minor
from promotions.campaigns.api import (
    CampaignView,
    Gate,
    compile_campaigns,
    cover_variants,
    find_campaign,
    list_gates,
    live_campaigns,
    load_limits,
    view_campaign,
)
from promotions.campaigns.models import Campaign, CampaignShopper
from promotions.coupons.models import GroupClaim
from promotions.engine.api import Bundle, CartLineValue, CartValue, OfferValue, extra_scopes
from promotions.law.api import list_markets, measure_reach
from promotions.release.core import MOST_SHOPPERS, Conflict, find_conflicts, kinds_of_shoppers
from promotions.release.models import CampaignCheck
from shop.ground.catalog.selectors import get_market, load_variant_arrays
from shop.ground.catalog.selectors.arrays import find_places

State = CampaignCheck.State
MOST_SHOWN = 10
# Beside the languages of an answer of the law: rule -> the variants it names
GOODS = "goods"
# Instead of one rule: all that name products
EVERY_RULE = "every"


@dataclass(frozen=True, slots=True)
class CheckView:
    """A question: its state, who asked, how far it is or how it ended. `by` may be empty."""

    check_id: int
    kind: str
    state: str
    step: str
    percent: int
    depth: int
    rule: str
    revision: int | None
    failure: str
    by: str
    stopped_by: str
    asked_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None

    @property
    def is_open(self) -> bool:
        """Return whether somebody still waits for the answer."""
        return self.state in (State.WAITING, State.RUNNING)


def list_checks(*, campaign_id: int, kinds: Sequence[str]) -> list[CheckView]:
    """Return the newest ten questions of each kind about a campaign, newest first. One query."""
    rows = CampaignCheck.objects.filter(campaign_id=campaign_id, kind__in=kinds)
    place = Window(RowNumber(), partition_by="kind", order_by="-pk")
    newest = rows.annotate(place=place).filter(place__lte=MOST_SHOWN)
    shown = newest.defer("answer").select_related("asked_by", "stopped_by").order_by("-pk")
    return [
        CheckView(
            check_id=row.pk,
            kind=row.kind,
            state=row.state,
            step=row.step,
            percent=row.percent,
            depth=row.depth,
            rule=row.rule,
            revision=row.revision,
            failure=row.failure,
            by="" if row.asked_by is None else str(row.asked_by),
            stopped_by="" if row.stopped_by is None else str(row.stopped_by),
            asked_at=row.asked_at,
            begun_at=row.begun_at,
            ended_at=row.ended_at,
        )
        for row in shown
    ]


def list_live_verdicts(*, now: datetime) -> list[tuple[CampaignView, bool]]:
    """Return campaigns that apply now, as they begin, each with whether it breaks a rule by the
    newest answer of the law. One query.
    """
    said = KeyTransform("is_lawful", KeyTransform(settings.LANGUAGE_CODE, "answer"))
    answers = CampaignCheck.objects.filter(
        campaign=OuterRef("pk"), kind=CampaignCheck.Kind.LAW, state=State.DONE
    )
    newest = answers.order_by("-pk").annotate(said=said).values("said")[:1]
    rows = live_campaigns(now).annotate(is_lawful=Subquery(newest))
    return [(view_campaign(row, now), row.is_lawful is False) for row in rows]


def load_answers(check_ids: Collection[int], part: str) -> dict[int, Any]:
    """Return a part of what was answered, by check: in a language, or the products of each rule.

    Only that part leaves the database: a rule may name all products of a shop. One query, none
    without ids.
    """
    rows = CampaignCheck.objects.filter(pk__in=check_ids)
    return dict(rows.values_list("pk", KeyTransform(part, "answer"))) if check_ids else {}


def load_products_of(check_id: int, rule: str) -> list[int]:
    """Return the products that a rule, or EVERY_RULE, named in an answer, ascending. One query."""
    if rule == EVERY_RULE:
        named = load_answers([check_id], GOODS).get(check_id) or {}
        return sorted({one for products in named.values() for one in products})
    rows = CampaignCheck.objects.filter(pk=check_id)
    of_rules = KeyTransform(GOODS, "answer")
    return list(rows.values_list(KeyTransform(rule, of_rules), flat=True).first() or ())


MOST_GOODS = 12
MOST_CARTS = 12
MOST_TIMES = 4
PIECES = (1, 6)
# Kinds of shoppers and moments that a release asks about: those that get most
FOR_RELEASE = (4, 2)


def list_conflicts(
    campaign: CampaignView,
    *,
    market_code: str,
    neighbours: Sequence[int],
    carts: Sequence[CartValue],
    threshold: float,
    now: datetime,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
    most: tuple[int, int] = (MOST_SHOPPERS, MOST_TIMES),
) -> list[Conflict]:
    """Return what the campaign and its neighbours do together, deepest first. Two queries.

    Asked of the products most offers cover, alone in several quantities, and of recorded carts that
    hold them; at the beginnings of the campaigns, for every kind of shopper they tell apart, but
    at `most` so many kinds and moments.
    """
    offers = [
        offer
        for offer in compile_campaigns({campaign.campaign_id, *neighbours})
        if offer.market_code in ("", market_code)
    ]
    released = [_release(offer) for offer in offers]
    mine = [offer for offer in released if offer.campaign_id == campaign.campaign_id]
    products = _shared_products(released, mine)
    held = [cart for cart in carts if any(line.variant_id in products for line in cart.lines)]
    baskets = [*_lone_baskets(products, market_code, now), *held[:MOST_CARTS]]
    found = find_conflicts(
        offers=released,
        baskets=baskets,
        shoppers=kinds_of_shoppers(released)[: most[0]],
        times=_times(campaign, released, now)[: most[1]],
        threshold=threshold,
        on_progress=on_progress,
    )
    return [one for one in found if campaign.campaign_id in one.campaign_ids]


def find_worst_stack(
    *,
    campaign_id: int,
    now: datetime,
    carts: Sequence[CartValue] = (),
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> Conflict | None:
    """Return what the campaign and others take off one line together at the deepest, or None.

    Of each market it runs in: of products that most offers cover and of `carts`, for the shoppers
    that get most. Bounded: some hundred evaluations for a market, a second or so. Three queries
    each.
    """
    campaign = find_campaign(campaign_id, now=now)
    if campaign is None or campaign.ends_at <= now:
        return None
    found: list[Conflict] = []
    for market in list_markets(campaign.market_code):
        begins = max(campaign.starts_at, now)
        beside = list_neighbours(market_code=market, since=begins, until=campaign.ends_at)
        if beside.keys() - {campaign_id}:
            found += list_conflicts(
                campaign,
                market_code=market,
                neighbours=list(beside),
                carts=[cart for cart in carts if cart.market_code == market],
                threshold=0.0,
                now=now,
                on_progress=on_progress,
                most=FOR_RELEASE,
            )
    return max(found, key=lambda one: one.depth, default=None)


def _release(offer: OfferValue) -> OfferValue:
    fields = {name: getattr(offer, name) for name in OfferValue.__slots__}
    return OfferValue(**{**fields, "status": "live"})


def _shared_products(offers: Sequence[OfferValue], mine: Sequence[OfferValue]) -> list[int]:
    """Return the products of the campaign that most offers cover, the popular ones first."""
    arrays = load_variant_arrays()
    counted = np.zeros(len(arrays.variant_id), dtype=np.int64)
    own = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    for offer in offers:
        scopes = extra_scopes(offer.benefit.terms)
        if not isinstance(offer.benefit.terms, Bundle):
            scopes = (offer.scope, *scopes)
        covered = np.logical_or.reduce([cover_variants(scope, arrays) for scope in scopes])
        counted += covered
        own |= covered if offer in mine else False
    ranked = np.lexsort((-arrays.popularity, -counted))
    return [int(arrays.variant_id[at]) for at in ranked if own[at]][:MOST_GOODS]


def _lone_baskets(ids: Sequence[int], market_code: str, now: datetime) -> list[CartValue]:
    arrays, market = load_variant_arrays(market_code), get_market(market_code)
    at = dict(zip(arrays.variant_id.tolist(), arrays.list_minor.tolist(), strict=True))
    floors = floor_minor(variant_ids=list(ids), now=now, market=market_code) if ids else {}
    places = find_places(ids)
    return [
        CartValue(
            (
                CartLineValue(
                    line_id=str(one),
                    variant_id=one,
                    product_id=places[one].product_id,
                    category_ids=places[one].category_ids,
                    brand_id=places[one].brand_id,
                    quantity=pieces,
                    unit_minor=at[one],
                    floor_minor=floors.get(one, 0),
                ),
            ),
            market.currency,
            market_code,
            "online",
            market.jurisdiction_code,
            market.time_zone,
        )
        for one in ids
        for pieces in PIECES
        if at.get(one)
    ]


def _times(campaign: CampaignView, offers: Sequence[OfferValue], now: datetime) -> list[datetime]:
    """Return moments inside the campaign's window at which most campaigns run together."""
    begin = max(campaign.starts_at, now)
    starts = {begin, *(max(offer.starts_at, begin) for offer in offers)}
    inside = [at for at in starts if at < campaign.ends_at]
    running = Counter({at: sum(o.starts_at <= at < o.ends_at for o in offers) for at in inside})
    return [at for at, _count in running.most_common(MOST_TIMES)]


Status = Campaign.Status


def list_addressed(campaign_id: int) -> list[int]:
    """Return the ids of the shoppers a personal campaign addresses. One query."""
    rows = CampaignShopper.objects.filter(campaign_id=campaign_id)
    return list(rows.values_list("shopper_id", flat=True))


def list_proven(groups: Collection[str], *, now: datetime) -> dict[str, list[int]]:
    """Return, by group, the shoppers who have proven to belong to it. One query, none for none."""
    found: dict[str, list[int]] = {group: [] for group in groups}
    if found:
        claims = GroupClaim.objects.filter(
            state=GroupClaim.State.ACCEPTED,
            valid_until__gt=now,
            group__is_active=True,
            group__code__in=list(groups),
        )
        for code, shopper_id in claims.values_list("group__code", "shopper_id"):
            found[code].append(shopper_id)
    return found


def name_campaigns(campaign_ids: Collection[int]) -> list[str]:
    """Return the names of campaigns, oldest first. One query."""
    rows = Campaign.objects.filter(pk__in=campaign_ids).order_by("pk")
    return list(rows.values_list("name", flat=True))


def list_neighbours(*, market_code: str, since: datetime, until: datetime) -> dict[int, str]:
    """Return campaigns, drafts too, that run in `[since, until)` in the market, with their names.

    One query.
    """
    rows = Campaign.objects.filter(starts_at__lt=until, ends_at__gt=since)
    rows = rows.filter(market_code__in=("", market_code)).exclude(status=Status.ENDED)
    return dict(rows.values_list("pk", "name"))


def find_gates(campaign_id: int, snapshot: Mapping[str, Any], *, now: datetime) -> tuple[Gate, ...]:
    """Return why two people must agree to a snapshot: budget, depth, floor, or what it and others
    take off together, which is only looked for where the others do not decide."""
    limits, reach = load_limits(), measure_reach(snapshot, now=now)
    gates = list_gates(reach, limits)
    if gates:
        return gates
    worst = find_worst_stack(campaign_id=campaign_id, now=now)
    return () if worst is None else list_gates(replace(reach, stack=worst.depth), limits)
