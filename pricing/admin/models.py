"""Staff table of demand models: metrics, and bringing one into use by two people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.dateparse import parse_datetime
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget

from pricing.demand.core.families import SOLVERS_OF
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.models.families import FAMILIES, SOLVERS
from pricing.demand.selectors.training_shoppers import say_households
from pricing.ledger.selectors.references import say_served
from pricing.publishing.core.changes import MODEL_USE
from pricing.rollout.selectors.verdicts import (
    ASKED,
    TRAIN_JOB,
    WMAPE_ALL,
    describe_fit,
    list_waits,
    say_wait,
)
from pricing.rollout.services.approvals import activate_model, ask_for_model
from shop.ground.approvals.admin import TwoPersonAdmin
from shop.ground.jobs.selectors import find_latest_run
from shop.ground.jobs.services import start_job
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import (
    age_column,
    document_cell,
    show_link,
    show_tag,
    start_column,
    tag_column,
)
from shop.ground.staff.numbers import EMPTY
from shop.ground.staff.reasons import ReasonForm, account_id, ask, go_back, tell_outcome
from shop.ground.staff.tables import ReadOnlyAdmin

STATUS_TONES = {"active": "green", "candidate": "blue", "retired": "gray", "refused": "red"}


class FamilyForm(BaseDialogForm):
    """Asks which family of models is fitted."""

    family = forms.ChoiceField(
        label=_("Family"),
        choices=list(FAMILIES.items()),
        widget=UnfoldAdminSelectWidget(),
        help_text=_("As on the leaderboard. It becomes a candidate: people decide about its use."),
    )
    solver = forms.ChoiceField(
        label=_("Solver"),
        choices=[("", _("The usual one of the family")), *SOLVERS.items()],
        required=False,
        widget=UnfoldAdminSelectWidget(),
        help_text=_(
            "Linear, polynomial and the hierarchical logit take Newton, conjugate gradient,"
            " gradient descent and stochastic gradient descent; the neural network takes Adam,"
            " stochastic gradient descent and L-BFGS; the others have nothing to choose."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a solver that the family has not."""
        data: dict[str, Any] = super().clean() or {}
        solver, family = data.get("solver", ""), data.get("family", "")
        if solver and family and solver not in SOLVERS_OF.get(family, ()):
            self.add_error("solver", _("This family cannot be fitted with this solver."))
        return data


def metric_column(name: str, title: Any, digits: int = 3) -> Any:
    """Return a column that shows number `name` of the metrics."""

    @admin.display(description=title)
    def column(row: DemandModelVersion) -> str:
        number = row.metrics.get(name)
        return EMPTY if not isinstance(number, int | float) else f"{number:.{digits}f}"

    column.__name__ = f"metric_{name}"
    return column


@admin.register(DemandModelVersion)
class DemandModelVersionAdmin(TwoPersonAdmin, ReadOnlyAdmin):
    blank_text = _(
        "The first model is fitted to the shop's sales tonight, or now with “Fit a model”; each "
        "one is listed here with its figures."
    )
    list_before_template = "admin/parts/fit_progress.html"
    list_display = [
        "id",
        "family",
        tag_column("status", _("Status"), STATUS_TONES),
        age_column("trained_at", _("Trained")),
        "window",
        "rows",
        metric_column("wmape", WMAPE_ALL),
        metric_column("deviance", _("Deviance")),
        metric_column("negative_share", _("Negative elasticity")),
        metric_column("elasticity_sd", _("Standard deviation of the elasticity")),
        start_column("sha256", _("Hash")),
        "is_waiting",
        "backtest_link",
    ]
    list_filter = [("status", ChoicesDropdownFilter), "kind"]
    search_fields = ["sha256__startswith", "kind"]
    fields = [
        ("id", "family"),
        "backtest_link",
        tag_column("status", _("Status"), STATUS_TONES),
        "waits",
        "places",
        "households",
        "trained_at",
        ("window_start", "window_end", "rows"),
        document_cell("metrics", _("Metrics")),
        document_cell("parameters", _("Parameters")),
        ("sha256", "feature_hash"),
        "second_person",
        "activated_by",
    ]
    readonly_fields = [
        "id",
        "family",
        "backtest_link",
        "waits",
        "places",
        "households",
        "second_person",
        *(one for one in fields if callable(one)),
    ]
    actions_list = ["fit_family"]
    actions_detail = ["ask_for", "approve", "send_back"]
    actions_row = ["ask_for"]
    approval_kind = MODEL_USE
    left_out = ["arrays"]  # they are megabytes

    @admin.display(description=_("Family"), ordering="kind")
    def family(self, row: DemandModelVersion) -> str:
        """What the family of the model is called."""
        return str(FAMILIES.get(row.kind, row.kind))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show how the newest fit goes; once it has ended the page loads again by itself."""
        asked = parse_datetime(request.session.get(ASKED, ""))
        fit = describe_fit(find_latest_run(TRAIN_JOB), asked, utc_now())
        context = (extra_context or {}) | {"fit": fit}
        response: HttpResponse = super().changelist_view(request, context)
        if "HX-Request" in request.headers and (fit is None or fit.percent is None):
            response["HX-Refresh"] = "true"
        return response

    @admin.display(description=_("Window"))
    def window(self, row: DemandModelVersion) -> SafeString:
        """The days the model learned from."""
        days = f"{row.window_start} – {row.window_end}"
        return format_html('<span class="ft-nowrap">{}</span>', days)

    @admin.display(description=_("Waits because"))
    def waits(self, row: DemandModelVersion) -> str:
        """Why it did not come into use by itself, in sentences."""
        return say_wait(row.status, row.metrics) or EMPTY

    @admin.display(description=_("Places"))
    def places(self, row: DemandModelVersion) -> str:
        """Where it learned, and where it prices without having learned there."""
        is_in_use = row.status == DemandModelVersion.Status.ACTIVE
        return say_served(row.metrics, is_in_use=is_in_use)

    @admin.display(description=_("Shoppers' own response"))
    def households(self, row: DemandModelVersion) -> str:
        """Whether personal prices rest on what was learned of shoppers, with the figures."""
        return say_households(row.metrics) or EMPTY

    @admin.display(description=_("People decide"))
    def is_waiting(self, row: DemandModelVersion) -> SafeString | str:
        """Whether something keeps a candidate from use by itself; its page says what."""
        is_candidate = row.status == DemandModelVersion.Status.CANDIDATE
        waits = is_candidate and bool(list_waits(row.metrics))
        return show_tag(_("waits for people"), "amber") if waits else EMPTY

    @admin.display(description=_("Backtest"))
    def backtest_link(self, row: DemandModelVersion) -> SafeString | str:
        """How it forecast weeks it had not seen."""
        return show_link("admin:model_backtest", row.pk, _("backtest"))

    @action(
        description=_("Fit a model"),
        permissions=["act"],
        url_path="fit",
        icon="model_training",
        dialog=ask(
            _("Fit a model"),
            _("A worker fits it on the shop's sales: some minutes. Nothing changes for shoppers."),
            form_class=FamilyForm,
            submit=_("Fit"),
        ),
    )
    def fit_family(self, request: HttpRequest, form: FamilyForm) -> HttpResponse:
        """Have a worker fit a challenger; it stands in this table when it is done."""
        keywords = {name: form.cleaned_data[name] for name in ("family", "solver")}
        request.session[ASKED] = utc_now().isoformat()
        tell_outcome(
            self,
            request,
            lambda: start_job(name=TRAIN_JOB, keywords=keywords),
            _("Started. This page shows the progress."),
        )
        return go_back(request)

    @action(
        description=_("Ask for this model"),
        permissions=["act"],
        url_path="ask",
        icon="front_hand",
        dialog=ask(
            _("Ask that this model be used"),
            _("Nothing changes before a second person activates it."),
            form_class=ReasonForm,
            submit=_("Ask"),
        ),
    )
    def ask_for(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """First step: say why."""
        by_id = account_id(request)
        reason = form.cleaned_data["reason"]
        tell_outcome(
            self,
            request,
            lambda: ask_for_model(
                model_id=int(object_id), reason=reason, by_id=by_id, now=utc_now()
            ),
            _("Asked. Somebody else can activate the model now."),
        )
        return go_back(request)

    def approve_row(self, object_id: int, *, by_id: int, reason: str, now: datetime) -> None:
        """Second step, by somebody else: the next price book is made with the model."""
        activate_model(model_id=object_id, by_id=by_id, now=now)
