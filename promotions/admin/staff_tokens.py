"""The staff table of tokens by which other systems do what staff do."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
)

from promotions.admin.tokens import TokenAdmin
from promotions.tokens.api import LONGEST_LIFE, StaffScope, make_staff_token
from promotions.tokens.models import StaffToken
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import age_column
from shop.ground.staff.phrases import join_clauses
from shop.ground.staff.reasons import account_id

USUAL_DAYS = 90
SCOPES = (
    (StaffScope.READ.value, _("Read campaigns")),
    (StaffScope.WRITE.value, _("Write drafts and codes")),
    (StaffScope.RELEASE.value, _("Hand in, take back, pause, resume and end")),
    (StaffScope.PRODUCTS_READ.value, _("Read products and lists of them")),
    (
        StaffScope.PRODUCTS_WRITE.value,
        _("Write products, prices and pictures; import lists"),
    ),
    (StaffScope.STOCK_WRITE.value, _("Receive and count stock")),
    (StaffScope.ORDERS_READ.value, _("Read orders and returns")),
    (StaffScope.ORDERS_SHIP.value, _("Pack, ship and deliver")),
    (StaffScope.ORDERS_REFUND.value, _("Receive and inspect returns, give money back")),
)


class TokenForm(forms.ModelForm):
    """What the token is for, what it opens and for how long."""

    scopes = forms.MultipleChoiceField(
        label=_("Opens"),
        choices=SCOPES,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text=_("Your own rights are asked at each call; no token approves anything."),
    )
    days = forms.IntegerField(
        label=_("Days until it expires"),
        min_value=1,
        max_value=LONGEST_LIFE.days,
        initial=USUAL_DAYS,
        widget=UnfoldAdminIntegerFieldWidget(),
    )

    class Meta:
        model = StaffToken
        fields = ["name", "scopes", "prices_a_day"]


@admin.register(StaffToken)
class StaffTokenAdmin(TokenAdmin):
    """A token acts for whoever makes it, is shown once, and never changed."""

    blank_text = _("Tokens by which other systems work for staff will be here.")
    list_display = [
        "name",
        "account",
        "opens",
        "prices_a_day",
        "good_column",
        age_column("created_at", _("Made")),
        "expires_at",
        "revoked_by",
    ]
    list_select_related = ["account", "revoked_by"]
    fixed_fields = list_display

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any
    ) -> Any:
        """Ask what a new token is for; a stored one is only read."""
        if obj is None:
            options["form"] = TokenForm
        return super().get_form(request, obj, change=change, **options)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the questions, or what is known of a token."""
        return ["name", "scopes", "prices_a_day", "days"] if obj is None else self.list_display

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make the token and show it, this once: only its digest is kept."""
        now = utc_now()
        obj.pk, token = make_staff_token(
            account_id=account_id(request),
            name=obj.name,
            scopes=form.cleaned_data["scopes"],
            prices_a_day=obj.prices_a_day,
            expires_at=now + timedelta(days=form.cleaned_data["days"]),
            now=now,
        )
        said = _("Your token, shown only once: %(token)s")
        messages.warning(request, said % {"token": token})

    @admin.display(description=_("Opens"))
    def opens(self, row: StaffToken) -> str:
        """What it may do at most, in the words of the form."""
        return join_clauses(said for scope, said in SCOPES if scope in row.scopes)
