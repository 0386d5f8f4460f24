"""Staff table of trials: begun by a second person, changed and stopped by hand at any time."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget

from pricing.demand.models.demand import DemandModelVersion
from pricing.learning.models.learning import ModelRamp, RampStep
from pricing.optimum.core.monitoring import SHARES
from pricing.publishing.core.changes import MODEL_USE
from pricing.rollout.selectors.staff_learning import list_rollout_figures
from pricing.rollout.selectors.verdicts import say_step
from pricing.rollout.services.rollouts import begin_rollout, step_rollout, stop_rollout
from shop.ground.approvals.selectors import list_waiting_ids
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import age_column, percent_column, show_lines, show_minor, show_tag
from shop.ground.staff.numbers import EMPTY, show_percent
from shop.ground.staff.reasons import ReasonForm, account_id, ask, go_back, tell_outcome
from shop.ground.staff.tables import ReadOnlyAdmin, ReadOnlyInline

NOBODY_ASKED = _(
    "Nobody has asked for a model yet. Open Demand models, choose a candidate or a retired model"
    " and press “Ask for this model”; then somebody else begins its trial here."
)


class BeginForm(BaseDialogForm):
    """Asks which model goes on trial. Only those that somebody asked for are offered."""

    model = forms.ModelChoiceField(
        label=_("Model"),
        queryset=DemandModelVersion.objects.none(),
        widget=UnfoldAdminSelectWidget(),
        help_text=_("A candidate that somebody else asked for."),
    )

    def __init__(self, *args: Any, **keywords: Any) -> None:
        """Offer what may go on trial now."""
        super().__init__(*args, **keywords)
        status = DemandModelVersion.Status
        offered = cast("forms.ModelChoiceField[DemandModelVersion]", self.fields["model"])
        offered.queryset = DemandModelVersion.objects.filter(
            pk__in=list_waiting_ids(MODEL_USE), status__in=[status.CANDIDATE, status.RETIRED]
        ).defer("arrays")
        found = list(offered.queryset[:2])
        if len(found) == 1:
            offered.initial = found[0]
        if not found:
            offered.empty_label = _("no model to choose")
            offered.help_text = offered.error_messages["required"] = NOBODY_ASKED


class StepForm(ReasonForm):
    """Asks what share of the shoppers the version on trial quotes from now on."""

    share = forms.TypedChoiceField(
        label=_("Share of shoppers"),
        coerce=float,
        choices=[(str(share), show_percent(share)) for share in SHARES],
        widget=UnfoldAdminSelectWidget(),
    )
    field_order = ["share", "reason"]


class RampStepInline(ReadOnlyInline):
    """The steps of a trial, newest first, with the figures each was judged by."""

    model = RampStep
    fields = [
        percent_column("share", _("Share of shoppers")),
        "at",
        "by",
        "told",
        "figures",
    ]
    readonly_fields = fields

    @admin.display(description=_("Why"))
    def told(self, row: RampStep) -> str:
        """Why the step was made, what logged prices say, and what it waits for."""
        return say_step(row.reason, row.evidence)

    @admin.display(description=_("Figures"))
    def figures(self, row: RampStep) -> SafeString | str:
        """What the step was judged by, a sentence for each figure."""
        return show_lines(list_rollout_figures(row.evidence, show_minor))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the trial sees its steps."""
        return request.user.has_perm("pricing.view_modelramp")


@admin.register(ModelRamp)
class ModelRampAdmin(ReadOnlyAdmin):
    blank_text = _(
        "No model was on trial yet. Ask for one among the demand models; somebody else begins "
        "its trial here. Each trial is listed here with its steps."
    )
    list_display = [
        "model",
        "state",
        "share_now",
        age_column("begun_at", _("Begun")),
        "begun_by",
        age_column("ended_at", _("Ended")),
    ]
    list_select_related = ["model", "begun_by"]
    ordering = ["-id"]
    fields = [("model", "state"), ("begun_at", "begun_by"), ("ended_at", "end")]
    readonly_fields = ["state"]
    inlines = [RampStepInline]
    actions_list = ["begin"]
    actions_detail = ["step", "stop"]
    actions_row = ["step", "stop"]
    left_out = ["model__arrays"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModelRamp]:
        """Add the share of the newest step."""
        rows: QuerySet[ModelRamp] = super().get_queryset(request)
        newest = RampStep.objects.filter(ramp=OuterRef("pk")).values("share")[:1]
        return rows.annotate(share=Subquery(newest))

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the reader may let shoppers be quoted by another model."""
        return request.user.has_perm("pricing.approve_demandmodelversion")

    @admin.display(description=_("State"))
    def state(self, row: ModelRamp) -> SafeString:
        """Open, or how it ended."""
        tones = {"promoted": "green", "tripped": "red"}
        if row.ended_at is None:
            return show_tag(_("open"), "blue")
        return show_tag(row.get_end_display(), tones.get(row.end, "gray"))

    @admin.display(description=_("Share of shoppers"))
    def share_now(self, row: ModelRamp) -> str:
        """The share of the newest step, as far as it goes on."""
        share: float | None = getattr(row, "share", None)
        return EMPTY if share is None or row.ended_at else show_percent(share)

    @action(
        description=_("Begin a trial (second person)"),
        permissions=["approve"],
        url_path="begin",
        icon="science",
        dialog=ask(
            _("Put a model on trial"),
            _("In the shadow first; then it quotes 1, 5, 25, 50 and 100 % of the shoppers."),
            form_class=BeginForm,
            submit=_("Begin"),
        ),
    )
    def begin(self, request: HttpRequest, form: BeginForm) -> HttpResponse:
        """Second step after somebody asked for the model."""
        model = form.cleaned_data["model"]
        tell_outcome(
            self,
            request,
            lambda: begin_rollout(model_id=model.pk, by_id=account_id(request), now=utc_now()),
            _("The trial has begun, in the shadow."),
        )
        return go_back(request)

    @action(
        description=_("Change the share"),
        permissions=["approve"],
        url_path="step",
        icon="stairs",
        dialog=ask(
            _("Change the share of shoppers"),
            _("Live within a second. Whoever was in a smaller share stays in a larger one."),
            form_class=StepForm,
            submit=_("Change"),
        ),
    )
    def step(self, request: HttpRequest, form: StepForm, object_id: str) -> HttpResponse:
        """Another share than the plan's next."""
        tell_outcome(
            self,
            request,
            lambda: step_rollout(
                ramp_id=int(object_id),
                share=form.cleaned_data["share"],
                reason=form.cleaned_data["reason"],
                by_id=account_id(request),
                now=utc_now(),
            ),
            _("The share is changed."),
        )
        return go_back(request)

    @action(
        description=_("Stop"),
        permissions=["act"],
        url_path="stop",
        icon="stop_circle",
        dialog=ask(
            _("Stop this trial?"),
            _("Everybody is quoted by the model in use within a second."),
            form_class=ReasonForm,
            submit=_("Stop"),
        ),
    )
    def stop(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """End it before its time."""
        tell_outcome(
            self,
            request,
            lambda: stop_rollout(
                ramp_id=int(object_id),
                reason=form.cleaned_data["reason"],
                by_id=account_id(request),
                now=utc_now(),
            ),
            _("The trial is over."),
        )
        return go_back(request)
