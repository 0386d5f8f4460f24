"""Form fields for the claims of a campaign, stored as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from promotions.admin.recorded import RecordedForm
from shop.ground.staff.forms import MomentField
from shop.ground.staff.money import price_field

STOCK = "stock"
# field of the form -> word of the claims; `only_left` and `review` are more than a value
PLAIN: Mapping[str, str] = {
    "claim_was": "was_minor",
    "claim_up_to": "up_to_percent",
    "claim_countdown": "countdown",
    "claim_quantity": "quantity",
    "claim_free": "free",
    "claim_terms": "terms",
    "claim_points_expire": "points_expire",
    "claim_points_noticed": "points_noticed",
}
REVIEW, DISCLOSED, LEFT, LABEL = "claim_review", "claim_disclosed", "claim_left", "claim_label"
NAMES = [
    *(("claim_was", "claim_up_to"), ("claim_countdown", LEFT), "claim_quantity"),
    *(("claim_free", "claim_terms"), (REVIEW, DISCLOSED)),
    *(("claim_points_expire", "claim_points_noticed"), LABEL),
]


def _flag(label: Any, help_text: Any = "") -> forms.BooleanField:
    return forms.BooleanField(
        label=label, help_text=help_text, required=False, widget=UnfoldBooleanWidget
    )


def _moment(label: Any) -> MomentField:
    return MomentField(label=label, required=False)


class CampaignForm(RecordedForm):
    """A campaign whose claims are fields; claims the form does not know stay as they are."""

    claim_was = price_field(label=_("Old price named beside the new one"), required=False)
    claim_up_to = forms.FloatField(
        label=_("“Up to” (percent)"),
        min_value=0.01,
        max_value=100,
        required=False,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    claim_countdown = _flag(
        _("A countdown runs to the end"), _("It shows itself in the last two days.")
    )
    claim_left = _flag(_("Say how many are left"), _("Counted from stock, never typed."))
    claim_quantity = forms.IntegerField(
        label=_("Pieces set aside, as announced"),
        min_value=1,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
    )
    claim_free = _flag(_("Something is called free"))
    claim_terms = forms.CharField(
        label=_("What “free” takes, in words"),
        max_length=300,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    claim_review = _flag(_("A review is rewarded"), _("Whatever its stars and its tone."))
    claim_disclosed = _flag(_("Such reviews say that they were rewarded"))
    claim_points_expire = _moment(_("Points of this campaign end"))
    claim_points_noticed = _moment(_("Their owners are told on"))
    claim_label = _flag(
        _("The place's label stands beside a personal offer"), _("Where the law asks for one.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, value in read_claims(self.instance.claims).items():
            self.initial.setdefault(name, value)

    def clean(self) -> dict[str, Any]:
        """Write the fields back as the campaign's claims."""
        cleaned = super().clean()
        if LABEL in self.fields and not self.errors:
            self.instance.claims = write_claims(cleaned, self.instance.claims)
        return cleaned


def read_claims(claims: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the form for claims as stored."""
    found: dict[str, Any] = {name: claims.get(word) for name, word in PLAIN.items()}
    for name in ("claim_points_expire", "claim_points_noticed"):
        if found[name]:
            found[name] = datetime.fromisoformat(found[name])
    review = claims.get("review")
    return {
        **found,
        LEFT: claims.get("only_left") == STOCK,
        REVIEW: review is not None,
        DISCLOSED: bool((review or {}).get("is_disclosed")),
        LABEL: claims.get("label", True),
    }


def write_claims(cleaned: Mapping[str, Any], stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return the claims of cleaned fields; what the form does not know is kept from `stored`."""
    written = {*PLAIN.values(), "only_left", "review", "label"}
    claims = {word: value for word, value in stored.items() if word not in written}
    for name, word in PLAIN.items():
        value = cleaned.get(name)
        if value:
            claims[word] = value.isoformat() if isinstance(value, datetime) else value
    if cleaned.get(LEFT):
        claims["only_left"] = STOCK
    elif isinstance(stored.get("only_left"), int):
        claims["only_left"] = stored["only_left"]
    if cleaned.get(REVIEW):
        kept = {k: v for k, v in (stored.get("review") or {}).items() if k != "is_disclosed"}
        claims["review"] = {**kept, "is_disclosed": bool(cleaned.get(DISCLOSED))}
    if not cleaned.get(LABEL):
        claims["label"] = False
    return claims
