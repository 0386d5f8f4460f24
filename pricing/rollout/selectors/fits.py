"""Progress of the newest fit of a model family, as text: waiting, running, done or failed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.demand.models.families import FAMILIES
from shop.ground.jobs.selectors import RunRow

type Text = str | Promise

TRAIN_JOB = "train_family"
ASKED = "fit_asked_at"  # in the session: when the reader last asked for a fit

# What train_demand does at each of its steps.
STEPS: tuple[Text, ...] = (
    gettext_lazy("reads sales, prices and placements"),
    gettext_lazy("fits demand and compares families"),
    gettext_lazy("compares solvers"),
    gettext_lazy("compares shoppers"),
    gettext_lazy("stores the model"),
    gettext_lazy("audits fairness"),
)
WAITS_FOR = timedelta(minutes=15)
SHOWN_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fit:
    """A fit as the table of models shows it; `percent` is None once it has ended."""

    says: str
    tone: str
    percent: int | None = None


def describe_fit(run: RunRow | None, asked_at: datetime | None, now: datetime) -> Fit | None:
    """Return the state of the newest run, or of one asked for since that no worker took yet."""
    if asked_at is not None and (run is None or run.started_at < asked_at):
        if now - asked_at < WAITS_FOR:
            return Fit(_("Waiting for a worker to start the fit."), "blue", 0)
        return Fit(_("No worker took the fit: look at the page of workers, then ask again."), "red")
    if run is None or now - run.started_at > SHOWN_FOR:
        return None
    family = run.report.get("family", "")
    name: dict[str, Text] = {"family": FAMILIES.get(family) or family or _("Fit")}
    if run.outcome == "running":
        return _describe_running(run, name)
    return _describe_ended(run, name)


def _describe_ended(run: RunRow, name: dict[str, Text]) -> Fit | None:
    if run.outcome == "hung":
        return Fit(_("%(family)s: the fit stopped without an error. Start it again.") % name, "red")
    if run.outcome == "failed":
        told = name | {"error": (run.error.strip().splitlines() or [""])[-1]}
        return Fit(_("%(family)s: the fit failed. %(error)s") % told, "red")
    if "version" not in run.report:
        return None
    told = name | {"version": run.report["version"]}
    if run.report.get("status") == "refused":
        return Fit(_("%(family)s: version %(version)s was fitted and refused.") % told, "amber")
    return Fit(_("%(family)s: version %(version)s was fitted.") % told, "green")


def _describe_running(run: RunRow, name: dict[str, Text]) -> Fit:
    done, whole = int(run.report.get("done", 0)), int(run.report.get("of", len(STEPS)))
    told = name | {"step": STEPS[min(done, len(STEPS) - 1)]}
    says = _("%(family)s: the worker %(step)s.") % told
    return Fit(says, "blue", 100 * done // max(whole, 1))
