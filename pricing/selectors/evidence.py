"""Read what outcomes said about elasticities since the model was fitted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from numpy.typing import NDArray

from pricing.core.demand.served import ServedDemand
from pricing.core.online import Evidence, Looked, believe, learn_from
from pricing.core.values import ModelVersionRow
from pricing.models import OnlineEvidence
from pricing.selectors.look_fits import load_looked
from shop.kernel.arrays import hash_arrays, unpack_arrays

Model = tuple[ModelVersionRow, ServedDemand]


class UntrustedEvidence(ValueError):
    """The stored arrays are not the ones that were hashed when they were written."""


def read_settled(row: OnlineEvidence) -> Mapping[str, NDArray[Any]]:
    """Return the arrays of what is settled: evidence and delays. Raises UntrustedEvidence."""
    return _trust(row.pk, row.arrays, row.sha256)


def open_evidence(row: OnlineEvidence) -> Evidence:
    """Return the evidence of a row, with what may still be bought. Raises UntrustedEvidence."""
    if row.pending_arrays is None:
        return Evidence.from_arrays(read_settled(row))
    return Evidence.from_arrays(_trust(row.pk, row.pending_arrays, row.pending_sha256))


def _trust(row_id: int, packed: bytes | memoryview, sha256: str) -> Mapping[str, NDArray[Any]]:
    arrays = unpack_arrays(packed)
    if hash_arrays(arrays) != sha256:
        raise UntrustedEvidence(f"evidence {row_id} does not have the hash it was stored with")
    return arrays


def load_evidence(place: tuple[str, str]) -> Evidence | None:
    """Return the evidence of a market's channel, None before the first outcome. One query."""
    row = OnlineEvidence.objects.filter(
        market_code=place[0], channel=place[1], is_current=True
    ).first()
    return None if row is None else open_evidence(row)


def add_evidence(model: Model | None, place: tuple[str, str]) -> Model | None:
    """Return a model with what looks and the evidence of a place say on top of its elasticities.
    Two queries."""
    return None if model is None else (model[0], lay_evidence(model[0].id, model[1], place))


def lay_evidence(model_version: int, served: ServedDemand, place: tuple[str, str]) -> ServedDemand:
    """Return the arrays of a model version with what looks and outcomes at a place say on top; the
    very arrays where neither says anything. Two queries. Raises UntrustedEvidence, UntrustedLooks.
    """
    row = OnlineEvidence.objects.filter(
        market_code=place[0], channel=place[1], is_current=True
    ).first()
    if row is None:  # looks are fitted beside evidence: without it there are none
        return served
    fit = load_looked(model_version, place)
    if fit is None:
        return learn_from(served, open_evidence(row))
    return believe(served, open_evidence(row), age_looked(fit, row))


def age_looked(fit: tuple[Looked, datetime], row: OnlineEvidence) -> Looked:
    """Return a fit of looks as old as evidence that has faded until now says it is."""
    days = ((row.faded_at or row.at) - fit[1]) / timedelta(days=1)
    return replace(fit[0], days=days)


def newest_evidence(place: tuple[str, str]) -> int:
    """Return the id of the newest evidence of a place, 0 if there is none. One query.

    Ids ascend in the order in which evidence becomes visible: one writer at a time.
    """
    rows = OnlineEvidence.objects.filter(market_code=place[0], channel=place[1])
    return rows.order_by("-id").values_list("pk", flat=True).first() or 0


def list_learned(*, place: tuple[str, str], after: int) -> set[int]:
    """Return the variants whose elasticity moved in evidence newer than id `after`. One query.

    By id, not by time: evidence is dated before it can be seen, and a book published in between
    would miss it.
    """
    rows = OnlineEvidence.objects.filter(
        market_code=place[0], channel=place[1], pk__gt=after
    ).values_list("moved", flat=True)
    return {variant_id for moved in rows for variant_id in moved}
