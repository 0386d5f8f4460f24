"""Read the kept impressions, the newest fit of the choice model, and which models set prices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Exists, QuerySet
from numpy.typing import NDArray

from pricing.base.core.tokens import EPOCH
from pricing.demand.core.choice import (
    ChoiceFit,
    Impressions,
    ServedChoice,
    Usual,
    add_usual,
    pack_fit,
    read_fit,
)
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.models.impression_fits import LookArchive, LookFit
from pricing.learning.core.shown import COLUMNS
from pricing.learning.core.since import pack_anchors, read_anchors
from pricing.learning.core.taught import StoredNight
from pricing.learning.models.learning import ModelRamp
from pricing.ledger.selectors.references import SalesChannel
from pricing.policy.models.policy import PricingPolicy
from shop.ground.kernel.arrays import hash_arrays, unpack_arrays
from shop.ground.kernel.clock import epoch_ms


class UntrustedImpressions(ValueError):
    """The stored arrays are not the ones that were hashed when they were written."""


@dataclass(frozen=True, slots=True)
class KeptImpressions:
    """The decisions and the counted impressions of a place until `watermark`, the anchors (minor
    units, by variant) that their prices are reckoned from, and how much was ever counted; of that,
    what was left out: looks at what was `sold_out`, and impressions in hours in which cards showed
    a price with an offer (`offered`)."""

    decided: Impressions = field(default_factory=lambda: Impressions.nothing(COLUMNS))
    public: Impressions = field(default_factory=lambda: Impressions.nothing(COLUMNS))
    anchors: Mapping[int, int] = field(default_factory=dict)
    looks: int = 0
    purchases: int = 0
    sold_out: int = 0
    offered: int = 0
    watermark: datetime = EPOCH

    @property
    def seen(self) -> Impressions:
        """Return all impressions."""
        return self.public.join(self.decided)


@dataclass(frozen=True, slots=True)
class FitRow:
    """A fit of looks for staff: until when, over how many impressions, and its figures."""

    model_version: int
    at: datetime
    watermark: datetime
    looks: int
    refusal: str
    figures: Mapping[str, Any]


def load_kept(place: SalesChannel) -> KeptImpressions:
    """Return what the archive of a place holds. One query. Raises UntrustedImpressions."""
    rows = LookArchive.objects.filter(market_code=place[0], channel=place[1])
    return read_kept(rows.first())


def read_kept(row: LookArchive | None) -> KeptImpressions:
    """Return what an archive holds, nothing without one, and nothing of what was kept in another
    form than that of today. Raises UntrustedImpressions."""
    if row is None or not row.sha256:
        return KeptImpressions()
    arrays = _trust(row.arrays, row.sha256, f"archive of {row}")
    parts = [_read_part(arrays, name) for name in _PARTS]
    if not all(one.columns == COLUMNS for one in parts):
        return KeptImpressions()
    decided, public = parts
    return KeptImpressions(
        decided=decided,
        public=public,
        anchors=read_anchors(arrays),
        looks=row.looks,
        purchases=row.purchases,
        sold_out=row.sold_out,
        offered=row.offered,
    )


_PARTS = ("decided", "public")


def _read_part(arrays: Mapping[str, NDArray[Any]], part: str) -> Impressions:
    own = {name[len(part) + 1 :]: one for name, one in arrays.items() if name.startswith(part)}
    return Impressions.from_arrays(own) if own else Impressions.nothing()


def pack_kept(kept: KeptImpressions) -> dict[str, NDArray[Any]]:
    """Return the arrays of an archive; `read_kept` reads them back."""
    packed: dict[str, NDArray[Any]] = {
        f"{part}_{name}": one
        for part in _PARTS
        for name, one in getattr(kept, part).arrays().items()
    }
    return packed | pack_anchors(kept.anchors)


def load_looked(model_version: int, place: SalesChannel) -> tuple[int, int, ServedChoice] | None:
    """Return the newest fit of impressions on a model version at a place: its id, until when it
    knows, in milliseconds, and its arrays; None where there is none, it was refused, or the policy
    wants none. One query.

    Raises UntrustedImpressions.
    """
    row = _find_used(place, model_version)
    if row is None:
        return None
    served = _read_served(row, _trust(row.arrays, row.sha256, f"fit {row.pk} of looks"))
    return row.pk, epoch_ms(row.watermark), served


def list_nights(model_ids: Sequence[int], place: SalesChannel) -> list[StoredNight]:
    """Return the nights that prices of models are made of, in their order, but for those whose fit
    has another form than that of today. One query a model, one more for each night that this
    process has not read yet. Raises UntrustedImpressions."""
    rows = (_find_used(place, one, "id", "sha256") for one in model_ids)
    found = (read_night(row.pk, row.sha256) for row in rows if row is not None)
    return [night for night in found if night is not None]


@lru_cache(maxsize=2)
def read_night(pk: int, sha256: str) -> StoredNight | None:
    """Return a stored night, remembered by what it holds: the hash of its arrays never changes, and
    after a restore another night may have the id."""
    row = LookFit.objects.get(pk=pk)
    arrays = _trust(row.arrays, sha256, f"fit {pk} of looks")
    fit = _read_choice(arrays)
    if fit is None or fit.layout.columns != add_usual(Impressions.nothing(COLUMNS))[0].columns:
        return None
    return StoredNight(
        pk=pk,
        watermark=row.watermark,
        fit=fit,
        usual=Usual.from_arrays(arrays),
        anchors=read_anchors(arrays),
        served=_read_served(row, arrays),
    )


def _find_used(place: SalesChannel, model_version: int, *only: str) -> LookFit | None:
    """Return the fit that prices of a model are made of, None if there is none."""
    is_off = PricingPolicy.objects.filter(is_active=True, learns_from_looks=False)
    newest = _rows(place).filter(model_id=model_version).values("pk")[:1]
    rows = LookFit.objects.filter(~Exists(is_off), pk__in=newest, refusal="").exclude(arrays=b"")
    return (rows.only(*only) if only else rows).first()


def _read_served(row: LookFit, arrays: Mapping[str, NDArray[Any]]) -> ServedChoice:
    served = ServedChoice.from_arrays(arrays)
    return replace(served, weights=replace(served.weights, fit=row.pk)) if row.weights else served


def pack_choice(fit: ChoiceFit) -> dict[str, NDArray[Any]]:
    """Return a fit as arrays to be stored beside what is served: the minutes until the next night,
    and that night, begin there."""
    packed = pack_fit(fit)
    return {f"choice_{name}": one for name, one in packed.items()}


def load_last_choice(place: SalesChannel) -> ChoiceFit | None:
    """Return the newest fit at a place, on any model version, None without one or where it has
    another form than those of today. One query. Raises UntrustedImpressions."""
    row = _rows(place).filter(refusal="", metrics__has_key="trust").exclude(arrays=b"").first()
    if row is None:
        return None
    return _read_choice(_trust(row.arrays, row.sha256, f"fit {row.pk} of looks"))


def _read_choice(arrays: Mapping[str, NDArray[Any]]) -> ChoiceFit | None:
    own = {name.removeprefix("choice_"): one for name, one in arrays.items() if "choice_" in name}
    fit = read_fit(own)
    return fit if fit.at.family.shape[1] == fit.layout.family else None


def newest_fit(model_version: int | None, place: SalesChannel) -> int:
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


def _rows(place: SalesChannel) -> QuerySet[LookFit]:
    return LookFit.objects.filter(market_code=place[0], channel=place[1]).order_by("-id")


def _trust(packed: bytes | memoryview, sha256: str, name: str) -> Mapping[str, NDArray[Any]]:
    arrays = unpack_arrays(packed)
    if hash_arrays(arrays) != sha256:
        raise UntrustedImpressions(f"{name} does not have the hash it was stored with")
    return arrays


def list_priced_models() -> list[int]:
    """Return the model version in use, then the one on trial. Two queries."""
    rows = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
    trials = ModelRamp.objects.filter(ended_at__isnull=True)
    wanted = [*rows.values_list("pk", flat=True), *trials.values_list("model_id", flat=True)]
    return list(dict.fromkeys(wanted))
