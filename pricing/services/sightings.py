"""Read what was shown and bought as the sightings that elasticities are learned from."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.looks import HOUR_MS
from pricing.core.online import Sightings
from pricing.core.packed import read_signals
from pricing.core.signals import sensitivity_boost
from pricing.selectors.anchors import load_anchors
from pricing.selectors.exposures import Exposures
from pricing.selectors.looks import PublicOutcomes
from pricing.selectors.sensitivity import align_means, load_sensitivity_means
from pricing.selectors.versions import load_weights
from shop.catalog.selectors import list_categories, load_variant_arrays
from shop.kernel.clock import epoch_ms


def begin_hour(moment: datetime) -> datetime:
    """Return the beginning of an hour: looks are counted by the hour.

    >>> begin_hour(datetime(2026, 11, 26, 9, 59, tzinfo=UTC)).isoformat()
    '2026-11-26T09:00:00+00:00'
    """
    return datetime.fromtimestamp(epoch_ms(moment) // HOUR_MS * HOUR_MS / 1_000, tz=UTC)


def read_decisions(found: Exposures, place: tuple[str, str]) -> Sightings:
    """Return drawn decisions as sightings. Two queries, and one for each model version the first
    time."""
    found = found.take(~found.is_book)
    names = ("variant_id", "public_minor", "category_id")
    ids, public, category = (found.rows[name].astype(np.int64) for name in names)
    return Sightings.of_draws(
        variant_id=ids,
        family_id=_find_families(category),
        boost=read_boosts(found),
        public_minor=public,
        shown_minor=found.rung_minor[np.arange(len(found)), found.chosen],
        rung_minor=np.where(found.rung_minor > 0, found.rung_minor, public[:, None]),
        probability=found.probability,
        bought=found.units > 0,
        anchor_minor=load_anchors(ids, place),
        # Of the book in use: the one that decided was published an hour or two before at most.
        mean_sensitivity=align_means(ids, *load_sensitivity_means(place)) if len(ids) else 1.0,
    ).among(category, found.siblings.astype(np.float64))


def read_looks(found: PublicOutcomes, place: tuple[str, str]) -> Sightings:
    """Return counted looks at public prices as sightings; goods that are gone teach nothing. One
    query."""
    known = load_variant_arrays()
    at = np.minimum(np.searchsorted(known.variant_id, found.variant_id), len(known.variant_id) - 1)
    is_known = known.variant_id[at] == found.variant_id if len(known.variant_id) else at > 0
    kept = np.flatnonzero(is_known)
    category = known.category_id[at[kept]]
    return Sightings.of_looks(
        variant_id=found.variant_id[kept],
        family_id=_find_families(category),
        public_minor=found.public_minor[kept],
        rung_minor=found.rung_minor[kept],
        probability=found.probability[kept],
        looks=found.looks[kept],
        bought=found.purchases[kept],
        anchor_minor=load_anchors(found.variant_id[kept], place),
    ).among(category, found.siblings[kept].astype(np.float64))


def age_of_looks(found: PublicOutcomes, now: datetime) -> FloatArray:
    """Return how long ago the looks of each row were on average, (n,), in milliseconds."""
    end = np.minimum(found.hour_ms + HOUR_MS, epoch_ms(now))
    age: FloatArray = epoch_ms(now) - (found.hour_ms + end).astype(np.float64) / 2.0
    return age


def _find_families(category_id: IntArray) -> IntArray:
    nodes = list_categories("en").nodes
    families = {one: node.parent_id or one for one, node in nodes.items()}
    return np.array([families.get(one, one) for one in category_id.tolist()], dtype=np.int64)


def read_boosts(found: Exposures) -> FloatArray:
    """Return z of each decision, under the weights of the model that decided."""
    boost = np.zeros(len(found))
    for version in np.unique(found.model_version).tolist():
        where = found.model_version == version
        boost[where] = sensitivity_boost(read_signals(found.rows[where]), load_weights(version))[0]
    return boost
