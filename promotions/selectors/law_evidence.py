"""Everything a draft is judged by: prices, sales, stock, costs, kinds of goods, earlier runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.core.reference import (
    PaidRows,
    PriceSeries,
    list_share,
    lowest_between,
    reference_before,
)
from pricing.core.values import JurisdictionRule
from pricing.selectors import floor_minor
from pricing.selectors.offered import lower_by_offers
from pricing.selectors.references import load_paid, load_series
from promotions.core.carts import Scope
from promotions.core.law.drafts import Draft, Goods, Window, parse_claims
from promotions.core.law.places import LawRow
from promotions.core.parse import parse_scope
from promotions.core.revisions import OFFERS
from promotions.core.workflow import Status
from promotions.models import Campaign
from promotions.selectors.campaigns import take_snapshot
from promotions.selectors.scopes import cover_variants
from shop.catalog.core.values import VariantArrays
from shop.catalog.selectors import list_categories, load_variant_arrays
from shop.inventory.selectors import available

DAY = 86_400
SALES_DAYS = 90
LONGEST_PAUSE = timedelta(days=366)
FLAGS = ("restricted", "child_directed", "sensitive")

type BoolArray = NDArray[np.bool_]
type IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a campaign in one market, whatever law is asked. Arrays are (m,)."""

    row: Campaign
    offers: tuple[Mapping[str, Any], ...]
    begins: datetime
    chosen: IntArray
    covers: BoolArray
    series: PriceSeries
    offered: PriceSeries
    paid: PaidRows
    floor_minor: IntArray
    stock: IntArray
    windows: tuple[Window, ...]


def load_evidence(
    row: Campaign, snapshot: Mapping[str, Any], *, market: str, begins: datetime, now: datetime
) -> Evidence:
    """Return what the laws ask about a campaign in a market. Seven queries, and those of
    `find_windows`."""
    offers = tuple(offer for offer in snapshot[OFFERS] if offer["is_active"])
    arrays = load_variant_arrays()
    covers = np.array([covered_by(offer, arrays) for offer in offers], dtype=np.bool_)
    covers = covers.reshape(len(offers), len(arrays.variant_id))
    chosen = np.flatnonzero(covers.any(axis=0))
    ids = arrays.variant_id[chosen]
    floors = floor_minor(variant_ids=ids.tolist(), now=now, market=market)
    stock = available(ids.tolist())
    series = load_series(variant_id=ids, now=begins, place=(market, "online"))
    return Evidence(
        row=row,
        offers=offers,
        begins=begins,
        chosen=chosen,
        covers=covers[:, chosen],
        series=series,
        offered=lower_by_offers(series, ids, market=market, now=begins),
        paid=load_paid(variant_id=ids, now=begins),
        floor_minor=np.array([floors.get(one, 0) for one in ids.tolist()], dtype=np.int64),
        stock=np.array([stock[one] for one in ids.tolist()], dtype=np.int64),
        windows=find_windows(row, offers),
    )


def make_draft(evidence: Evidence, law: LawRow, rule: JurisdictionRule) -> Draft:
    """Return the campaign as one place's law sees it. No query."""
    row, offers = evidence.row, evidence.offers
    names = [row.name, row.name_zh, *(offer["name"] for offer in offers)]
    names += [offer["name_zh"] for offer in offers]
    return Draft(
        names=tuple(name for name in names if name),
        audience=row.audience,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        offers=offers,
        goods=_goods(evidence, law, rule),
        claims=parse_claims(row.claims),
        promised_ends_at=row.promised_ends_at,
        windows=evidence.windows,
        personal_allowed=rule.personal_allowed,
        label_code=rule.label_code,
        has_zh_name=bool(row.name_zh) and all(offer["name_zh"] for offer in offers),
    )


def _goods(evidence: Evidence, law: LawRow, rule: JurisdictionRule) -> Goods:
    arrays, chosen = load_variant_arrays(), evidence.chosen
    series, paid, second = evidence.series, evidence.paid, int(evidence.begins.timestamp())
    m, listed = len(chosen), arrays.list_minor[chosen]
    at = np.full(m, second, dtype=np.int64)
    public = lowest_between(series, at, at)
    public = np.where(public > 0, public, listed)
    reference = reference_before(evidence.offered, paid, second, rule.reference_strategy)
    before = lowest_between(series, at - law.raise_days * DAY, at)
    recent = paid.at >= second - SALES_DAYS * DAY
    kinds = tuple(sorted({*law.gift_kinds, *law.banned_kinds, *dict(law.minimum_prices)}))
    marks = [_is_kind(kind, arrays)[chosen] for kind in kinds]
    return Goods(
        variant_id=arrays.variant_id[chosen],
        public_minor=public,
        reference_minor=np.where(reference > 0, reference, public),
        before_raise_minor=np.where(before > 0, before, public),
        list_share=list_share(paid, listed, second),
        cost_minor=arrays.cost_minor[chosen],
        floor_minor=evidence.floor_minor,
        stock=evidence.stock,
        daily_units=np.bincount(paid.variant[recent], paid.units[recent], m) / SALES_DAYS,
        kinds=kinds,
        is_kind=np.array(marks, dtype=np.bool_).reshape(len(kinds), m),
        covers=evidence.covers,
    )


def covered_by(offer: Mapping[str, Any], arrays: VariantArrays) -> BoolArray:
    """Return which active variants an offer of a snapshot covers, (m,)."""
    if "variants" in offer:
        return cover_variants(Scope(variant_ids=frozenset(offer["variants"])), arrays)
    return cover_variants(parse_scope(offer["scope"]), arrays)


def find_windows(row: Campaign, offers: Sequence[Mapping[str, Any]]) -> tuple[Window, ...]:
    """Return runs of like offers that began before the campaign and ended in the year before it.

    Like: to the same audience and market, at least half of the goods, at least half as deep. Two
    queries, two more for each campaign of that time.
    """
    near = Campaign.objects.filter(
        audience=row.audience,
        market_code__in=["", row.market_code] if row.market_code else [""],
        starts_at__lt=row.starts_at,
        ends_at__gt=row.starts_at - LONGEST_PAUSE,
    ).exclude(status__in=[Status.DRAFT, Status.SCHEDULED])
    arrays = load_variant_arrays()
    mine = _covered_by_any(offers, arrays)
    return tuple(
        Window(one.code, one.starts_at, _last_moment(one))
        for one in near.exclude(pk=row.pk).order_by("pk")
        if _is_like(offers, mine, take_snapshot(one.pk)[OFFERS], arrays)
    )


def _last_moment(row: Campaign) -> datetime:
    """A campaign that was ended early stopped at its last step."""
    stopped = row.events.filter(to_status=Status.ENDED).order_by("-at").first()
    return row.ends_at if stopped is None else min(row.ends_at, stopped.at)


def _is_like(
    offers: Sequence[Mapping[str, Any]],
    mine: BoolArray,
    theirs: Sequence[Mapping[str, Any]],
    arrays: VariantArrays,
) -> bool:
    active = [offer for offer in theirs if offer["is_active"]]
    shared = int((mine & _covered_by_any(active, arrays)).sum())
    is_same_goods = shared * 2 >= int(mine.sum()) > 0
    kinds = {offer["benefit_kind"] for offer in offers}
    alike = [offer for offer in active if offer["benefit_kind"] in kinds]
    return is_same_goods and bool(alike) and 2 * _deepest(alike) >= _deepest(offers)


def _deepest(offers: Sequence[Mapping[str, Any]]) -> float:
    sizes = [float(offer["percent"] or offer["amount_minor"] or 0) for offer in offers]
    return max(sizes, default=0.0)


def _covered_by_any(offers: Sequence[Mapping[str, Any]], arrays: VariantArrays) -> BoolArray:
    found = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    for offer in offers:
        found |= covered_by(offer, arrays)
    return found


def _is_kind(kind: str, arrays: VariantArrays) -> BoolArray:
    """Return which variants are of a kind: a flag of their category, or a word of its path."""
    if kind in FLAGS:
        flagged: BoolArray = getattr(arrays, kind)
        return flagged
    tree = list_categories("en")
    named = [node.category_id for node in tree.nodes.values() if kind in node.path.split("/")]
    below = [each for one in named for each in tree.below(one)]
    return np.isin(arrays.category_id, below)
