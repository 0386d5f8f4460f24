"""Staff tables of tills: their tokens, made and ended here, and the sales they sent."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from promotions.admin.tokens import TokenAdmin
from promotions.loyalty.api import make_pos_token
from promotions.loyalty.models import TillAct, TillSale, TillToken
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import age_column, money_column, tag_column
from shop.ground.staff.keys import KeySearchAdmin, read_text
from shop.ground.staff.reasons import account_id
from shop.ground.staff.tables import ReadOnlyInline

STATE_TONES = {"open": "gray", "held": "blue", "sold": "green"}


@admin.register(TillToken)
class PosTokenAdmin(TokenAdmin):
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
    fields = ["store", "name"]
    autocomplete_fields = ["store"]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make the token and show it, this once: only its digest is kept."""
        obj.pk, token = make_pos_token(
            store_id=obj.store_id, name=obj.name, by_id=account_id(request), now=utc_now()
        )
        said = _("The till's token, shown only once: %(token)s")
        messages.warning(request, said % {"token": token})


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
