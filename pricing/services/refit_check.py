"""Compare a refit with the model in use on the same goods before it goes live by itself."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

import numpy as np

from pricing.core.arrays import IntArray
from pricing.core.demand.served import ServedDemand
from pricing.core.monitoring import RefitBounds, compare_refit, judge_refit
from pricing.core.quote import VariantTerms, quote_prices
from pricing.core.signals import RAW_SIGNALS, ShopperSignals
from pricing.models import DemandModelVersion
from pricing.selectors.trials import load_tried
from pricing.selectors.versions import model_row
from pricing.services.audited_prices import Shelves, open_shelves

BOUNDS = RefitBounds()
# Shoppers whose prices are compared: each of their sums is this large, like the examples of
# docs/pricing.md: one who looked once, one who keeps looking.
TYPICAL_SUMS = (1.0, 3.0)


def check_refit(
    *, model_id: int, former_id: int, place: tuple[str, str], now: datetime
) -> dict[str, Any]:
    """Return how a refit's prices differ from those of model `former_id`, and store it as the
    figure `refit_check` of the refit: `is_passed`, `reasons`, `figures`, `bounds`.

    Both price all goods now, over the same evidence of outcomes, as the next book would: the public
    price, and below the one that holds those of typical shoppers. A model that had learned nothing
    yet is no yardstick. About twenty queries and one write. Raises UntrustedModel,
    UntrustedEvidence, DemandModelVersion.DoesNotExist.
    """
    rows = DemandModelVersion.objects.defer("arrays").in_bulk([model_id, former_id])
    refit, former = rows[model_id], rows[former_id]
    told: dict[str, Any] = {"former": former_id, "bounds": asdict(BOUNDS)}
    if former.metrics.get("items") == 0:
        told |= {"is_passed": True, "reasons": [], "figures": {}}
    else:
        old, new = (_price(row, place, now) for row in (former, refit))
        before, after = (_tabulate(shelves, old.terms) for shelves in (old, new))
        elasticities = (old.terms.elasticity, new.terms.elasticity)
        shift = compare_refit(before, after, elasticities, old.terms.exponent)
        reasons = judge_refit(shift, former.metrics, refit.metrics, BOUNDS)
        told |= {"is_passed": not reasons, "reasons": reasons, "figures": shift.as_numbers()}
    DemandModelVersion.objects.filter(pk=model_id).update(
        metrics=refit.metrics | {"refit_check": told}
    )
    return told


def _price(row: DemandModelVersion, place: tuple[str, str], now: datetime) -> Shelves:
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
