"""Fit the logit of looks each night, on top of the models that price."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from time import perf_counter
from typing import Any

import numpy as np
from django.db.models import Max

from pricing.core.demand.look_logit import (
    FEWEST_BOUGHT,
    NEW_SHARE,
    LookDemand,
    fit_looks,
    serve_looks,
)
from pricing.core.demand.served import ServedDemand
from pricing.core.online import Evidence, Looked, learn_from
from pricing.models import DemandModelVersion, LookFit, ModelRamp, OnlineEvidence
from pricing.selectors.evidence import read_settled
from pricing.selectors.look_fits import KeptLooks, Place
from pricing.selectors.publishing import Shelf, load_shelf
from pricing.selectors.versions import load_model
from pricing.services.look_archive import keep_looks
from pricing.services.places import run_everywhere
from shop.kernel.arrays import hash_arrays, pack_arrays

# Of so many models the newest fit is kept (those on trial, and those one may go back to), of so
# many fits the figures.
KEEP_MODELS, KEEP_ROWS = 6, 1_000
# Elasticities beyond this, or of the wrong sign for more than this share, are a fault of the fit.
MOST_ELASTICITY, MOST_WRONG = 20.0, 0.25


@dataclass(frozen=True, slots=True)
class _Moment:
    """What a fit is made from: cells, prices, and the evidence of the same moment."""

    kept: KeptLooks
    shelf: Shelf
    evidence: OnlineEvidence
    place: Place
    now: datetime


def learn_from_looks(
    *, now: datetime, market: str = "us", channel: str = "online", model_id: int | None = None
) -> int:
    """Take in the looks that are over, and fit them on top of the model in use and the one on trial
    (or `model_id` alone); return how many fits were made.

    A fit is made anew once NEW_SHARE of the looks are new ones; the first after FEWEST_BOUGHT.
    """
    place = (market, channel)
    evidence = OnlineEvidence.objects.filter(
        market_code=market, channel=channel, is_current=True
    ).first()
    if evidence is None:
        return 0
    kept = keep_looks(until=evidence.watermark, now=now, place=place)
    if kept.cells.bought.sum() < FEWEST_BOUGHT:
        return 0
    moment = _Moment(kept, load_shelf(place=place), evidence, place, now)
    wanted = _list_wanted() if model_id is None else [model_id]
    return sum(_fit(moment, one) for one in wanted if _is_due(moment, one))


def fit_everywhere(*, model_id: int, now: datetime) -> int:
    """Fit the looks of every place on top of a model that is about to price."""

    def fit(market: str, channel: str) -> int:
        return learn_from_looks(now=now, market=market, channel=channel, model_id=model_id)

    return run_everywhere(fit)


def _list_wanted() -> list[int]:
    rows = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
    trials = ModelRamp.objects.filter(ended_at__isnull=True)
    wanted = [*rows.values_list("pk", flat=True), *trials.values_list("model_id", flat=True)]
    return list(dict.fromkeys(wanted))


def _is_due(moment: _Moment, model_id: int) -> bool:
    newest = LookFit.objects.filter(
        market_code=moment.place[0], channel=moment.place[1], model_id=model_id
    )
    seen = newest.order_by("-id").values_list("looks", flat=True).first()
    if seen is None:
        return True
    return moment.kept.looks - seen >= max(NEW_SHARE * moment.kept.cells.looks.sum(), 1.0)


def _fit(moment: _Moment, model_id: int) -> bool:
    """Fit and store; return whether prices are made of it from now on."""
    begun, shelf, served = perf_counter(), moment.shelf, load_model(model_id)
    ids = shelf.variants.variant_id
    cells = moment.kept.cells.place(ids, shelf.family_id)
    if not len(cells):
        return False
    row = np.searchsorted(ids, cells.variant_id)
    listed = shelf.anchor_minor.astype(np.float64)
    weekly = served.elasticities(ids, shelf.family_id)[0]
    model = fit_looks(cells, listed[row], weekly[row])
    fitted = serve_looks(
        model,
        variant_id=ids,
        family_id=shelf.family_id,
        price_minor=shelf.public_minor,
        reference_minor=shelf.anchor_minor,
        expected=weekly,
        weights=served.weights,
    )
    told = learn_from(served, Evidence.from_arrays(read_settled(moment.evidence)))
    figures = _describe(model, fitted, served, moment) | {"seconds": perf_counter() - begun}
    return _store(moment, model_id, Looked.of(fitted, told), figures)


def _describe(
    model: LookDemand, fitted: ServedDemand, served: ServedDemand, moment: _Moment
) -> dict[str, Any]:
    """Return the figures of a fit; elasticities are means over what is sold, by its looks."""
    shelf, seen = moment.shelf, moment.kept.cells
    at = np.searchsorted(fitted.variant_id, model.variant_id)
    weight = model.weekly_looks
    before = served.elasticities(shelf.variants.variant_id, shelf.family_id)[0][at]

    def mean(values: np.ndarray) -> float:
        return float(np.average(values, weights=weight))

    return {
        "cells": len(seen),
        "looks": float(seen.looks.sum()),
        "purchases": float(seen.bought.sum()),
        "sold_out": moment.kept.sold_out,
        "variants": len(model.variant_id),
        "memory": model.memory,
        "elasticity_before": mean(before),
        "elasticity": mean(fitted.elasticity[at]),
        "elasticity_sd": mean(fitted.elasticity_sd[at]),
        "wrong_sign_share": model.logit.wrong_sign_share_,
    }


def _find_refusal(looked: ServedDemand, figures: dict[str, Any]) -> str:
    """Return why no price may be made of a fit, "" if it may."""
    mean, sd = looked.elasticity, looked.elasticity_sd
    if not (np.isfinite(mean).all() and np.isfinite(sd).all()):
        return "not_a_number"
    if figures["elasticity"] > MOST_ELASTICITY:
        return "too_steep"
    return "wrong_sign" if figures["wrong_sign_share"] > MOST_WRONG else ""


def _store(moment: _Moment, model_id: int, looked: Looked, figures: dict[str, Any]) -> bool:
    refusal, arrays = _find_refusal(looked.elasticities, figures), looked.arrays()
    evidence = moment.evidence
    LookFit.objects.create(
        market_code=moment.place[0],
        channel=moment.place[1],
        model_id=model_id,
        at=moment.now,
        watermark=evidence.watermark,
        told_at=evidence.faded_at or evidence.at,
        looks=moment.kept.looks,
        refusal=refusal,
        metrics={name: value for name, value in figures.items() if np.isfinite(value)},
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
    )
    _forget_old(moment.place)
    return not refusal


def _forget_old(place: Place) -> None:
    """Keep the arrays of the newest fit on each of the last models, and the figures of the rest."""
    rows = LookFit.objects.filter(market_code=place[0], channel=place[1])
    newest = rows.order_by().values("model_id").annotate(newest=Max("id")).order_by("-newest")
    kept = list(newest.values_list("newest", flat=True)[:KEEP_MODELS])
    rows.exclude(pk__in=kept).exclude(arrays=b"").update(arrays=b"")
    last = rows.order_by("-id").values_list("pk", flat=True)[KEEP_ROWS : KEEP_ROWS + 1].first()
    if last is not None:
        rows.filter(pk__lte=last).delete()
