"""Staff tables of the catalogue."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    ChoicesDropdownFilter,
)

from shop.catalog.models import (
    Brand,
    Category,
    Market,
    Product,
    ProductPicture,
    ProductWeek,
    Store,
    Variant,
)
from shop.catalog.selectors.staff import find_product_ids, find_variant_ids
from shop.kernel.clock import utc_now
from shop.staff.columns import money_column, percent_column, show_link, tag_column
from shop.staff.filters import MoneyRangeFilter
from shop.staff.keys import KeySearch, read_text, read_words
from shop.staff.numbers import show_units
from shop.staff.tables import KeptAdmin, ReadOnlyAdmin, ReadOnlyInline

PICTURE_TONES = {"pending": "amber", "ready": "green", "refused": "red"}


@admin.register(Market)
class MarketAdmin(KeptAdmin):
    blank_text = _("Add a market with its currency and time zone. The import adds the first one.")
    list_display = ["code", "name", "currency", "country", "jurisdiction_code", "language"]
    search_fields = ["code", "name"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """A market's code and currency are in every price ever kept: they never change."""
        return ["code", "currency"] if obj else []


@admin.register(Store)
class StoreAdmin(KeptAdmin):
    blank_text = _("Stores come with an import of sales.")
    list_display = ["name", "external_ref", "market"]
    list_select_related = ["market"]
    list_filter = ["market"]
    search_fields = ["name", "external_ref"]


@admin.register(Category)
class CategoryAdmin(KeptAdmin):
    blank_text = _("Categories come with an import of products.")
    list_display = [
        "indented_name",
        "name_zh",
        "path",
        "product_count",
        "is_restricted",
        "is_sensitive",
    ]
    list_filter = ["depth", "is_restricted", "is_child_directed", "is_sensitive"]
    search_fields = ["name", "name_zh", "path"]
    autocomplete_fields = ["parent"]
    ordering = ["path"]
    readonly_fields = ["external_ref", "path", "depth"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        """Count products beside the categories shown, with the rows."""
        rows: QuerySet[Category] = super().get_queryset(request)
        inside = Product.objects.filter(category=OuterRef("pk")).order_by().values("category")
        return rows.annotate(
            products_in=Subquery(inside.annotate(count=Count("pk")).values("count"))
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """The tree comes with an import, which keeps path, depth and references together."""
        return False

    @admin.display(description=_("Category"), ordering="path")
    def indented_name(self, row: Category) -> SafeString:
        """The name, moved right by its depth."""
        return format_html('<span class="ft-depth-{}">{}</span>', row.depth, row.name)

    @admin.display(description=_("Products"), ordering="products_in")
    def product_count(self, row: Any) -> int:
        """Products directly in the category."""
        return int(row.products_in or 0)


@admin.register(Brand)
class BrandAdmin(KeptAdmin):
    blank_text = _("Brands come with an import of products.")
    list_display = ["name", "external_ref", "is_private_label"]
    list_filter = ["is_private_label"]
    search_fields = ["name", "external_ref"]


class VariantInline(ReadOnlyInline):
    model = Variant
    show_change_link, show_title = True, True  # the link stands in the title
    fields = ["sku", "name", money_column("list_minor", _("List price")), "is_active"]
    readonly_fields = fields


@admin.register(Product)
class ProductAdmin(KeySearch, KeptAdmin):
    blank_text = _("Products come with an import: manage.py import_journey.")
    list_display = ["name", "name_zh", "category", "brand", "popularity_rounded", "is_active"]
    list_select_related = ["category", "brand"]
    list_filter = [
        "is_active",
        ("category", AutocompleteSelectFilter),
        ("brand", AutocompleteSelectFilter),
    ]
    search_keys = {
        "name__icontains": read_text,
        "name_zh__icontains": read_text,
        "external_ref__startswith": read_text,
        "category__name__icontains": read_words,
        "id__in": find_product_ids,
    }
    ordering = ["-popularity"]
    autocomplete_fields = ["category", "brand"]
    readonly_fields = ["external_ref", "slug", "popularity", "created_at"]
    fieldsets = [
        (None, {"fields": ["name", "name_zh", "category", "brand", "description", "is_active"]}),
        (_("Origin"), {"fields": ["external_ref", "slug", "popularity", "created_at"]}),
    ]
    inlines = [VariantInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Products come with an import: prices, words and pictures are made with them."""
        return False

    @admin.display(description=_("Popularity"), ordering="popularity")
    def popularity_rounded(self, row: Product) -> str:
        """Popularity with three digits."""
        return show_units(row.popularity)


@admin.register(Variant)
class VariantAdmin(KeySearch, KeptAdmin):
    blank_text = _("Variants come with their products in an import.")
    list_display = [
        "sku",
        "product",
        "size",
        money_column("list_minor", _("List price")),
        "list_source",
        money_column("cost_minor", _("Cost")),
        "stock_free",
        "curve_link",
        "is_active",
    ]
    list_select_related = ["product"]
    list_filter = [
        "is_active",
        ("list_source", ChoicesDropdownFilter),
        ("cost_source", ChoicesDropdownFilter),
        ("list_minor", MoneyRangeFilter),
    ]
    search_keys = {
        "sku__startswith": read_text,
        "external_ref__startswith": read_text,
        "id__in": find_variant_ids,
    }
    search_help_text = _("SKU or words")
    autocomplete_fields = ["product"]
    ordering = ["-id"]
    readonly_fields = ["external_ref", "sku", "list_minor", "list_source", "curve_link"]
    fieldsets = [
        (None, {"fields": ["product", "sku", "name", "is_active", "position"]}),
        (_("Size"), {"fields": ["measure_amount", "measure_unit"]}),
        (
            _("Money"),
            {
                "fields": ["list_minor", "list_source", "cost_minor", "cost_source", "curve_link"],
                "description": _("List prices change under Public prices."),
            },
        ),
        (_("Origin"), {"fields": ["external_ref", "gtin"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        """Read free stock with the rows: no query per line."""
        rows: QuerySet[Variant] = super().get_queryset(request)
        online = Variant.objects.filter(pk=OuterRef("pk"), stock_records__location__code="online")
        return rows.annotate(
            on_hand=Subquery(online.values("stock_records__on_hand")[:1]),
            reserved=Subquery(online.values("stock_records__reserved")[:1]),
        )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Variants come with an import, which also opens their price ledger and stock."""
        return False

    def save_model(self, request: HttpRequest, obj: Variant, form: Any, change: bool) -> None:
        """Note when somebody typed a cost: a word about this one, whatever the feed says."""
        if {"cost_minor", "cost_source"} & set(form.changed_data):
            obj.cost_stated_at = utc_now()
        super().save_model(request, obj, form, change)

    @admin.display(description=_("Size"), ordering="name")
    def size(self, row: Variant) -> str:
        """What tells it from the product's other variants."""
        return row.name or "–"

    @admin.display(description=_("Free online"))
    def stock_free(self, row: Any) -> str:
        """Pieces that can be sold online."""
        return "–" if row.on_hand is None else str(row.on_hand - row.reserved)

    @admin.display(description=_("Demand"))
    def curve_link(self, row: Variant) -> SafeString | str:
        """A link to the demand curve."""
        return show_link("admin:demand_curve", row.pk, _("curve"))

    def view_on_site(self, row: Variant) -> str:
        """The product page in the store."""
        return reverse("product", args=[row.product.slug])


@admin.register(ProductPicture)
class ProductPictureAdmin(ReadOnlyAdmin):
    blank_text = _("Pictures are uploaded on the page of a product.")
    list_display = [
        "file_name",
        "product",
        tag_column("state", _("State"), PICTURE_TONES),
        "refusal",
        "position",
        "created_at",
    ]
    list_select_related = ["product"]
    list_filter = [("state", ChoicesDropdownFilter)]
    search_fields = ["file_name__startswith", "product__external_ref__startswith"]
    ordering = ["-id"]


@admin.register(ProductWeek)
class ProductWeekAdmin(ReadOnlyAdmin):
    blank_text = _("Weeks in which a product was on display or in the mailer come with an import.")
    list_display = [
        "variant",
        "week_start",
        percent_column("display_share", _("On display")),
        percent_column("mailer_share", _("In the mailer")),
    ]
    list_select_related = ["variant"]
    search_fields = ["variant__sku__startswith"]
    ordering = ["-id"]
