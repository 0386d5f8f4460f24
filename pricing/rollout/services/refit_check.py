"""Compare a refit with the model in use on the same goods before it goes live by itself."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from pricing.base.core.arrays import IntArray
from pricing.base.services.figures import keep_finite
from pricing.demand.core.served import ServedDemand
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.versions import model_row
from pricing.fairness.services.audited_prices import Shelves, open_shelves
from pricing.ledger.selectors.exposures import load_exposures
from pricing.ledger.selectors.sales_channels import (
    SalesChannel,
    home_place,
    list_places,
    name_place,
)
from pricing.optimum.core.monitoring import RefitBounds, compare_refit, find_excess, judge_refit
from pricing.optimum.core.quote import VariantTerms, quote_prices
from pricing.optimum.core.signals import RAW_SIGNALS, ShopperSignals
from pricing.quoting.selectors.rollouts import load_tried
from pricing.rollout.selectors.shadow import compare_shadow
from pricing.rollout.services.registry import is_held_back

BOUNDS = RefitBounds()
# Shoppers whose prices are compared: each of their sums is this large, like the examples of
# docs/pricing.md: one who looked once, one who keeps looking.
TYPICAL_SUMS = (1.0, 3.0)
# How far back real decisions are priced anew.
SHADOW_WINDOW = timedelta(hours=6)


def check_refit(*, model_id: int, former_id: int, now: datetime) -> dict[str, Any]:
    """Return how a refit's prices differ from those of model `former_id`, and store it as the
    figure `refit_check` of the refit: `is_passed`, `reasons`, `figures`, `bounds`, `places`.

    In every place that has prices both price all goods now, over the same evidence of outcomes, as
    the next book would: the public price, and below the one that holds those of typical shoppers.
    Decisions of the last hours are priced anew as in a shadow. `figures` are those of the home
    place, `places` holds those of the others, whose reasons name them. A model that had learned
    nothing yet is no yardstick. After a rollback none passes, and none with a figure that is no
    finite number. About thirty queries for each place and one write. Raises UntrustedModel,
    UntrustedEvidence, DemandModelVersion.DoesNotExist.
    """
    rows = DemandModelVersion.objects.defer("arrays").in_bulk([model_id, former_id])
    pair = rows[former_id], rows[model_id]
    told: dict[str, Any] = {"former": former_id, "bounds": asdict(BOUNDS), "places": {}}
    told |= {"reasons": [], "figures": {}}
    if pair[0].metrics.get("items") != 0:
        for place in list_places():
            figures, reasons = _compare(pair, place, now)
            if place == home_place():
                told |= {"figures": figures, "reasons": told["reasons"] + reasons}
                continue
            name = name_place(place)
            told["places"][name] = figures
            told["reasons"] = told["reasons"] + [one | {"place": name} for one in reasons]
    if is_held_back():
        told["reasons"] = [*told["reasons"], {"code": "rolled_back", "value": 1, "limit": 0}]
    told["is_passed"] = not told["reasons"]
    with transaction.atomic():
        # Read again under its lock: what another writes into the figures meanwhile stays.
        row = DemandModelVersion.objects.defer("arrays").select_for_update().get(pk=model_id)
        row.metrics = row.metrics | {"refit_check": told}
        row.save(update_fields=["metrics"])
    return told


def _compare(
    pair: tuple[DemandModelVersion, DemandModelVersion], place: SalesChannel, now: datetime
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the figures of a refit, (former, refit), in a place, and what of them is too far.

    How it forecasts and how many goods it knows does not depend on the place: told at home.
    """
    old, new = (_price(row, place, now) for row in pair)
    before, after = (_tabulate(shelves, old.terms) for shelves in (old, new))
    elasticities = (old.elasticity, new.elasticity)
    shift = compare_refit(before, after, elasticities, old.terms.exponent)
    metrics = [row.metrics if place == home_place() else {} for row in pair]
    reasons = judge_refit(shift, metrics[0], metrics[1], BOUNDS)
    figures, more = _shadow(pair[1].pk, place, now)
    return keep_finite(shift.as_numbers() | figures), reasons + more


def _shadow(
    model_id: int, place: SalesChannel, now: datetime
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Return how a refit would have priced what was decided lately, and what of it is too far."""
    since = now - SHADOW_WINDOW
    found = load_exposures(since=since, until=now, now=now, market=place[0], channel=place[1])
    shadow = compare_shadow(found.take(~found.is_book), load_tried(model_id, place), place)
    figures = {
        "decisions": shadow.decisions,
        "shadow_gap": round(shadow.mean_absolute_gap, 5),
        "violations": shadow.violations,
    }
    limits = {"shadow_gap": BOUNDS.shadow_gap, "violations": 0}
    reasons = [find_excess(name, figures[name], limit) for name, limit in limits.items()]
    return figures, [one for one in reasons if one is not None]


def _price(row: DemandModelVersion, place: SalesChannel, now: datetime) -> Shelves:
    """Return all goods as a model would price them; how old it is does not matter here."""
    served: ServedDemand = load_tried(row.pk, place)
    return open_shelves(
        model=(replace(model_row(row), trained_at=now), served), place=place, now=now
    )


def _tabulate(shelves: Shelves, today: VariantTerms) -> IntArray:
    """Return the public price and those of typical shoppers below the price of `today`, (m, P)."""
    terms = replace(
        today, elasticity=shelves.terms.elasticity, elasticity_sd=shelves.terms.elasticity_sd
    )
    sums = np.repeat(np.array(TYPICAL_SUMS)[:, None], len(terms), axis=1)
    signals = ShopperSignals(**dict.fromkeys(RAW_SIGNALS, sums))
    personal = quote_prices(signals, terms, shelves.served.weights, shelves.policy)
    return np.column_stack([shelves.terms.public_minor, personal.quoted_minor.T])
