"""Everything a draft is judged by: prices, sales, stock, costs, kinds of products, earlier runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.api import (
    PAID_DAYS,
    current_public_prices,
    floor_minor,
    has_price_book,
    load_paid,
    load_series,
    lower_by_offers,
)
from pricing.base.core.reference import (
    LOOKS_BACK,
    PaidRows,
    PriceSeries,
    list_share,
    lowest_between,
    reference_before,
)
from pricing.base.core.values import JurisdictionRule
from promotions.campaigns.api import OFFERS, Status, compile_campaigns, parse_claims, take_snapshots
from promotions.campaigns.models import Campaign, CampaignEvent, Offer
from promotions.engine.api import Gift, OfferValue, parse_condition, picks_shoppers, place_of
from promotions.law.core.claimed import asked_of_people
from promotions.law.core.depth import LawRow, Roles, deepest_unit, named_percents
from promotions.law.core.drafts import CoveredVariants, Draft, Window
from promotions.law.core.gifts import GiftOffer, Together, find_together
from promotions.law.selectors.products import (
    Positions,
    covered_by,
    find_places,
    least_bought,
    least_of,
)
from shop.ground.catalog.core.values import VariantArrays
from shop.ground.catalog.selectors import list_categories, load_variant_arrays
from shop.ground.inventory.selectors import count_available


def load_given(row: Campaign, begins: datetime) -> tuple[OfferValue, ...]:
    """Return the gifts of a campaign for chosen shoppers, and those of other such campaigns that
    are released and run at the same time.

    No query for other audiences; two where the campaign gives nothing away, four where it does.
    """
    if row.audience != Campaign.Audience.PERSONAL:
        return ()
    mine = _keep_gifts(compile_campaigns({row.pk}))
    if not mine:
        return ()
    others = Offer.objects.filter(
        benefit_kind=Offer.Benefit.GIFT,
        is_active=True,
        campaign__audience=Campaign.Audience.PERSONAL,
        campaign__status=Campaign.Status.LIVE,
        campaign__starts_at__lt=row.ends_at,
        campaign__ends_at__gt=begins,
    )
    if row.market_code:
        others = others.filter(campaign__market_code__in=["", row.market_code])
    ids = set(others.exclude(campaign=row).values_list("campaign_id", flat=True))
    return (*mine, *(_keep_gifts(compile_campaigns(ids)) if ids else ()))


def price_gifts(
    given: Sequence[OfferValue], campaign_id: int, *, market: str, now: datetime
) -> tuple[GiftOffer, ...]:
    """Return what the gifts are worth in a market and what must be bought for them there.

    Of several products to choose from the dearest counts. No query while the price book is fresh.
    """
    found = []
    for offer in given:
        terms = offer.benefit.terms
        if not isinstance(terms, Gift) or offer.market_code not in ("", market):
            continue
        prices = current_public_prices(
            variant_ids=list(terms.variant_ids), now=now, market=market
        ).public_minor
        found.append(
            GiftOffer(
                code=offer.code,
                is_mine=offer.campaign_id == campaign_id,
                value_minor=terms.quantity * int(prices.max(initial=0)),
                least_minor=least_of(offer.condition, market=market, now=now),
                place=place_of(offer),
                condition=offer.condition,
                starts_at=offer.starts_at,
                ends_at=offer.ends_at,
            )
        )
    return tuple(found)


def _keep_gifts(offers: Sequence[OfferValue]) -> tuple[OfferValue, ...]:
    return tuple(offer for offer in offers if isinstance(offer.benefit.terms, Gift))


LONGEST_PAUSE = timedelta(days=366)

type BoolArray = NDArray[np.bool_]


def find_windows(row: Campaign, offers: Sequence[Mapping[str, Any]]) -> tuple[Window, ...]:
    """Return runs of like offers that began before the campaign and ended in the year before it.

    Like: to the same audience and market, of the same kind and asking the same of people,
    for at least half of the products, at least half as deep. Four queries, whatever the number of
    campaigns.
    """
    near = Campaign.objects.filter(
        audience=row.audience,
        starts_at__lt=row.starts_at,
        ends_at__gt=row.starts_at - LONGEST_PAUSE,
    ).exclude(status__in=[Status.DRAFT, Status.SCHEDULED])
    if row.market_code:
        near = near.filter(market_code__in=["", row.market_code])
    rows = list(near.exclude(pk=row.pk).order_by("pk"))
    said, stopped = take_snapshots(rows), _read_stops(rows)
    arrays = load_variant_arrays()
    mine = _covered_by_any(offers, arrays)
    return tuple(
        Window(one.name, one.starts_at, min(one.ends_at, stopped.get(one.pk, one.ends_at)))
        for one in rows
        if _is_like(offers, mine, said[one.pk][OFFERS], arrays)
    )


def _read_stops(rows: Sequence[Campaign]) -> dict[int, datetime]:
    """Return when campaigns that were ended early stopped: at their last such step. One query."""
    steps = CampaignEvent.objects.filter(campaign__in=rows, to_status=Status.ENDED)
    return dict(steps.order_by("at").values_list("campaign_id", "at"))


def _is_like(
    offers: Sequence[Mapping[str, Any]],
    mine: BoolArray,
    theirs: Sequence[Mapping[str, Any]],
    arrays: VariantArrays,
) -> bool:
    active = [offer for offer in theirs if offer["is_active"]]
    shared = int((mine & _covered_by_any(active, arrays)).sum())
    is_same_goods = shared * 2 >= int(mine.sum()) > 0
    mine_are = {_form(offer) for offer in offers}
    alike = [offer for offer in active if _form(offer) in mine_are]
    return is_same_goods and bool(alike) and 2 * _deepest(alike) >= _deepest(offers)


def _form(offer: Mapping[str, Any]) -> tuple[str, bool, tuple[str, ...]]:
    """Return kind, whether it needs a code, and what it asks of people."""
    return offer["benefit_kind"], offer["requires_coupon"], asked_of_people(offer["condition"])


def _deepest(offers: Sequence[Mapping[str, Any]]) -> float:
    """Of one kind, so percentages and amounts are not compared with each other."""
    sizes = [
        max([*named_percents(offer), float(offer["amount_minor"] or 0)], default=0.0)
        for offer in offers
    ]
    return max(sizes, default=0.0)


def _covered_by_any(offers: Sequence[Mapping[str, Any]], arrays: VariantArrays) -> BoolArray:
    found = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    for offer in offers:
        found |= covered_by(offer, arrays)
    return found


DAY = 86_400
SALES_DAYS = 90
FLAGS = ("restricted", "child_directed", "sensitive")

type FloatArray = NDArray[np.float64]
type IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Subject:
    """What is known of a campaign whatever market or law is asked. Arrays are (m,).

    `chosen` are positions in the catalogue's arrays of the variants an offer means, `places` what
    each of the n active offers means; `days` is how far back laws look at what was paid, and
    `daily_units` what all markets sell of the one stock. `given` are gifts for chosen shoppers: the
    campaign's and those of others that run meanwhile.
    """

    row: Campaign
    offers: tuple[Mapping[str, Any], ...]
    begins: datetime
    arrays: VariantArrays
    chosen: IntArray
    places: tuple[Positions, ...]
    days: int
    stock: IntArray
    daily_units: FloatArray
    windows: tuple[Window, ...]
    given: tuple[OfferValue, ...] = ()
    _kinds: dict[str, BoolArray] = field(default_factory=dict)

    def is_kind(self, kind: str) -> BoolArray:
        """Return which variants are of a kind: a flag of their category, or a word of its path."""
        if kind not in self._kinds:
            self._kinds[kind] = find_kind(kind, self.arrays)[self.chosen]
        return self._kinds[kind]


@dataclass(frozen=True, slots=True)
class Evidence:
    """A subject in one market: its prices as they were, what was paid, costs and floors.

    What several laws ask for is reckoned once, and what none asks for never.
    """

    subject: Subject
    market: str
    series: PriceSeries
    paid: PaidRows
    list_share: FloatArray
    cost_minor: IntArray
    floor_minor: IntArray
    public_minor: IntArray
    roles: tuple[Roles, ...]
    units: tuple[IntArray, ...]
    together: Together | None = None
    has_floors: bool = True
    _reckoned: dict[tuple[str, int | str], IntArray] = field(default_factory=dict)
    _offered: list[PriceSeries] = field(default_factory=list)

    def reference_minor(self, strategy: str) -> IntArray:
        """Return what "was" may name if the cut begins when the campaign does, (m,).

        By the prices that anybody could get: the queries of public offers, the first time.
        """
        second = int(self.subject.begins.timestamp())
        return self._once(
            ("reference", strategy),
            lambda: reference_before(self._offer(), self.paid, second, strategy),
        )

    def before_raise_minor(self, days: int) -> IntArray:
        """Return the lowest public price in the days before the campaign begins, (m,)."""
        at = np.full(len(self.public_minor), int(self.subject.begins.timestamp()), dtype=np.int64)
        return self._once(
            ("before", days), lambda: lowest_between(self.series, at - days * DAY, at)
        )

    def _offer(self) -> PriceSeries:
        if not self._offered:
            subject = self.subject
            ids = subject.arrays.variant_id[subject.chosen]
            lowered = lower_by_offers(self.series, ids, market=self.market, now=subject.begins)
            self._offered.append(lowered)
        return self._offered[0]

    def _once(self, key: tuple[str, int | str], reckon: Callable[[], IntArray]) -> IntArray:
        """Return an amount, the public price where there is none."""
        if key not in self._reckoned:
            found = reckon()
            self._reckoned[key] = np.where(found > 0, found, self.public_minor)
        return self._reckoned[key]


def load_subject(
    row: Campaign, snapshot: Mapping[str, Any], *, begins: datetime, strategies: frozenset[str]
) -> Subject:
    """Return what laws with these `strategies` of the reference price ask about a campaign in every
    market. Two queries, and those of `find_windows` and `load_given`."""
    offers = tuple(offer for offer in snapshot[OFFERS] if offer["is_active"])
    arrays = load_variant_arrays()
    places = tuple(_find_meant(row, offer, arrays) for offer in offers)
    is_meant = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    for each in places:
        is_meant[each.bought] = is_meant[each.given] = True
    chosen = np.flatnonzero(is_meant)
    ids, second = arrays.variant_id[chosen], int(begins.timestamp())
    sold = load_paid(variant_id=ids, now=begins, market=None, days=SALES_DAYS)
    recent = sold.at >= second - SALES_DAYS * DAY
    return Subject(
        row=row,
        offers=offers,
        begins=begins,
        arrays=arrays,
        chosen=chosen,
        places=places,
        days=PAID_DAYS if strategies & LOOKS_BACK else SALES_DAYS,
        stock=count_available(ids),
        daily_units=np.bincount(sold.variant[recent], sold.units[recent], len(ids)) / SALES_DAYS,
        windows=find_windows(row, offers),
        given=load_given(row, begins),
    )


def _find_meant(row: Campaign, offer: Mapping[str, Any], arrays: VariantArrays) -> Positions:
    """Return what an offer means; one for chosen shoppers leaves out, as the cart does, what is
    never priced personally."""
    places = find_places(offer, arrays)
    is_personal = row.audience == Campaign.Audience.PERSONAL
    is_chosen = is_personal or picks_shoppers(parse_condition(offer.get("condition") or {}))
    leaves_out = is_chosen and not offer["requires_coupon"]
    return places.without(arrays.never_personal) if leaves_out else places


def load_evidence(subject: Subject, *, market: str, now: datetime) -> Evidence:
    """Return the subject's prices and sales in a market. Two queries."""
    ids = subject.arrays.variant_id[subject.chosen]
    listed, cost = _price_in(market, ids)
    paid = load_paid(variant_id=ids, now=subject.begins, market=market, days=subject.days)
    floors = floor_minor(variant_ids=ids.tolist(), now=now, market=market)
    series = load_series(variant_id=ids, now=subject.begins, place=(market, "online"))
    at = np.full(len(ids), int(subject.begins.timestamp()), dtype=np.int64)
    public = lowest_between(series, at, at)
    public = np.where(public > 0, public, listed)
    pairs = list(zip(subject.offers, subject.places, strict=True))
    roles = tuple(_find_roles(subject, *pair, market=market, now=now) for pair in pairs)
    return Evidence(
        subject=subject,
        market=market,
        series=series,
        paid=paid,
        list_share=list_share(paid, listed, int(subject.begins.timestamp())),
        cost_minor=cost,
        floor_minor=np.array([floors.get(one, 0) for one in ids.tolist()], dtype=np.int64),
        public_minor=public,
        roles=roles,
        units=tuple(
            deepest_unit(offer, public, role)
            for offer, role in zip(subject.offers, roles, strict=True)
        ),
        has_floors=has_price_book(now=now, market=market),
        together=find_together(price_gifts(subject.given, subject.row.pk, market=market, now=now)),
    )


def _price_in(market: str, ids: IntArray) -> tuple[IntArray, IntArray]:
    """Return list price and cost of each variant in a market: 0 where it is not sold, -1 where the
    cost is not known."""
    sold = load_variant_arrays(market)
    columns = (sold.list_minor.tolist(), sold.cost_minor.tolist())
    at = dict(zip(sold.variant_id.tolist(), zip(*columns, strict=True), strict=True))
    rows = [at.get(one, (0, -1)) for one in ids.tolist()]
    found = np.array(rows, dtype=np.int64).reshape(-1, 2)
    return found[:, 0], found[:, 1]


def _find_roles(
    subject: Subject, offer: Mapping[str, Any], places: Positions, *, market: str, now: datetime
) -> Roles:
    least = least_bought(offer, market=market, now=now)
    return places.among(subject.chosen, offer, least)


def make_draft(evidence: Evidence, law: LawRow, rule: JurisdictionRule) -> Draft:
    """Return the campaign as one place's law sees it. No query, but for reference prices where the
    law looks at them."""
    row, offers = evidence.subject.row, evidence.subject.offers
    claims = parse_claims(row.claims)
    is_asked = law.looks_at_references(row.audience, names_was=claims.was_minor is not None)
    reference = evidence.reference_minor(rule.reference_strategy) if is_asked else None
    names = [row.name, row.name_zh, *(offer["name"] for offer in offers)]
    names += [offer["name_zh"] for offer in offers]
    return Draft(
        names=tuple(name for name in names if name),
        audience=row.audience,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        offers=offers,
        goods=_goods(evidence, law, evidence.public_minor if reference is None else reference),
        claims=claims,
        promised_ends_at=row.promised_ends_at,
        windows=evidence.subject.windows,
        personal_allowed=rule.personal_allowed,
        label_code=rule.label_code,
        together=evidence.together,
        sells_below_floor=row.sells_below_floor,
        has_zh_name=bool(row.name_zh) and all(offer["name_zh"] for offer in offers),
    )


def _goods(evidence: Evidence, law: LawRow, reference_minor: IntArray) -> CoveredVariants:
    subject, chosen = evidence.subject, evidence.subject.chosen
    kinds = tuple(sorted({*law.gift_kinds, *law.banned_kinds, *dict(law.minimum_prices)}))
    marks = [subject.is_kind(kind) for kind in kinds]
    return CoveredVariants(
        variant_id=subject.arrays.variant_id[chosen],
        public_minor=evidence.public_minor,
        reference_minor=reference_minor,
        before_raise_minor=evidence.before_raise_minor(law.raise_days),
        list_share=evidence.list_share,
        cost_minor=evidence.cost_minor,
        floor_minor=evidence.floor_minor,
        stock=subject.stock,
        daily_units=subject.daily_units,
        kinds=kinds,
        is_kind=np.array(marks, dtype=np.bool_).reshape(len(kinds), len(chosen)),
        roles=evidence.roles,
        units=evidence.units,
        has_floors=evidence.has_floors,
    )


def find_kind(kind: str, arrays: VariantArrays) -> BoolArray:
    """Return which variants are of a kind: a flag of their category, or a word of its path."""
    if kind in FLAGS:
        flagged: BoolArray = getattr(arrays, kind)
        return flagged
    tree = list_categories("en")
    named = [node.category_id for node in tree.nodes.values() if kind in node.path.split("/")]
    below = [each for one in named for each in tree.below(one)]
    return np.isin(arrays.category_id, below)
