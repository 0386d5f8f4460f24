"""Variants that a new price book would have to reprice."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Max

from pricing.base.core.values import IntArray
from pricing.competitors.selectors import list_competed
from pricing.demand.models.demand import DemandModelVersion
from pricing.experiments.selectors import list_switched, list_turned
from pricing.learning.selectors.evidence import list_learned, newest_evidence
from pricing.learning.selectors.impression_fits import newest_fit
from pricing.learning.selectors.publishing import digest_products
from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.ledger import PriceLedgerEntry
from pricing.policy.models.policy import EmergencyCap, PricingPolicy
from pricing.publishing.selectors.overrides import list_spoken_for
from shop.ground.catalog.selectors import catalog_version, list_categories, load_variant_arrays
from shop.ground.kernel.arrays import unpack_arrays

# Reference prices and seasons drift with time alone: once a day everything is looked at.
FULL_EVERY = timedelta(hours=20)
MANY = 5_000
# What all prices follow from
RULES = ("policy", "model", "looks", "emergencies")
# What a run over the touched variants alone leaves for the next
LATER = ("full_at", "shoppers_at")


@dataclass(frozen=True, slots=True)
class RepriceScope:
    """What changed since `book` (None: there is none yet).

    `notes` is what the next run compares with, kept in the book's metrics; `shoppers_since` is
    when shoppers were last repriced (None: leave them), `effective_at` the moment from which a new
    book holds.
    """

    book: PriceBook | None
    next_version: int
    is_everything: bool
    variant_ids: IntArray
    shoppers_since: datetime | None
    effective_at: datetime
    notes: dict[str, Any]


def find_reprice_scope(
    *,
    place: tuple[str, str],
    now: datetime,
    everything: bool,
    lead: timedelta = timedelta(0),
    only_touched: bool = False,
) -> RepriceScope:
    """Return what is dirty. Nineteen small queries, two more while an experiment sets prices.

    A new book is in force `lead` after `now`, never before the one it follows; the first one at
    once. Arms of experiments are those of that moment. With `only_touched` everything else is left
    to a later run: nothing is dirty while the rules, the model or too much changed.
    """
    book = (
        PriceBook.objects.select_related("policy", "model_version")
        .defer("model_version__arrays")
        .filter(market_id=place[0], channel=place[1], is_current=True)
        .first()
    )
    notes = _notes(place, now)
    old = {} if book is None else book.metrics.get("notes", {})
    is_ruled_anew = not old or any(old.get(one, 0) != notes[one] for one in RULES)
    products = list[int]() if is_ruled_anew else _list_moved_products(place, book, old, notes)
    is_everything = everything or is_ruled_anew or products is None or _is_due(old, now)
    at = now if book is None else max(now + lead, book.effective_at)
    touched = set[int]()
    if not is_ruled_anew and (only_touched or not is_everything):
        touched = {*(products or ()), *_touched(place, old, now, at)}
    if len(touched) > MANY:
        is_everything, touched = True, set()
    if only_touched:
        is_everything = False
        notes |= {name: old.get(name, notes[name]) for name in (*LATER, "catalog")}
    elif not is_everything:
        notes["full_at"] = old["full_at"]
    since = old.get("shoppers_at", now.isoformat())
    return RepriceScope(
        book=book,
        next_version=1 + newest_version(),
        is_everything=is_everything,
        variant_ids=np.array(sorted(touched), dtype=np.int64),
        shoppers_since=None if only_touched else datetime.fromisoformat(since),
        effective_at=at,
        notes=notes,
    )


def newest_version() -> int:
    """Return the version of the newest book of any place, 0 without one. One query."""
    return PriceBook.objects.aggregate(newest=Max("version"))["newest"] or 0


def _is_due(old: dict[str, Any], now: datetime) -> bool:
    return now - datetime.fromisoformat(old["full_at"]) > FULL_EVERY


def _list_moved_products(
    place: tuple[str, str], book: PriceBook | None, old: dict[str, Any], notes: dict[str, Any]
) -> list[int] | None:
    """Return variants of which something changed in the catalogue that prices are made of; None
    where other variants are sold. Words, pictures and popularity change none."""
    if book is None or old.get("catalog") == notes["catalog"]:
        return []
    known, variants = unpack_arrays(book.arrays), load_variant_arrays(place[0])
    if "goods" not in known or not np.array_equal(known["variant_id"], variants.variant_id):
        return None
    moved = digest_products(variants, list_categories("en")) != known["goods"]
    return [int(one) for one in variants.variant_id[moved]]


def _notes(place: tuple[str, str], now: datetime) -> dict[str, Any]:
    active = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
    caps = EmergencyCap.objects.filter(market_id=place[0], starts_at__lte=now)
    return {
        "policy": PricingPolicy.objects.filter(is_active=True)
        .values_list("version", flat=True)
        .first(),
        "model": active.values_list("pk", flat=True).first(),
        "catalog": catalog_version(),
        "emergencies": [
            [pk, None if ends_at is None else ends_at.isoformat()]
            for pk, ends_at in caps.order_by("pk").values_list("pk", "ends_at")
            if ends_at is None or ends_at > now
        ],
        "ledger": PriceLedgerEntry.objects.aggregate(newest=Max("id"))["newest"] or 0,
        "evidence": newest_evidence(place),
        "looks": newest_fit(active.values_list("pk", flat=True).first(), place),
        "full_at": now.isoformat(),
        "priced_at": now.isoformat(),
        "shoppers_at": now.isoformat(),
    }


def _touched(place: tuple[str, str], old: dict[str, Any], now: datetime, at: datetime) -> list[int]:
    """Return variants whose prices somebody other than the model set since the last run, in the
    ledger or by a decision or an override; those whose elasticity outcomes moved; those whose
    competitors said something; those whose arm of an experiment is another at `at`; those that
    chance moved, once a kill switch is flipped."""
    rows = PriceLedgerEntry.objects.filter(
        id__gt=int(old.get("ledger", 0)), market_id=place[0], channel=place[1]
    ).exclude(source__in=[PriceLedgerEntry.Source.MODEL, PriceLedgerEntry.Source.GATE])
    touched = set(rows.order_by().values_list("variant_id", flat=True)[: 4 * MANY])
    since = datetime.fromisoformat(old.get("priced_at", old["full_at"]))
    touched |= list_learned(place=place, after=int(old.get("evidence", 0)))
    touched |= list_competed(place=place, since=since)
    touched |= list_turned(place=place, at=at)
    touched |= list_switched(place=place, since=since)
    return sorted(touched.union(list_spoken_for(place=place, now=now, since=since)))
