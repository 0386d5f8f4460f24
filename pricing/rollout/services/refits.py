"""Train demand models, and bring a refit of the model in use into use."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.db import connection, transaction

from pricing.base.core.values import IntArray, ModelVersionRow
from pricing.base.metrics import refits_total
from pricing.base.services import keep_finite
from pricing.demand.core.families import CHALLENGERS, CHAMPION, check_solver
from pricing.demand.core.served import ServedDemand, compress_served
from pricing.demand.core.slopes import Shown
from pricing.demand.core.training import DemandSettings, Slot, Trained, train
from pricing.demand.core.training_cells import TrainingCells
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.training import Window, load_training_cells
from pricing.demand.selectors.versions import (
    find_kind_in_use,
    get_model_version,
    load_settings,
    model_row,
)
from pricing.demand.services import fit_shoppers
from pricing.fairness.core.audit import AuditVerdict
from pricing.fairness.services.audited_prices import Shelves, open_shelves
from pricing.fairness.services.fairness import audit_model, require_audit
from pricing.learning.models.learning import ModelChange, ModelRamp
from pricing.learning.selectors.impression_fits import load_kept
from pricing.learning.services.impression_fits import fit_everywhere
from pricing.ledger.selectors.exposures import load_exposures
from pricing.ledger.selectors.references import SalesChannel, home_place, list_places, name_place
from pricing.optimum.core.monitoring import RefitBounds, compare_refit, find_excess, judge_refit
from pricing.optimum.core.quote import VariantTerms, quote_prices
from pricing.optimum.core.signals import RAW_SIGNALS, SIGNAL_FEATURES, ShopperSignals, SignalWeights
from pricing.private.services import take_private_cells
from pricing.quoting.selectors.rollouts import load_tried
from pricing.rollout.selectors.lift import compare_shadow
from profiles.features.api import require_features
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from shop.ground.kernel.hashing import fingerprint
from shop.ground.outbox.services import write_fact


def note_activation(
    *, model_id: int, former_id: int | None, by_id: int | None, reason: str, now: datetime
) -> None:
    """Keep, in the caller's transaction, that a model came into use in place of another.

    If it was on trial, its trial has reached its end.
    """
    ModelChange.objects.create(
        model_id=model_id,
        former_id=former_id,
        kind=ModelChange.Kind.ACTIVATED,
        at=now,
        by_id=by_id,
        reason=reason,
    )
    ModelRamp.objects.filter(model_id=model_id, ended_at__isnull=True).update(
        ended_at=now, end=ModelRamp.End.PROMOTED
    )


def is_held_back() -> bool:
    """Return whether the last change was a rollback: then no refit comes into use by itself."""
    newest = ModelChange.objects.exclude(kind__startswith="ramp").order_by("-id").first()
    return newest is not None and newest.kind == ModelChange.Kind.ROLLED_BACK


logger = logging.getLogger(__name__)


def use_refit(*, model_id: int, now: datetime) -> AuditVerdict:
    """Audit candidate `model_id`, and use it if that allows it and it is a calm refit.

    A refit has the kind and the inputs of the model in use and prices much as that does
    (`check_refit`), or it is the champion and there is none in use; any other candidate waits for
    two people, as every one does after a rollback. So does one under whose comparison the model in
    use changed: its figures say so (`refit_check`), a line in the log, and the counter of refits.
    Fact ModelActivated. Returns the verdict of the audit.
    """
    verdict = audit_model(model_id=model_id, now=now)
    if not verdict.allows_use:
        refits_total.labels(outcome="failed_audit").inc()
        return verdict
    former_id = _find_alike(model_id)
    if former_id is not None:
        # What looks say of it is part of its prices: both are there at once, or neither is used.
        fit_everywhere(model_id=model_id, now=now)
        told = check_refit(model_id=model_id, former_id=former_id, now=now)
        if not told["is_passed"]:
            refits_total.labels(outcome="held").inc()
            return verdict
    elif _is_challenger(model_id):
        return verdict
    with transaction.atomic():
        lock_models()
        overtaken = _activate(model_id, former_id, now)
        if overtaken:
            _tell_overtaken(model_id, former_id, overtaken)
    refits_total.labels(outcome="overtaken" if overtaken else "used").inc()
    return verdict


def _find_alike(model_id: int) -> int | None:
    """Return the model in use if `model_id` is a refit of it."""
    row = DemandModelVersion.objects.filter(pk=model_id).values("kind", "feature_hash")
    alike = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
    return alike.filter(**row.get()).values_list("pk", flat=True).first()


def _is_challenger(model_id: int) -> bool:
    """Return whether a model waits for people by its kind: another than the one in use, or than the
    first model of a shop has."""
    status = DemandModelVersion.Status
    if DemandModelVersion.objects.filter(status=status.ACTIVE).exists():
        return True
    return DemandModelVersion.objects.exclude(kind=CHAMPION).filter(pk=model_id).exists()


def _activate(model_id: int, compared_id: int | None, now: datetime) -> str:
    """Use a candidate in place of the model it was compared with; None: there must be none.

    Return "", or the code of what happened meanwhile that forbids it.
    """
    status = DemandModelVersion.Status
    rows = DemandModelVersion.objects.select_for_update(of=("self",)).defer("arrays")
    active = rows.filter(status=status.ACTIVE).first()
    row = rows.filter(pk=model_id, status=status.CANDIDATE).first()
    if row is None:
        return "no_candidate"
    if is_held_back():
        return "rolled_back"
    if compared_id != (None if active is None else active.pk):
        return "model_changed"
    require_audit(row)  # once more, under the lock: a newer audit may have failed meanwhile
    if active is not None:
        active.status = status.RETIRED
        active.save(update_fields=["status"])
    row.status = status.ACTIVE
    row.save(update_fields=["status"])
    why = "first" if active is None else "refit"
    note_activation(model_id=row.pk, former_id=compared_id, by_id=None, reason=why, now=now)
    write_fact(kind="ModelActivated", payload={"model_id": row.pk}, occurred_at=now)
    return ""


def _tell_overtaken(model_id: int, compared_id: int | None, code: str) -> None:
    """Write down why a refit that passed was not used, where staff read why a model waits."""
    row = DemandModelVersion.objects.defer("arrays").get(pk=model_id)
    known = row.metrics.get("refit_check", {"former": compared_id, "figures": {}})
    reason = {"code": code, "value": 1, "limit": 0}
    row.metrics |= {"refit_check": known | {"is_passed": False, "reasons": [reason]}}
    row.save(update_fields=["metrics"])
    logger.warning("refit %s is not used: %s (compared with %s)", model_id, code, compared_id)


def lock_models() -> None:
    """Let one at a time decide which model is in use, until the transaction ends: two first models
    must not both become the active one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('pricing_demandmodelversion'))")


BOUNDS = RefitBounds()
# Shoppers whose prices are compared: each of their sums is this large, like the examples of
# docs/pricing.md: one who looked once, one who keeps looking.
TYPICAL_SUMS = (1.0, 3.0)
# How far back real decisions are priced anew.
SHADOW_WINDOW = timedelta(hours=6)


def check_refit(*, model_id: int, former_id: int, now: datetime) -> dict[str, Any]:
    """Return how a refit's prices differ from those of model `former_id`, and store it as the
    figure `refit_check` of the refit: `is_passed`, `reasons`, `figures`, `bounds`, `places`.

    In every place that has prices both price all products now, over the same evidence of outcomes,
    as the next book would: the public price, and below the one that holds those of typical
    shoppers. Decisions of the last hours are priced anew as in a shadow. `figures` are those of the
    home place, `places` holds those of the others, whose reasons name them. A model that had
    learned nothing yet is no yardstick. After a rollback none passes, and none with a figure that
    is no finite number. About thirty queries for each place and one write. Raises UntrustedModel,
    UntrustedEvidence, DemandModelVersion.DoesNotExist.
    """
    rows = DemandModelVersion.objects.defer("arrays").in_bulk([model_id, former_id])
    pair = rows[former_id], rows[model_id]
    told: dict[str, Any] = {"former": former_id, "bounds": asdict(BOUNDS), "places": {}}
    told |= {"reasons": [], "figures": {}}
    if pair[0].metrics.get("items") != 0:
        for place in list_places():
            figures, reasons = _compare(pair, place, now)
            if place == home_place():
                told |= {"figures": figures, "reasons": told["reasons"] + reasons}
                continue
            name = name_place(place)
            told["places"][name] = figures
            told["reasons"] = told["reasons"] + [one | {"place": name} for one in reasons]
    if is_held_back():
        told["reasons"] = [*told["reasons"], {"code": "rolled_back", "value": 1, "limit": 0}]
    told["is_passed"] = not told["reasons"]
    with transaction.atomic():
        # Read again under its lock: what another writes into the figures meanwhile stays.
        row = DemandModelVersion.objects.defer("arrays").select_for_update().get(pk=model_id)
        row.metrics = row.metrics | {"refit_check": told}
        row.save(update_fields=["metrics"])
    return told


def _compare(
    pair: tuple[DemandModelVersion, DemandModelVersion], place: SalesChannel, now: datetime
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return the figures of a refit, (former, refit), in a place, and what of them is too far.

    How it forecasts and how many products it knows does not depend on the place: told at home.
    """
    old, new = (_price(row, place, now) for row in pair)
    before, after = (_tabulate(shelves, old.terms) for shelves in (old, new))
    elasticities = (old.elasticity, new.elasticity)
    shift = compare_refit(before, after, elasticities, old.terms.exponent)
    metrics = [row.metrics if place == home_place() else {} for row in pair]
    reasons = judge_refit(shift, metrics[0], metrics[1], BOUNDS)
    figures, more = _shadow(pair[1].pk, place, now)
    return keep_finite(shift.as_numbers() | figures), reasons + more


def _shadow(
    model_id: int, place: SalesChannel, now: datetime
) -> tuple[dict[str, float], list[dict[str, Any]]]:
    """Return how a refit would have priced what was decided lately, and what of it is too far."""
    since = now - SHADOW_WINDOW
    found = load_exposures(since=since, until=now, now=now, market=place[0], channel=place[1])
    shadow = compare_shadow(found.take(~found.is_book), load_tried(model_id, place), place)
    figures = {
        "decisions": shadow.decisions,
        "shadow_gap": round(shadow.mean_absolute_gap, 5),
        "violations": shadow.violations,
    }
    limits = {"shadow_gap": BOUNDS.shadow_gap, "violations": 0}
    reasons = [find_excess(name, figures[name], limit) for name, limit in limits.items()]
    return figures, [one for one in reasons if one is not None]


def _price(row: DemandModelVersion, place: SalesChannel, now: datetime) -> Shelves:
    """Return all products as a model would price them; how old it is does not matter here."""
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
