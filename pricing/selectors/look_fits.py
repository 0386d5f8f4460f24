"""Read what looks say of elasticities: the cells that are kept, and the newest fit to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, QuerySet
from numpy.typing import NDArray

from pricing.core.demand.look_cells import LogPrices, LookCells
from pricing.core.online import Looked
from pricing.models import LookArchive, LookFit, PricingPolicy
from shop.kernel.arrays import hash_arrays, unpack_arrays

Place = tuple[str, str]


class UntrustedLooks(ValueError):
    """The stored arrays are not the ones that were hashed when they were written."""


@dataclass(frozen=True, slots=True)
class KeptLooks:
    """The cells of a place, what its goods usually cost, and how much of it was ever counted."""

    cells: LookCells
    usual: LogPrices
    anchors: LogPrices
    looks: int = 0
    purchases: int = 0
    sold_out: int = 0

    @staticmethod
    def nothing() -> KeptLooks:
        """Return no looks."""
        return KeptLooks(LookCells.nothing(), LogPrices.nothing(), LogPrices.nothing())


@dataclass(frozen=True, slots=True)
class FitRow:
    """A fit of looks for staff: until when, over how many looks, and its figures."""

    model_version: int
    at: datetime
    watermark: datetime
    looks: int
    refusal: str
    figures: Mapping[str, Any]


def read_kept(row: LookArchive | None) -> KeptLooks:
    """Return what an archive holds, nothing without one. Raises UntrustedLooks."""
    if row is None:
        return KeptLooks.nothing()
    arrays = _trust(row.arrays, row.sha256, f"archive of {row}")
    return KeptLooks(
        cells=LookCells.from_arrays(arrays),
        usual=LogPrices(arrays["usual_id"], arrays["usual_log"]),
        anchors=LogPrices(arrays["anchor_id"], arrays["anchor_log"]),
        looks=row.looks,
        purchases=row.purchases,
        sold_out=row.sold_out,
    )


def pack_kept(kept: KeptLooks) -> dict[str, NDArray[Any]]:
    """Return the arrays of an archive; `read_kept` reads them back."""
    return kept.cells.arrays() | {
        "usual_id": kept.usual.variant_id,
        "usual_log": kept.usual.log,
        "anchor_id": kept.anchors.variant_id,
        "anchor_log": kept.anchors.log,
    }


def load_looked(model_version: int, place: Place) -> tuple[Looked, datetime] | None:
    """Return the newest fit of looks on a model version at a place, and when the evidence beside it
    had faded; None where there is none, it was refused, or the policy wants none. One query.

    Raises UntrustedLooks.
    """
    is_off = PricingPolicy.objects.filter(is_active=True, learns_from_looks=False)
    row = _rows(place).filter(~Exists(is_off), model_id=model_version).first()
    if row is None or row.refusal or not row.arrays:
        return None
    arrays = _trust(row.arrays, row.sha256, f"fit {row.pk} of looks")
    return Looked.from_arrays(arrays), row.told_at


def newest_fit(model_version: int | None, place: Place) -> int:
    """Return the id of the newest fit on a model version at a place, 0 without one. One query."""
    rows = _rows(place).filter(model_id=model_version)
    return rows.values_list("pk", flat=True).first() or 0


def list_fits(*, market: str = "us", channel: str = "online", limit: int = 60) -> list[FitRow]:
    """Return the newest fits of a place, oldest first. One query; arrays are left out."""
    rows = _rows((market, channel)).defer("arrays")[:limit]
    return [
        FitRow(row.model_id, row.at, row.watermark, row.looks, row.refusal, row.metrics)
        for row in reversed(rows)
    ]


def _rows(place: Place) -> QuerySet[LookFit]:
    return LookFit.objects.filter(market_code=place[0], channel=place[1]).order_by("-id")


def _trust(packed: bytes | memoryview, sha256: str, name: str) -> Mapping[str, NDArray[Any]]:
    arrays = unpack_arrays(packed)
    if hash_arrays(arrays) != sha256:
        raise UntrustedLooks(f"{name} does not have the hash it was stored with")
    return arrays
