"""Staff tables of safety: breakers that tripped, and what changed about models."""

from __future__ import annotations

from math import isfinite

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from pricing.learning.models.learning import ModelChange
from pricing.policy.models.breakers import BreakerTrip
from pricing.rollout.selectors.lift import read_impact
from pricing.rollout.selectors.staff_learning import list_rollout_figures
from pricing.rollout.selectors.verdicts import say_reason
from pricing.rollout.services.rollback import rollback_model, undo_trip
from shop.ground.jobs.services import start_job
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import (
    age_column,
    document_cell,
    show_lines,
    show_minor,
    show_money,
    show_tag,
    tag_column,
)
from shop.ground.staff.numbers import EMPTY
from shop.ground.staff.reasons import ReasonForm, account_id, ask, go_back, tell_outcome
from shop.ground.staff.tables import ReadOnlyAdmin

AUDIT_JOB = "audit_and_go_back"
ACTION_TONES = {"switched_off": "red", "held": "amber", "stopped_ramp": "amber"}
EVIDENCE = document_cell("evidence", _("What it saw"))
CHANGE_TONES = {
    "activated": "green",
    "rolled_back": "red",
    "ramp_begun": "blue",
    "ramp_step": "blue",
    "ramp_stopped": "amber",
}


@admin.register(BreakerTrip)
class BreakerTripAdmin(ReadOnlyAdmin):
    blank_text = _(
        "No breaker has tripped. When one does, it is listed here and on the dashboard, and can "
        "be undone with one click."
    )
    list_display = [
        tag_column("kind", _("Breaker"), {}),
        "state",
        tag_column("action", _("What it did"), ACTION_TONES),
        "where",
        age_column("at", _("Tripped")),
        age_column("seen_at", _("Last seen")),
        "undone_by",
        "undo_reason",
    ]
    list_select_related = ["undone_by"]
    list_filter = [("kind", ChoicesDropdownFilter), ("action", ChoicesDropdownFilter)]
    ordering = ["-at", "-id"]
    fields = [
        ("kind", "action"),
        ("scope", "key"),
        ("at", "seen_at", "over_at"),
        "told",
        EVIDENCE,
        ("undone_at", "undone_by"),
        "undo_reason",
    ]
    readonly_fields = ["told", EVIDENCE]
    actions_detail = ["undo"]
    actions_row = ["undo"]

    @admin.display(description=_("State"))
    def state(self, row: BreakerTrip) -> SafeString:
        """Open, over by itself, or undone by staff."""
        if row.undone_at is not None:
            return show_tag(_("undone"), "gray")
        return show_tag(_("over"), "green") if row.over_at else show_tag(_("open"), "red")

    @admin.display(description=_("In words"))
    def told(self, row: BreakerTrip) -> SafeString | str:
        """Why a trial was stopped and the figures of its last step; a dash for other breakers."""
        if row.kind != BreakerTrip.Kind.RAMP:
            return EMPTY
        reason = say_reason(str(row.evidence.get("reason", "")))
        figures = list_rollout_figures(row.evidence, show_minor)
        return show_lines([reason, *figures] if reason else figures)

    @admin.display(description=_("Where"))
    def where(self, row: BreakerTrip) -> str:
        """The scope of a kill switch, and which one."""
        return f"{row.get_scope_display()} {row.key}".strip()

    @action(
        description=_("Undo"),
        permissions=["act"],
        url_path="undo",
        icon="undo",
        dialog=ask(
            _("Undo what this breaker did?"),
            _("What was switched off is on again within a second; what was held may move again."),
            form_class=ReasonForm,
            submit=_("Undo"),
        ),
    )
    def undo(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """One click back; the breaker rests for a day."""
        tell_outcome(
            self,
            request,
            lambda: undo_trip(
                trip_id=int(object_id),
                reason=form.cleaned_data["reason"],
                by_id=account_id(request),
                now=utc_now(),
            ),
            _("Undone. This breaker rests for a day."),
        )
        return go_back(request)


@admin.register(ModelChange)
class ModelChangeAdmin(ReadOnlyAdmin):
    blank_text = _("Who brought which model into use, tried it or went back, is listed here.")
    list_display = [
        age_column("at", _("When")),
        tag_column("kind", _("What"), CHANGE_TONES),
        "model",
        "former",
        "by",
        "told",
    ]
    list_select_related = ["model", "former", "by"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    ordering = ["-id"]
    fields = [("kind", "at"), ("model", "former"), ("by", "told"), "impact"]
    readonly_fields = ["told", "impact"]
    actions_list = ["roll_back", "audit_and_go_back"]
    left_out = ["model__arrays", "former__arrays"]  # they are megabytes

    @admin.display(description=_("Why"))
    def told(self, row: ModelChange) -> str:
        """What people wrote, or the shop's own reason in words."""
        return say_reason(row.reason) or EMPTY

    @admin.display(description=_("Impact so far"))
    def impact(self, row: ModelChange) -> str:
        """What visits quoted by the model earned against the holdout of the same days."""
        found = read_impact(model_version=row.model_id)
        if found is None or not isfinite(found.lift.low):
            return EMPTY
        lift = found.lift
        return gettext(
            "%(visits)d visits earned %(treated)s each, the holdout %(holdout)s;"
            " the difference lies between %(low)s and %(high)s"
        ) % {
            "visits": lift.treated_visits,
            "treated": show_money(round(lift.treated)),
            "holdout": show_money(round(lift.holdout)),
            "low": show_money(round(lift.low)),
            "high": show_money(round(lift.high)),
        }

    @action(
        description=_("Back to the model before"),
        permissions=["act"],
        url_path="roll-back",
        icon="history",
        dialog=ask(
            _("Go back to the model that was in use before?"),
            _("Live within a second. No refit comes into use until somebody activates one."),
            form_class=ReasonForm,
            submit=_("Go back"),
        ),
    )
    def roll_back(self, request: HttpRequest, form: ReasonForm) -> HttpResponse:
        """One person is enough: going back is the safe way."""
        tell_outcome(
            self,
            request,
            lambda: rollback_model(
                reason=form.cleaned_data["reason"], by_id=account_id(request), now=utc_now()
            ),
            _("The model before is in use again."),
        )
        return go_back(request)

    @action(
        description=_("Audit it and go back"),
        permissions=["act"],
        url_path="audit-and-go-back",
        icon="fact_check",
        dialog=ask(
            _("Audit the previous model now, and go back to it?"),
            _(
                "For a model that was never audited. It takes about a minute; a failed audit "
                "changes nothing."
            ),
            form_class=ReasonForm,
            submit=_("Audit and go back"),
        ),
    )
    def audit_and_go_back(self, request: HttpRequest, form: ReasonForm) -> HttpResponse:
        """A worker audits it; the change stands here once the audit allows it."""
        keywords = {"reason": form.cleaned_data["reason"], "by_id": account_id(request)}
        tell_outcome(
            self,
            request,
            lambda: start_job(name=AUDIT_JOB, keywords=keywords),
            _("Started. If the audit passes, the change appears here in about a minute."),
        )
        return go_back(request)
