"""Staff tables of the stock."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action

from shop.ground.catalog.selectors.staff import find_variant_ids
from shop.ground.inventory.models import StockLocation, StockMovement, StockRecord, StockReservation
from shop.ground.inventory.services import adjust_stock
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.choosing import change_products, may_change_products
from shop.ground.staff.columns import age_column, show_tag, tag_column
from shop.ground.staff.keys import KeySearchAdmin, read_text
from shop.ground.staff.reasons import CountForm, ask, go_back, tell_outcome
from shop.ground.staff.tables import KeptAdmin, ReadOnlyAdmin

STATE_TONES = {"held": "amber", "committed": "green", "released": "gray"}


@admin.register(StockLocation)
class StockLocationAdmin(KeptAdmin):
    blank_text = _("Add a place that holds stock, such as a warehouse.")
    list_display = ["code", "name", "store"]
    list_select_related = ["store"]
    search_fields = ["code", "name"]
    autocomplete_fields = ["store"]


class SoldOutFilter(admin.SimpleListFilter):
    title = _("free to sell")
    parameter_name = "free"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The two answers."""
        return [("none", _("sold out")), ("some", _("in stock"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Compare what lies there with what is spoken for."""
        if self.value() == "none":
            return queryset.filter(reserved=F("on_hand"))
        if self.value() == "some":
            return queryset.filter(reserved__lt=F("on_hand"))
        return queryset


@admin.register(StockRecord)
class StockRecordAdmin(KeySearchAdmin):
    """Read-only but for a count: stock moves by sales, deliveries and returns, each a movement."""

    blank_text = _("Stock comes with an import of products, one row for each variant and location.")
    list_display = ["variant", "product_name", "location", "on_hand", "reserved", "free"]
    list_display += ["next_delivery"]
    list_select_related = ["variant__product", "location"]
    list_filter = ["location", SoldOutFilter]
    search_keys = {"variant__sku__startswith": read_text, "variant_id__in": find_variant_ids}
    search_help_text = _("SKU or words")
    ordering = ["-id"]
    actions = ["change_many"]
    list_disable_select_all = False
    actions_detail = ["enter_count"]
    actions_row = ["enter_count"]

    def has_choose_permission(self, request: HttpRequest) -> bool:
        """Whether the reader may change many products at once."""
        return may_change_products(request)

    @admin.action(description=_("Change many…"), permissions=["choose"])
    def change_many(self, request: HttpRequest, queryset: QuerySet[StockRecord]) -> HttpResponse:
        """Choose the products that lie there, and ask what is changed: their stock, for one."""
        return change_products(request, queryset.values_list("variant__product_id", flat=True))

    @admin.display(description=_("Product"))
    def product_name(self, row: StockRecord) -> str:
        """What it is."""
        return str(row.variant.product)

    @admin.display(description=_("Free"))
    def free(self, row: StockRecord) -> SafeString:
        """Pieces that can be sold now; red when there are none."""
        pieces = row.on_hand - row.reserved
        return show_tag(pieces, "green" if pieces else "red")

    @action(
        description=_("Enter a count"),
        permissions=["act"],
        url_path="count",
        icon="fact_check",
        dialog=ask(
            _("Enter a count"),
            _("Sets the current count. The difference becomes a movement."),
            form_class=CountForm,
            submit=_("Save the count"),
        ),
    )
    def enter_count(self, request: HttpRequest, form: CountForm, object_id: str) -> HttpResponse:
        """Set what a count found."""
        record = StockRecord.objects.select_related("location").get(pk=object_id)
        tell_outcome(
            self,
            request,
            lambda: adjust_stock(
                variant_id=record.variant_id,
                on_hand=form.cleaned_data["pieces"],
                reference=form.cleaned_data["reason"][:80],
                now=utc_now(),
                location=record.location.code,
            ),
            _("The count is saved."),
        )
        return go_back(request)


@admin.register(StockReservation)
class StockReservationAdmin(ReadOnlyAdmin):
    blank_text = _(
        "Pieces are held here from the beginning of a checkout until it is paid or given up."
    )
    list_display = [
        "holder",
        "variant",
        "location",
        "quantity",
        tag_column("state", _("State"), STATE_TONES),
        age_column("expires_at", _("Until")),
    ]
    list_select_related = ["variant", "location"]
    list_filter = [("state", ChoicesDropdownFilter), "location"]
    search_fields = ["holder__startswith", "variant__sku__startswith"]


@admin.register(StockMovement)
class StockMovementAdmin(ReadOnlyAdmin):
    blank_text = _("Each sale, delivery, return and count that moves stock is listed here.")
    list_display = ["at", "kind", "variant", "location", "quantity", "reference"]
    list_select_related = ["variant", "location"]
    list_filter = [("kind", ChoicesDropdownFilter), "location", ("at", RangeDateTimeFilter)]
    search_fields = ["variant__sku__startswith", "reference__startswith"]
    ordering = ["-id"]
