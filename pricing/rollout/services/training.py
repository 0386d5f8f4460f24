"""Train demand models, and bring a refit of the model in use into use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from django.conf import settings

from pricing.base.core.values import ModelVersionRow
from pricing.base.services import keep_finite
from pricing.demand.core.compress import compress_served
from pricing.demand.core.families import CHALLENGERS, check_solver
from pricing.demand.core.slopes import Shown
from pricing.demand.core.training import Slot, Trained, train
from pricing.demand.core.training_cells import TrainingCells
from pricing.demand.core.tuning import DemandSettings
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.training import Window, load_training_cells
from pricing.demand.selectors.tuning import load_settings
from pricing.demand.selectors.versions import find_kind_in_use, get_model_version, model_row
from pricing.demand.services.training_shoppers import fit_shoppers
from pricing.learning.selectors.impression_fits import load_kept
from pricing.ledger.selectors.references import name_place
from pricing.optimum.core.signals import SIGNAL_FEATURES, SignalWeights
from pricing.private.services import take_private_cells
from pricing.rollout.services.refits import use_refit
from profiles.features.api import require_features
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from shop.ground.kernel.hashing import fingerprint

STEPS = 5

Progress = Callable[[str, int, int], None]


class UnknownFamily(ValueError):
    """There is no such family of demand models."""


def train_demand(
    *,
    as_of: datetime,
    weeks: int = 53,
    market: str = "us",
    channel: str = "online",
    epsilon: float | None = None,
    family: str | None = None,
    solver: str = "",
    progress: Progress | None = None,
) -> ModelVersionRow:
    """Fit a family on the `weeks` before `as_of`, store it, and use it if that is a calm refit.

    `family` is one of CHALLENGERS, by default the kind in use. The first model, and a refit of the
    kind already in use, becomes active by itself if its figures, its fairness audit and the
    comparison with the model in use pass; another kind or other features need the leaderboard's
    gate, two people and a trial (`ask_for_model`, `begin_rollout`, `activate_model`). `progress` is
    told (what, step, steps). With a `family`, `solver` is how it is fitted ("": its usual way).
    Fact ModelActivated. `epsilon` above 0 (the
    setting's by default) learns from private releases only. Raises UnknownFamily, UnknownSolver.
    """
    require_features(SIGNAL_FEATURES, purpose="price")
    holder = find_kind_in_use()
    wanted = family or holder
    if wanted not in CHALLENGERS:
        raise UnknownFamily(f"Nobody can fit {wanted}: one of {', '.join(sorted(CHALLENGERS))}.")
    if solver:
        check_solver(wanted, solver)
    tell = progress or _say_nothing
    tell("reading sales, prices and placements", 0, STEPS)
    cells, window, privacy = _read(as_of, weeks, (market, channel), epsilon)
    shown = _read_shown(window, (market, channel), is_private=bool(privacy))
    tell("fitting demand", 1, STEPS)
    slot = Slot(wanted, holder, shown)
    trained = _fit(cells, slot, solver, lambda what: tell(what, 1, STEPS), is_private=bool(privacy))
    tell("comparing shoppers", 2, STEPS)
    trained = (
        _note(trained, privacy) if privacy else fit_shoppers(trained, cells, window, as_of, market)
    )
    tell("storing", 3, STEPS)
    trained = replace(trained, metrics=trained.metrics | {"place": name_place((market, channel))})
    row = _store(wanted, trained, cells, window, as_of)
    if not trained.refusal:
        tell("auditing fairness", 4, STEPS)
        use_refit(model_id=row.id, now=as_of)
        row = get_model_version(row.id)
    tell("done", STEPS, STEPS)
    return row


def _fit(
    cells: TrainingCells,
    slot: Slot,
    solver: str,
    progress: Callable[[str], None],
    *,
    is_private: bool,
) -> Trained:
    # Settings are tuned on plain sales: a model that promises privacy takes the usual ones.
    tuned = DemandSettings.read({}) if is_private else load_settings()
    return train(cells, SignalWeights(), progress, tuned, slot=slot, solver=solver)


def _read_shown(window: Window, place: tuple[str, str], *, is_private: bool) -> Shown | None:
    """Return what was shown at a place: at prices that chance drew, families are judged. None for
    a model that promises privacy: no single look is read for it."""
    if is_private:
        return None
    epoch = date(1970, 1, 1)
    return Shown(load_kept(place).seen, float((window.start_date - epoch).days))


def _read(
    as_of: datetime, weeks: int, place: tuple[str, str], epsilon: float | None
) -> tuple[TrainingCells, Window, dict[str, Any]]:
    """Return what to learn from, and the figures of privacy: {} where sales are read plainly."""
    wanted = settings.TRAINING_EPSILON if epsilon is None else epsilon
    if wanted == 0.0:
        return (*load_training_cells(as_of=as_of, weeks=weeks, place=place), {})
    found = take_private_cells(as_of=as_of, weeks=weeks, place=place, epsilon=wanted)
    return found.cells, found.window, found.figures


def _note(trained: Trained, privacy: dict[str, Any]) -> Trained:
    """Return a private model with its figures: what each shopper did it never reads."""
    return replace(trained, metrics=trained.metrics | {"privacy": privacy})


def _say_nothing(_what: str, _step: int, _steps: int) -> None:
    return None


def _store(
    kind: str, trained: Trained, cells: TrainingCells, window: Window, as_of: datetime
) -> ModelVersionRow:
    status = DemandModelVersion.Status
    arrays, size = compress_served(trained.served)
    row = DemandModelVersion.objects.create(
        kind=kind,
        status=status.REFUSED if trained.refusal else status.CANDIDATE,
        trained_at=as_of,
        window_start=window.start_date,
        window_end=window.end_date,
        rows=int((cells.on_sale > 0).sum()),
        metrics=keep_finite(_figures(trained, window) | {"size": size}),
        parameters={"weights": trained.served.weights.as_numbers()},
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
        feature_hash=fingerprint(sorted(SIGNAL_FEATURES)),
    )
    return model_row(row)


def _figures(trained: Trained, window: Window) -> dict[str, Any]:
    """Return the metrics to store: weeks of the backtest by their Mondays, and a refusal if any."""
    mondays = window.monday.astype(str).tolist()
    weeks = [
        row | {"monday": mondays[row["week"]]} for row in trained.metrics.get("backtest_weeks", [])
    ]
    refusal = {"refusal": trained.refusal} if trained.refusal else {}
    return trained.metrics | ({"backtest_weeks": weeks} if weeks else {}) | refusal
