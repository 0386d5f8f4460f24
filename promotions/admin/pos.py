"""Staff tables of tills: their tokens, made and ended here, and the sales they sent."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from promotions.loyalty.api import make_pos_token, revoke_pos_token
from promotions.loyalty.models import TillAct, TillSale, TillToken
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import age_column, money_column, show_tag, tag_column
from shop.ground.staff.keys import KeySearchAdmin, read_text
from shop.ground.staff.log import write_act
from shop.ground.staff.reasons import ReasonForm, account_id, ask, go_back, tell_outcome
from shop.ground.staff.tables import KeptAdmin, ReadOnlyInline

STATE_TONES = {"open": "gray", "held": "blue", "sold": "green"}


@admin.register(TillToken)
class PosTokenAdmin(KeptAdmin):
    """A token is made for one till of one store, shown once, and never changed."""

    blank_text = _("Tokens of tills will be here; each opens the till's addresses of one store.")
    list_display = [
        "name",
        "store",
        "good_column",
        age_column("created_at", _("Made")),
        "created_by",
        "revoked_by",
    ]
    list_select_related = ["store", "created_by", "revoked_by"]
    list_filter = [("store", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name"]
    fields = ["store", "name"]
    autocomplete_fields = ["store"]
    actions_row = ["revoke"]
    actions_detail = ["revoke"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: revoke it and make another."""
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make the token and show it, this once: only its digest is kept."""
        obj.pk, token = make_pos_token(
            store_id=obj.store_id, name=obj.name, by_id=account_id(request), now=utc_now()
        )
        said = _("The till's token, shown only once: %(token)s")
        messages.warning(request, said % {"token": token})

    @admin.display(description=_("State"))
    def good_column(self, row: TillToken) -> SafeString:
        """Whether the token still opens anything."""
        return show_tag(_("revoked")) if row.revoked_at else show_tag(_("in use"), "green")

    @action(
        description=_("Revoke"),
        permissions=["act"],
        url_path="revoke",
        icon="block",
        dialog=ask(
            _("Revoke this till's token?"),
            _("The POS token is revoked at once. The sales it sent stay."),
            form_class=ReasonForm,
            submit=_("Revoke"),
        ),
    )
    def revoke(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """End the token at once."""

        def act() -> None:
            by_id = account_id(request)
            revoke_pos_token(token_id=int(object_id), by_id=by_id, now=utc_now())

        if tell_outcome(self, request, act, _("The token is revoked.")):
            row = TillToken.objects.get(pk=object_id)
            told = write_act(_("The token is revoked."), reason=form.cleaned_data["reason"])
            self.log_change(request, row, told)
        return go_back(request)


class ActInline(ReadOnlyInline):
    model = TillAct
    fields = ["at", "kind", "key", "token", "answer"]
    readonly_fields = fields
    ordering = ["-id"]


@admin.register(TillSale)
class PosSaleAdmin(KeySearchAdmin):
    blank_text = _("Sales of members, as tills sent them, will be here with their points.")
    list_display = [
        age_column("at", _("When")),
        "store",
        "reference",
        tag_column("state", _("State"), STATE_TONES),
        money_column("total_minor", _("Amount"), currency_field="currency"),
        "points_order",
    ]
    list_select_related = ["store", "points_order"]
    list_filter = [("state", ChoicesDropdownFilter)]
    search_keys = {"reference": read_text, "points_order__order_ref": read_text}
    fields = ["store", "reference", "state", "total_minor", "points_order", "lines", "sold_at"]
    inlines = [ActInline]
    ordering = ["-id"]
