"""Everything a draft is judged by: prices, sales, stock, costs, kinds of goods, earlier runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.core.reference import (
    LOOKS_BACK,
    PaidRows,
    PriceSeries,
    list_share,
    lowest_between,
    reference_before,
)
from pricing.core.values import JurisdictionRule
from pricing.selectors import floor_minor, has_price_book
from pricing.selectors.offered import lower_by_offers
from pricing.selectors.references import PAID_DAYS, load_paid, load_series
from promotions.core.conditions import picks_shoppers
from promotions.core.law.claims import parse_claims
from promotions.core.law.depth import Roles, deepest_unit
from promotions.core.law.drafts import Draft, Goods, Window
from promotions.core.law.gifts import Together, find_together
from promotions.core.law.places import LawRow
from promotions.core.parse_conditions import parse_condition
from promotions.core.revisions import OFFERS
from promotions.core.values import OfferValue
from promotions.models import Campaign
from promotions.selectors.law_gifts import load_given, price_gifts
from promotions.selectors.law_goods import Places, find_places, least_bought
from promotions.selectors.law_windows import find_windows
from shop.catalog.core.values import VariantArrays
from shop.catalog.selectors import list_categories, load_variant_arrays
from shop.inventory.selectors import count_available

DAY = 86_400
SALES_DAYS = 90
FLAGS = ("restricted", "child_directed", "sensitive")

type BoolArray = NDArray[np.bool_]
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
    places: tuple[Places, ...]
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


def _find_meant(row: Campaign, offer: Mapping[str, Any], arrays: VariantArrays) -> Places:
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
    subject: Subject, offer: Mapping[str, Any], places: Places, *, market: str, now: datetime
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


def _goods(evidence: Evidence, law: LawRow, reference_minor: IntArray) -> Goods:
    subject, chosen = evidence.subject, evidence.subject.chosen
    kinds = tuple(sorted({*law.gift_kinds, *law.banned_kinds, *dict(law.minimum_prices)}))
    marks = [subject.is_kind(kind) for kind in kinds]
    return Goods(
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
