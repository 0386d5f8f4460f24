"""Read searches for settings: the newest, and what training uses of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pricing.demand.core.tuning import DemandSettings, SettingResult, choose_settings
from pricing.demand.models.tuning import DemandTuning


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
