"""A stored night of the choice model, with the elasticities that a test wants."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from pricing.demand.core.choice import ServedChoice
from pricing.demand.core.served import ServedDemand
from pricing.demand.models.impression_fits import LookFit
from pricing.demand.selectors.versions import load_active_model
from pricing.learning.core.taught import View, Views
from pricing.learning.models.learning import OnlineEvidence
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from tests.factories.pricing import NOON


def store_night(family_id: int | None = None, lost: float = 0.0) -> tuple[int, ServedChoice]:
    """Store a fit that says what the model in use does; `lost` is what siblings of a family lose of
    what a lower price wins. Return its id and arrays."""
    active = load_active_model()
    assert active is not None
    row, served = active
    known = {field.name: getattr(served, field.name) for field in fields(ServedDemand)}
    if family_id is not None:
        mean, sd = served.global_elasticity
        known |= {"family_id": np.array([family_id])}
        known |= {"family_elasticity": np.array([mean]), "family_elasticity_sd": np.array([sd])}
    night = ServedChoice(
        **known,
        moves=np.zeros((len(served.variant_id), 2)),
        siblings=np.full(len(known["family_id"]), lost),
        response_names=np.zeros(0, dtype=np.str_),
        response=np.zeros(0),
        bend=np.ones(1),
    )
    arrays = night.arrays()
    fit = LookFit.objects.create(
        market_code="us",
        channel="online",
        model_id=row.id,
        at=NOON,
        watermark=NOON,
        looks=1,
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
    )
    return fit.pk, night


def store_view(view: View, moved: list[int]) -> OnlineEvidence:
    """Store what the minutes since made of a night."""
    arrays = replace(Views.nothing(), view=view).arrays()
    return OnlineEvidence.objects.create(
        market_code="us",
        channel="online",
        at=NOON,
        watermark=NOON,
        moved=moved,
        arrays=b"",
        sha256="",
        pending_arrays=pack_arrays(arrays),
        pending_sha256=hash_arrays(arrays),
    )
