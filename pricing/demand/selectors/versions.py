"""Read demand models: which there are, the one in use, its figures and what it means for prices."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zipfile import BadZipFile

from pricing.base.core.values import ModelVersionRow
from pricing.demand.core.families import CHALLENGERS, CHAMPION
from pricing.demand.core.served import ServedDemand
from pricing.demand.core.training import DemandSettings, SettingResult, choose_settings
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.models.impression_fits import LookFit
from pricing.demand.models.tuning import DemandTuning
from pricing.optimum.core.signals import SignalWeights
from shop.ground.kernel.arrays import hash_arrays, unpack_arrays

# What bytes raise that are no archive of arrays any more.
DAMAGED = (BadZipFile, zlib.error, EOFError, OSError, KeyError, ValueError)


class UntrustedModel(ValueError):
    """The stored arrays are not the ones that were hashed when the model was fitted."""


def list_model_versions(*, limit: int = 50) -> list[ModelVersionRow]:
    """Return the newest model versions. One query."""
    rows = DemandModelVersion.objects.defer("arrays").order_by("-trained_at", "-id")[:limit]
    return [model_row(row) for row in rows]


def get_model_version(model_id: int) -> ModelVersionRow:
    """Return one model version. One query. Raises DemandModelVersion.DoesNotExist."""
    return model_row(DemandModelVersion.objects.defer("arrays").get(pk=model_id))


def model_row(row: DemandModelVersion) -> ModelVersionRow:
    """Return a model version as other rooms see it."""
    return ModelVersionRow(
        id=row.pk,
        kind=row.kind,
        status=row.status,
        trained_at=row.trained_at,
        window_start=row.window_start,
        window_end=row.window_end,
        rows=row.rows,
        metrics=row.metrics,
        sha256=row.sha256,
    )


def find_kind_in_use() -> str:
    """Return the family of the model in use, the champion's without one or if nobody can fit it any
    more. One query."""
    active = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
    kind = active.values_list("kind", flat=True).first()
    return kind if kind in CHALLENGERS else CHAMPION


def load_active_model() -> tuple[ModelVersionRow, ServedDemand] | None:
    """Return the model in use with its arrays, None if there is none. One query.

    Raises UntrustedModel if the arrays do not have the hash that was kept with them.
    """
    row = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE).first()
    return None if row is None else (model_row(row), _open(row))


def load_model(version: int) -> ServedDemand:
    """Return the arrays of any model version. One query.

    Raises DemandModelVersion.DoesNotExist, UntrustedModel.
    """
    return _open(DemandModelVersion.objects.get(pk=version))


def _open(row: DemandModelVersion) -> ServedDemand:
    try:
        arrays = unpack_arrays(row.arrays)
    except DAMAGED as error:
        raise UntrustedModel(f"the arrays of model {row.pk} cannot be read") from error
    if hash_arrays(arrays) != row.sha256:
        raise UntrustedModel(f"model {row.pk} does not have the hash it was stored with")
    return ServedDemand.from_arrays(arrays)


@lru_cache(maxsize=64)
def load_weights(model_version: int, fit: int = 0) -> SignalWeights:
    """Return the signal weights of a fit of impressions, of the model version itself for fit 0, and
    those that all begin with for version 0: prices without a model. One query the first time.

    Raises DemandModelVersion.DoesNotExist, LookFit.DoesNotExist.
    """
    if not model_version:
        return SignalWeights()
    if fit:
        known = LookFit.objects.values_list("weights", flat=True).get(pk=fit, model=model_version)
        return SignalWeights(**known | {"fit": fit})
    rows = DemandModelVersion.objects.values_list("parameters", flat=True)
    return SignalWeights(**rows.get(pk=model_version)["weights"])


def read_version(version: int) -> ModelVersionRow | None:
    """Return a model version, None if there is none of this number. One query."""
    row = DemandModelVersion.objects.defer("arrays").filter(pk=version).first()
    return None if row is None else model_row(row)


@dataclass(frozen=True, slots=True)
class DepartmentElasticity:
    """Elasticity d ln q / d ln p (negative) of a department's weekly sales, with its 90 % interval;
    `items` of its products are in it. The catalogue names it."""

    department_id: int
    items: int
    elasticity: float
    low: float
    high: float


def list_department_elasticities() -> list[DepartmentElasticity]:
    """Return the departments of the model in use, steepest first; empty without a model. One
    query."""
    active = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
    metrics: Mapping[str, Any] | None = active.values_list("metrics", flat=True).first()
    rows = (metrics or {}).get("elasticity_by_department", ())
    names = DepartmentElasticity.__slots__
    found = [DepartmentElasticity(**{name: row[name] for name in names}) for row in rows]
    return sorted(found, key=lambda one: one.elasticity)


@dataclass(frozen=True, slots=True)
class TuningRow:
    """A search: its trials in order, the settings chosen so far, seconds spent."""

    id: int
    seed: int
    updated_at: datetime
    seconds: float
    trials: tuple[SettingResult, ...]
    chosen: DemandSettings

    @property
    def best(self) -> SettingResult | None:
        """The trial whose settings were chosen, None before any."""
        return next((one for one in self.trials if one.settings == self.chosen), None)


def load_settings() -> DemandSettings:
    """Return the settings training uses: those of the newest search, else the usual. One query."""
    chosen = DemandTuning.objects.values_list("chosen", flat=True).first()
    return DemandSettings.read(chosen or {})


def tuning_row(row: DemandTuning) -> TuningRow:
    """Return a search as others see it."""
    trials = tuple(SettingResult.read(one) for one in row.trials)
    return TuningRow(
        id=row.pk,
        seed=row.seed,
        updated_at=row.updated_at,
        seconds=row.seconds,
        trials=trials,
        chosen=choose_settings(trials),
    )
