"""The offers that apply by themselves, compiled once per process and change, and their budgets."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import connection

from promotions.campaigns.models import (
    MAX_DEPTH,
    Campaign,
    CampaignTuning,
    Offer,
    OfferBook,
    OfferVariant,
    StackingCategory,
    StackingGroup,
)
from promotions.campaigns.selectors.campaigns import CampaignRows
from promotions.engine.api import (
    BadOffer,
    Benefit,
    Category,
    CategoryMode,
    CouponValue,
    Group,
    GroupMode,
    Memory,
    OfferIndex,
    OfferValue,
    Scope,
    Stacking,
    build_benefit,
    check_scope,
    needed_facts,
    parse_condition,
    parse_scope,
)

FRESH_SECONDS = 1.0
# As text: each cart asks it, and building the queryset took ten times as long as the answer.
_BUDGETS = """
SELECT campaign.id, campaign.budget_minor - campaign.spent_minor + coalesce((
    SELECT sum(held.amount_minor) FROM promotions_redemption AS held
    WHERE held.campaign_id = campaign.id AND held.is_budgeted AND held.state = 'held'
      AND held.expires_at <= %s), 0)::bigint
FROM promotions_campaign AS campaign
WHERE campaign.id = ANY(%s) AND campaign.budget_minor IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What was left of all budgets `asked` for at `now`, read when the clock of the process said
    `read_at`."""

    asked: frozenset[int]
    now: datetime
    read_at: float
    left: Mapping[int, int] = field(default_factory=dict)

    def answers(self, campaign_ids: Collection[int], now: datetime) -> bool:
        """Return whether it is fresh enough to answer for these at `now`."""
        is_fresh = time.monotonic() - self.read_at < FRESH_SECONDS
        is_near = abs(now - self.now) < timedelta(seconds=FRESH_SECONDS)
        return is_fresh and is_near and self.asked.issuperset(campaign_ids)


_memory: dict[str, _Remembered] = {}


def read_budgets(campaign_ids: Iterable[int], now: datetime) -> dict[int, int]:
    """Return what is left of each budget at `now`. One query, none without ids.

    Holds that ran out are counted as given back, whether or not the job did that already.
    """
    ids = list(campaign_ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_BUDGETS, [now, ids])
        return dict(cursor.fetchall())


def recall_budgets(
    campaign_ids: Collection[int], budgeted: Collection[int], now: datetime
) -> Mapping[int, int]:
    """Return what is left of each budget, at most FRESH_SECONDS old: for pages, never for carts.

    All `budgeted` campaigns are read at once. No query while fresh, and none without ids.
    """
    if not campaign_ids:
        return {}
    known = _memory.get("budgets")
    if known is None or not known.answers(campaign_ids, now):
        asked, read_at = frozenset(budgeted) | frozenset(campaign_ids), time.monotonic()
        known = _memory["budgets"] = _Remembered(asked, now, read_at, read_budgets(asked, now))
    return known.left


def forget_budgets() -> None:
    """Read them at the next question (in tests, which change tables faster than a second)."""
    _memory.clear()


log = logging.getLogger("fairtag.promotions")


@dataclass(frozen=True, slots=True)
class CompiledBook:
    """Automatic offers of live campaigns at one `version`, in no order that matters.

    `facts` are the costly facts some condition looks at; offers of `budgeted` campaigns need
    what is left of their money, read fresh. `weights` say how much sooner than others of the same
    fit a campaign is shown (1 where none is named). A book of a rehearsal takes the campaigns
    `as_live` for released whatever they are, and has offers `unlocked` as if their codes had been
    entered. `unit_prices` remember what a unit costs in an empty cart.
    """

    version: int
    offers: tuple[OfferValue, ...]
    facts: frozenset[str]
    budgeted: frozenset[int]
    personal: frozenset[int]
    groups: Mapping[int, tuple[Group, ...]]
    weights: Mapping[int, float] = field(default_factory=dict)
    as_live: frozenset[int] = frozenset()
    unlocked: tuple[CouponValue, ...] = ()
    index: OfferIndex = field(init=False, repr=False, compare=False)
    unit_prices: Memory = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Made here, so that a book with other offers never looks up what holds of the old ones
        object.__setattr__(self, "index", OfferIndex(self.offers))
        object.__setattr__(self, "unit_prices", {})


class _Cache:
    """The book in memory and when it was last compared with the database."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.book: CompiledBook | None = None
        self.checked_at = 0.0


_cache = _Cache()


def load_offer_book() -> CompiledBook:
    """Return the compiled book, at most FRESH_SECONDS behind the database.

    No query while fresh, one to compare versions, four when something changed.
    """
    book = _cache.book
    if book is not None and time.monotonic() - _cache.checked_at < FRESH_SECONDS:
        return book
    version = OfferBook.objects.values_list("version", flat=True).first() or 0
    if book is None or book.version != version:
        book = _compile_book(version)
    with _cache.lock:
        _cache.book, _cache.checked_at = book, time.monotonic()
    return book


def forget_offer_book() -> None:
    """Compare with the database on the next read (after a write in this process, and in tests)."""
    _cache.checked_at = 0.0
    forget_budgets()


def compile_offer(
    offer: Offer,
    campaign: Campaign,
    *,
    variant_ids: Iterable[int] | None,
    left_minor: int | None,
    groups: tuple[Group, ...],
) -> OfferValue:
    """Return the row as the evaluator takes it. `variant_ids`, if any, are its listed variants."""
    scope = parse_scope(offer.scope)
    benefit = replace(build_offer_benefit(offer), ignores_floor=campaign.sells_below_floor)
    check_scope(benefit, scope)
    if variant_ids is not None:
        prices = Scope(None, is_unreduced=scope.is_unreduced, from_minor=scope.from_minor)
        scope = replace(prices, to_minor=scope.to_minor, variant_ids=frozenset(variant_ids))
    return OfferValue(
        offer_id=offer.pk,
        campaign_id=campaign.pk,
        code=offer.code,
        name=_names(offer),
        benefit=benefit,
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        condition=parse_condition(offer.condition),
        scope=scope,
        stacking=Stacking(offer.stacking),
        stacking_group=offer.stacking_group,
        priority=offer.priority,
        audience=campaign.audience,
        status=campaign.status if offer.is_active else Campaign.Status.PAUSED,
        market_code=campaign.market_code,
        requires_coupon=offer.requires_coupon,
        left_minor=left_minor,
        revision=campaign.revision or None,
        groups=groups,
        category=None if offer.category is None else _compile_category(offer.category),
        holdout_percent=campaign.holdout_percent,
        has_clock=bool(campaign.claims.get("countdown")) and campaign.promised_ends_at is not None,
    )


def compile_or_skip(
    offer: Offer,
    groups: Mapping[int, tuple[Group, ...]],
    *,
    variant_ids: Iterable[int] | None,
    left_minor: int | None = None,
) -> OfferValue | None:
    """Return the compiled row, or None for one that was saved past the admin's check.

    One bad row must not take the store down; it is logged and applies to nobody.
    """
    try:
        return compile_offer(
            offer,
            offer.campaign,
            variant_ids=variant_ids,
            left_minor=left_minor,
            groups=groups.get(offer.group_id or 0, ()),
        )
    except BadOffer as refusal:
        log.error("Offer %s is left out: %s", offer.pk, refusal)
        return None


def live_at(offer: OfferValue, now: datetime, market_code: str) -> bool:
    """Return whether the offer runs at `now` in the market: the cheap part of eligibility."""
    return offer.starts_at <= now < offer.ends_at and offer.market_code in ("", market_code)


def _compile_book(version: int) -> CompiledBook:
    rows = Offer.objects.filter(
        requires_coupon=False, is_active=True, campaign__status=Campaign.Status.LIVE
    ).select_related("campaign", "category")
    offers = list(rows)
    groups = _read_groups()
    variants: Mapping[int, list[int]] = _variants_of([offer.pk for offer in offers])
    compiled = tuple(
        found
        for offer in offers
        if (found := compile_or_skip(offer, groups, variant_ids=variants.get(offer.pk))) is not None
    )
    return CompiledBook(
        version=version,
        offers=compiled,
        facts=frozenset().union(*(needed_facts(offer.condition) for offer in compiled)),
        budgeted=frozenset(o.campaign_id for o in offers if o.campaign.budget_minor is not None),
        personal=frozenset(o.campaign_id for o in compiled if o.audience == "personal"),
        groups=groups,
        weights=dict(CampaignTuning.objects.values_list("pk", "exposure_weight")),
    )


def build_offer_benefit(offer: Offer) -> Benefit:
    """Return the benefit of a row. Raises BadOffer for one saved past the admin's check."""
    return build_benefit(
        kind=offer.benefit_kind,
        target=offer.target,
        percent=offer.percent,
        amount_minor=offer.amount_minor,
        cap_minor=offer.max_discount_minor,
        cap_line_minor=offer.max_line_minor,
        most_units_line=offer.max_line_units,
        most_units=offer.max_order_units,
        cheapest_first=offer.cheapest_first,
        terms=offer.terms,
    )


def _compile_category(row: StackingCategory) -> Category:
    return Category(row.code, CategoryMode(row.mode), row.max_offers)


def _read_groups() -> dict[int, tuple[Group, ...]]:
    return find_paths(StackingGroup.objects.all())


def find_paths(groups: Iterable[StackingGroup]) -> dict[int, tuple[Group, ...]]:
    """Return, by id, the path from the root to each group of a stacking tree. No query."""
    rows = {row.pk: row for row in groups}
    paths: dict[int, tuple[Group, ...]] = {}
    for pk in rows:
        path: list[Group] = []
        at: int | None = pk
        # A circle saved past the admin's check ends the path instead of the process
        while at is not None and len(path) < MAX_DEPTH:
            row = rows[at]
            path.append(Group(row.code, GroupMode(row.mode), row.priority))
            at = row.parent_id
        paths[pk] = tuple(reversed(path))
    return paths


def _variants_of(offer_ids: list[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    rows = OfferVariant.objects.filter(offer_id__in=offer_ids)
    for offer_id, variant_id in rows.values_list("offer_id", "variant_id"):
        found[offer_id].append(variant_id)
    return found


def _names(offer: Offer) -> dict[str, str]:
    names = {"en": offer.name}
    if offer.name_zh:
        names["zh-hans"] = offer.name_zh
    return names


PRETENDED = "(code)"


def compile_campaign(campaign_id: int) -> tuple[OfferValue, ...]:
    """Return a campaign's active offers, those with a code too, in order of their ids.

    What was saved past every check is left out. Two queries and those of a book.
    """
    return compile_campaigns([campaign_id])


def compile_rows(rows: CampaignRows) -> tuple[OfferValue, ...]:
    """Return what `compile_campaign` does, from rows that are loaded. The queries of a book."""
    groups = load_offer_book().groups
    active = sorted((one for one in rows.offers if one.is_active), key=lambda one: one.pk)
    compiled = (compile_or_skip(one, groups, variant_ids=rows.listed.get(one.pk)) for one in active)
    return tuple(offer for offer in compiled if offer is not None)


def compile_campaigns(campaign_ids: Collection[int]) -> tuple[OfferValue, ...]:
    """Return the active offers of several campaigns, in order of their ids. Two queries."""
    rows = list(
        Offer.objects.filter(campaign_id__in=campaign_ids, is_active=True)
        .select_related("campaign", "category")
        .order_by("pk")
    )
    listed: dict[int, list[int]] = defaultdict(list)
    variants = OfferVariant.objects.filter(offer_id__in=[row.pk for row in rows])
    for offer_id, variant_id in variants.values_list("offer_id", "variant_id"):
        listed[offer_id].append(variant_id)
    groups = load_offer_book().groups
    compiled = (compile_or_skip(row, groups, variant_ids=listed.get(row.pk)) for row in rows)
    return tuple(offer for offer in compiled if offer is not None)


def rehearse(
    campaign_ids: Collection[int],
    *,
    with_codes: bool = False,
    offers: Sequence[OfferValue] | None = None,
    budgeted: Collection[int] | None = None,
) -> CompiledBook:
    """Return the live book with the campaigns as if released; `with_codes`: as if entered, too.

    A campaign that is live already is taken as its rows say now; `offers` are those of the
    campaigns, and `budgeted` which of them have a budget, given by who knows. Three queries, none
    with both.
    """
    book = load_offer_book()
    compiled = compile_campaigns(campaign_ids) if offers is None else offers
    offers = [replace(offer, status="live") for offer in compiled]
    automatic = [offer for offer in offers if not offer.requires_coupon]
    kept = [offer for offer in book.offers if offer.campaign_id not in campaign_ids]
    unlocked = [
        CouponValue(f"{PRETENDED} {offer.offer_id}", offer)
        for offer in offers
        if with_codes and offer.requires_coupon
    ]
    if budgeted is None:
        with_budget = Campaign.objects.filter(pk__in=campaign_ids, budget_minor__gte=0)
        budgeted = list(with_budget.values_list("pk", flat=True))
    together = (*kept, *automatic)
    return replace(
        book,
        offers=together,
        facts=frozenset().union(*(needed_facts(offer.condition) for offer in together)),
        budgeted=book.budgeted | set(budgeted),
        personal=frozenset(o.campaign_id for o in together if o.audience == "personal"),
        as_live=frozenset(campaign_ids),
        unlocked=tuple(unlocked),
    )
