"""Fit the choice model to all impressions each night."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray
from pricing.competitors.selectors import load_lowest_competitors
from pricing.demand.core.choice import Impressions, PricedVariants, ServedChoice, Weekly
from pricing.demand.core.served import ServedDemand
from pricing.demand.models.impression_fits import LookArchive, LookFit
from pricing.demand.selectors.versions import load_model
from pricing.learning.core.minutes import RandomizedEvidence
from pricing.learning.core.nights import Night, count_impressions, fit_night, has_enough, is_due
from pricing.learning.core.shown import (
    DAY_MS,
    MOST_DECIDED,
    MOST_PUBLIC,
    find_reset,
    forget_old,
    forget_products,
    place_in_catalogue,
)
from pricing.learning.core.since import pack_anchors
from pricing.learning.selectors.evidence import find_evidence
from pricing.learning.selectors.impression_fits import (
    KeptImpressions,
    list_priced_models,
    load_last_choice,
    pack_choice,
    pack_kept,
    read_kept,
)
from pricing.learning.selectors.publishing import Shelf, load_shelf
from pricing.learning.selectors.shown_windows import Moments, count_left_out, read_window
from pricing.ledger.selectors.references import SalesChannel
from pricing.ledger.services import run_everywhere
from pricing.optimum.core.signals import SIGNALS
from pricing.policy.selectors import are_tests_off
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from shop.ground.kernel.clock import epoch_ms

# What is taken in at once; a first run begins so long ago.
DAY, FIRST_LOOK = timedelta(days=1), timedelta(days=90)


def keep_impressions(*, until: datetime, now: datetime, place: SalesChannel) -> KeptImpressions:
    """Take in what was shown until `until` and not taken in yet, a day at a time; return all, which
    may be more where another run was ahead.

    `until` is when prices shown can no longer be bought at (the watermark of the evidence).
    Impressions and watermark change in one transaction a day: a run that dies goes on where it was,
    and two at once take turns.
    """
    while True:
        with transaction.atomic():
            row = _lock_archive(place, until)
            kept = read_kept(row)
            if row.looks > kept.looks:  # of another form than that of today: all anew
                row.watermark = until - FIRST_LOOK
            end = min(until, row.watermark + DAY)
            if end <= row.watermark:
                return replace(kept, watermark=row.watermark)
            later = _take_in(kept, (row.watermark, end, now), place)
            _store(row, later, end, is_changed=later is not kept)


def _lock_archive(place: SalesChannel, until: datetime) -> LookArchive:
    """Return the archive of a place; one run at a time has it."""
    known = {"market_code": place[0], "channel": place[1]}
    LookArchive.objects.get_or_create(**known, defaults={"watermark": until - FIRST_LOOK})
    return LookArchive.objects.select_for_update().get(**known)


def _store(row: LookArchive, kept: KeptImpressions, end: datetime, *, is_changed: bool) -> None:
    row.watermark = end
    row.looks, row.purchases = kept.looks, kept.purchases
    row.sold_out, row.offered = kept.sold_out, kept.offered
    if is_changed:
        arrays = pack_kept(kept)
        row.arrays, row.sha256 = pack_arrays(arrays), hash_arrays(arrays)
    row.save()


def _take_in(kept: KeptImpressions, moments: Moments, place: SalesChannel) -> KeptImpressions:
    """Return what is kept with a window on top. Where a merchant set another price, all that was
    seen at the old one is let go: demand may have been why (docs/safety.md)."""
    window = read_window(moments, place)
    if window is None:
        return kept
    kept = _begin_anew(kept, window.anchors)
    day = epoch_ms(moments[1]) / DAY_MS
    return replace(
        kept,
        decided=forget_old(kept.decided.join(window.decided), day, MOST_DECIDED),
        public=forget_old(kept.public.join(window.public), day, MOST_PUBLIC),
        looks=kept.looks + window.looks,
        purchases=kept.purchases + window.purchases,
        sold_out=kept.sold_out + window.sold_out,
        offered=kept.offered + window.offered,
    )


def _begin_anew(kept: KeptImpressions, told: Mapping[int, int]) -> KeptImpressions:
    moved = find_reset(kept.anchors, told)
    anchors = {**kept.anchors, **told}
    if not len(moved):
        return replace(kept, anchors=anchors)
    decided, public = (forget_products(one, moved) for one in (kept.decided, kept.public))
    return replace(kept, decided=decided, public=public, anchors=anchors)


# Of so many models the arrays of the newest fit are kept (those on trial, and those one may go back
# to). Figures and weights are kept for as long as quotes that name them.
KEEP_MODELS, KEEP_FOR = 6, timedelta(days=430)
# Elasticities beyond this are a fault of the fit.
MOST_ELASTICITY = 20.0


@dataclass(frozen=True, slots=True)
class _Moment:
    """What a fit is made from: all that is kept, of that what is sold now, and prices."""

    kept: KeptImpressions
    seen: Impressions
    shelf: Shelf
    place: SalesChannel
    now: datetime

    @property
    def day(self) -> float:
        """Return now in days since 1970."""
        return epoch_ms(self.now) / DAY_MS


def learn_from_looks(
    *, now: datetime, market: str = "us", channel: str = "online", model_id: int | None = None
) -> int:
    """Take in the impressions that are over, and fit them on top of the model in use and the one on
    trial (or `model_id` alone); return how many fits were made.

    A fit is made anew once enough of the impressions are new ones (`pricing.learning.core.nights`).
    """
    place = (market, channel)
    evidence = find_evidence(place)
    if evidence is None:
        return 0
    kept = keep_impressions(until=evidence.watermark, now=now, place=place)
    shelf = load_shelf(place=place)
    variants = shelf.variants
    seen = place_in_catalogue(kept.seen, variants.variant_id, variants.category_id, shelf.family_id)
    if not has_enough(seen.bought.sum()):
        return 0
    moment = _Moment(kept, seen, shelf, place, now)
    wanted = list_priced_models() if model_id is None else [model_id]
    return sum(_fit(moment, one) for one in wanted if _is_due(moment, one))


def fit_everywhere(*, model_id: int, now: datetime) -> int:
    """Fit the impressions of every place on top of a model that is about to price."""

    def fit(market: str, channel: str) -> int:
        return learn_from_looks(now=now, market=market, channel=channel, model_id=model_id)

    return run_everywhere(fit)


def _is_due(moment: _Moment, model_id: int) -> bool:
    newest = LookFit.objects.filter(
        market_code=moment.place[0], channel=moment.place[1], model_id=model_id
    )
    kept = newest.exclude(arrays=b"").order_by("-id")
    seen = kept.values_list("looks", flat=True).first()
    if seen is None or seen > moment.kept.looks:  # the archive began anew since
        return True
    return is_due(moment.kept.looks - seen, float(count_impressions(moment.seen).sum()))


def _fit(moment: _Moment, model_id: int) -> bool:
    """Fit and store; return whether prices are made of it from now on."""
    begun, shelf, served = perf_counter(), moment.shelf, load_model(model_id)
    weekly = served.elasticities(shelf.variants.variant_id, shelf.family_id)[0]
    night = fit_night(
        moment.seen,
        weekly=read_weekly(moment.seen, shelf, weekly, served),
        start=load_last_choice(moment.place),
        day=moment.day,
        slopes_stay=are_tests_off(moment.place[0]),
    )
    fitted = _serve(night, moment, served)
    figures = _describe(night, fitted, weekly, moment) | {"seconds": perf_counter() - begun}
    figures = {name: value for name, value in figures.items() if np.isfinite(value)}
    figures |= {"calibration": night.checks} if night.checks else {}
    arrays = fitted.arrays() | pack_choice(night.fit) | night.usual.arrays()
    arrays |= pack_anchors(moment.kept.anchors)
    return _store_fit(moment, model_id, fitted, arrays, figures)


def read_weekly(
    seen: Impressions, shelf: Shelf, weekly: FloatArray, served: ServedDemand
) -> Weekly:
    """Return what weekly sales tell of the slopes of what was seen, and their model's weights."""
    at = np.searchsorted(shelf.variants.variant_id, np.unique(seen.item))
    share = float(seen.bought.sum() / count_impressions(seen).sum())
    told = Weekly.of(shelf.variants.variant_id[at], shelf.family_id[at], weekly[at], share)
    return replace(told, weights=served.weights.as_numbers())


def _serve(night: Night, moment: _Moment, served: ServedDemand) -> ServedChoice:
    """Return the serving arrays of all that is sold, at its public prices of now."""
    shelf, ids = moment.shelf, moment.shelf.variants.variant_id
    reference = np.maximum(shelf.anchor_minor, 1).astype(np.float64)
    rival = load_lowest_competitors(variant_id=ids, market=moment.place[0], now=moment.now)
    products = PricedVariants(
        variant_id=ids,
        category_id=shelf.variants.category_id,
        family_id=shelf.family_id,
        price_minor=shelf.public_minor.astype(np.float64),
        reference_minor=reference,
        rival=np.log(rival / reference),
    )
    chance = RandomizedEvidence.of(moment.seen)
    return night.serve(products, day=moment.day, served=served, chance=chance)


def _describe(
    night: Night, fitted: ServedChoice, weekly: FloatArray, moment: _Moment
) -> dict[str, Any]:
    """Return the figures of a fit; elasticities are means over what is sold, by its impressions."""
    fit, seen, impressions = night.fit, moment.seen, count_impressions(moment.seen)
    item, row = np.unique(seen.item, return_inverse=True)
    weight = np.bincount(row, impressions)
    at = np.searchsorted(fitted.variant_id, item)

    def mean(values: FloatArray) -> float:
        return float(np.average(values[at], weights=weight))

    return {
        "rows": len(seen),
        "sets": seen.sets,
        "looks": float(impressions.sum()),
        "purchases": float(seen.bought.sum()),
        "together": float(impressions[_is_together(seen)].sum() / impressions.sum()),
        "rival": float(impressions[np.isfinite(seen.rival)].sum() / impressions.sum()),
        "sold_out": moment.kept.sold_out,
        "offered": moment.kept.offered,
        "left_out_sets": count_left_out(),
        "variants": len(item),
        "bend": fit.bend,
        "trust": fit.trust,
        "slopes_stay": fit.slopes_stay,
        "decided": float(seen.bought[seen.response.any(axis=1)].sum()),
        "elasticity_before": mean(weekly),
        "elasticity": mean(fitted.elasticity),
        "elasticity_sd": mean(fitted.elasticity_sd),
    } | {f"response_{name}": fit.response[name] for name in SIGNALS}


def _is_together(seen: Impressions) -> np.ndarray:
    """Return which rows have other products in their set."""
    return np.bincount(seen.set_of, minlength=seen.sets)[seen.set_of] > 1


def _find_refusal(looked: ServedDemand, figures: dict[str, Any]) -> str:
    """Return why no price may be made of a fit, "" if it may."""
    mean, sd = looked.elasticity, looked.elasticity_sd
    if not (np.isfinite(mean).all() and np.isfinite(sd).all()):
        return "not_a_number"
    return "too_steep" if figures["elasticity"] > MOST_ELASTICITY else ""


def _store_fit(
    moment: _Moment,
    model_id: int,
    fitted: ServedChoice,
    arrays: Mapping[str, NDArray[Any]],
    figures: dict[str, Any],
) -> bool:
    refusal = _find_refusal(fitted, figures)
    LookFit.objects.create(
        market_code=moment.place[0],
        channel=moment.place[1],
        model_id=model_id,
        at=moment.now,
        watermark=moment.kept.watermark,
        looks=moment.kept.looks,
        refusal=refusal,
        metrics=figures,
        weights=fitted.weights.as_numbers(),
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
    )
    _forget_old(moment.place, moment.now)
    return not refusal


def _forget_old(place: SalesChannel, now: datetime) -> None:
    """Keep the arrays of the newest fit on each of the last models, and figures and weights of the
    rest while quotes may name them."""
    rows = LookFit.objects.filter(market_code=place[0], channel=place[1])
    newest = rows.order_by().values("model_id").annotate(newest=Max("id")).order_by("-newest")
    kept = list(newest.values_list("newest", flat=True)[:KEEP_MODELS])
    rows.exclude(pk__in=kept).exclude(arrays=b"").update(arrays=b"")
    rows.exclude(pk__in=kept).filter(at__lt=now - KEEP_FOR).delete()
