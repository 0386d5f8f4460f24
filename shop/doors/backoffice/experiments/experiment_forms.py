"""The form of an experiment: question, arms, plan; and what the plan needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from profiles.experiments.api import METRICS, ArmPlan, ExperimentDraft
from profiles.segments.api import list_segments
from profiles.values import SegmentValue
from shop.doors.backoffice.experiments.experiments import SUBJECTS, name_metric
from shop.ground.kernel.translation import is_chinese
from shop.ground.staff.numbers import show_count

PURPOSES = [
    ("recommendations", _("recommendations")),
    ("marketing", _("marketing")),
    ("price", _("personal prices")),
    ("analytics", _("analytics")),
]
MODES = [("fixed", _("fixed shares")), ("bandit", _("adaptive shares: more for what earns more"))]
MOST_ARMS = 4
# Where the arm is chosen with the shopper's segment and tags at hand
SEGMENTED = frozenset({"offers", "recommendations"})


def _text(label: Any, **options: Any) -> forms.CharField:
    return forms.CharField(label=label, widget=UnfoldAdminTextInputWidget(), **options)


def _choice(label: Any, choices: Any, **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, widget=UnfoldAdminSelectWidget(), **options
    )


def list_metrics() -> list[tuple[str, str]]:
    """Return the metrics an experiment may be judged by, in the reader's language."""
    return [(code, name_metric(code)) for code in METRICS]


def list_guards() -> list[tuple[str, str]]:
    """Return the metrics that may guard one, and none of them."""
    return [("", "–"), *list_metrics()]


def list_segment_choices() -> list[tuple[str, str]]:
    """Return the segments in use with their sizes, those that staff made among them."""
    return [
        (one.code, f"{_name(one)} ({show_count(one.shopper_count)})")
        for one in list_segments()
        if one.is_active
    ]


def name_segments(codes: Sequence[str]) -> list[str]:
    """Return the names of segments. One query if there are any."""
    return [_name(one) for one in list_segments() if one.code in codes] if codes else []


def _name(one: SegmentValue) -> str:
    return (is_chinese(get_language() or "en") and one.name_zh) or one.name


def share_of_segments(codes: list[str]) -> float:
    """Return which share of shoppers is in one of the segments, at most all of them. One query."""
    if not codes:
        return 1.0
    every = list_segments()
    total = sum(one.shopper_count for one in every if not one.is_made)
    chosen = sum(one.shopper_count for one in every if one.code in codes)
    return min(1.0, chosen / total) if total else 1.0


def _percent(label: Any, low: float, high: float, **options: Any) -> forms.FloatField:
    widget = UnfoldAdminDecimalFieldWidget(attrs={"step": "any"})
    return forms.FloatField(label=label, min_value=low, max_value=high, widget=widget, **options)


class ArmForm(forms.Form):
    """One arm; the first one is the plain one."""

    name = _text(_("Name"), max_length=80, required=False)
    share = _percent(_("Share, %"), 0.1, 99.9, required=False)
    price = _percent(
        _("% of the public price"), 1, 100, required=False, help_text=_("100 or less, never more.")
    )
    settings = _text(
        _("Settings"), required=False, help_text=_("What the page reads of the arm, as JSON.")
    )

    def clean_settings(self) -> dict[str, Any]:
        """Return the settings as values; empty ones are none."""
        text = self.cleaned_data["settings"].strip()
        try:
            found = json.loads(text or "{}")
        except ValueError as fault:
            raise forms.ValidationError(_("This is not JSON: %s") % fault) from fault
        if not isinstance(found, dict):
            raise forms.ValidationError(_("Settings are names with values: {…}."))
        return found


ArmFormSet = forms.formset_factory(ArmForm, extra=0, min_num=MOST_ARMS, max_num=MOST_ARMS)


class ExperimentForm(forms.Form):
    """The question and its plan."""

    name = _text(_("Name"), max_length=60)
    hypothesis = forms.CharField(
        label=_("What do you expect, and why?"),
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        max_length=2_000,
    )
    subject = _choice(_("About"), [(k, v) for k, v in SUBJECTS.items() if k != "public_prices"])
    subject_ref = _text(
        _("Which"), required=False, max_length=80, help_text=_("Such as a campaign's code.")
    )
    purpose = _choice(_("Consent it needs"), PURPOSES)
    segments = forms.MultipleChoiceField(
        label=_("Only for shoppers of these segments"),
        choices=list_segment_choices,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_("If you choose none, everybody takes part."),
    )
    mode = _choice(_("Shares"), MODES)
    namespace = _text(
        _("Namespace"),
        initial="shop",
        max_length=40,
        help_text=_("Experiments of one namespace never meet in a shopper."),
    )
    traffic = _percent(_("Of the namespace, %"), 0.1, 100, initial=100)
    primary_metric = _choice(_("Primary metric"), list_metrics)
    minimum_effect = _percent(_("Smallest effect worth detecting, %"), 0.1, 500, initial=5)
    guard = _choice(_("Guard metric"), list_guards, required=False)
    tolerance = _percent(_("The guard may lose, %"), 0, 99, initial=5, required=False)
    planned_days = forms.IntegerField(
        label=_("Planned days"),
        min_value=1,
        max_value=366,
        initial=28,
        widget=UnfoldAdminIntegerFieldWidget(),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse segments where nobody looks them up as the arm is chosen."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("segments") and cleaned.get("subject") not in SEGMENTED:
            said = _("Only experiments with offers of a campaign or recommendations know segments.")
            self.add_error("segments", said)
        return cleaned


def list_arms(formset: Any) -> list[ArmPlan]:
    """Return the arms that have a name; the first one is the plain one."""
    filled = [form.cleaned_data for form in formset if form.cleaned_data.get("name")]
    return [
        ArmPlan(
            code=slugify(one["name"])[:40] or f"arm-{at + 1}",
            name=one["name"],
            share=(one["share"] or 0.0) / 100.0,
            is_control=at == 0,
            price_factor=(one["price"] or 100.0) / 100.0,
            settings=one["settings"],
        )
        for at, one in enumerate(filled)
    ]


def make_draft(asked: dict[str, Any], arms: list[ArmPlan], planned_units: int) -> ExperimentDraft:
    """Return what the service saves."""
    guards = {asked["guard"]: (asked["tolerance"] or 0.0) / 100.0} if asked["guard"] else {}
    return ExperimentDraft(
        code=slugify(asked["name"])[:60] or "experiment",
        name=asked["name"],
        hypothesis=asked["hypothesis"],
        subject=asked["subject"],
        subject_ref=asked["subject_ref"],
        purpose=asked["purpose"],
        mode=asked["mode"],
        namespace=slugify(asked["namespace"])[:40] or "shop",
        traffic=asked["traffic"] / 100.0,
        primary_metric=asked["primary_metric"],
        minimum_effect=asked["minimum_effect"] / 100.0,
        guards=guards,
        targeting={"segments": asked["segments"]} if asked["segments"] else {},
        planned_units=planned_units,
        planned_days=asked["planned_days"],
        arms=arms,
    )
