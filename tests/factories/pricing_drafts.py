"""Beliefs about demand to draft public prices with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pricing.base.core.values import IntArray
from pricing.demand.core.served import ServedDemand, example_served


def make_served(rng: np.random.Generator, variant_id: IntArray) -> ServedDemand:
    """Return a random belief about `variant_id` (ascending): chance backs about half of it."""
    count = len(variant_id)
    return replace(
        example_served(),
        variant_id=variant_id,
        elasticity=rng.uniform(0.5, 6.0, count),
        elasticity_sd=rng.uniform(0.05, 1.0, count),
        base_log=rng.uniform(0.0, 4.0, count),
        usual_minor=rng.uniform(100.0, 5_000.0, count),
        dispersion=np.full(count, 1.5),
        is_causal=rng.random(count) < 0.5,
    )
