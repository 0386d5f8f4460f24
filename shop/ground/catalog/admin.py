"""Staff tables of the catalogue."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter, ChoicesDropdownFilter

from shop.ground.catalog.core.facts import FactSource, FactsValue
from shop.ground.catalog.core.slugs import make_slug
from shop.ground.catalog.forms import CategoryForm, MarketForm, SynonymForm
from shop.ground.catalog.models import (
    Brand,
    Category,
    Market,
    Product,
    ProductPicture,
    ProductWeek,
    SearchSynonym,
    Store,
    Variant,
)
from shop.ground.catalog.selectors.staff import find_product_ids, find_variant_ids
from shop.ground.catalog.services import refresh_search, state_facts
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.ids import uuid7_at
from shop.ground.staff.choosing import change_products, may_change_products
from shop.ground.staff.columns import money_column, percent_column, show_link, tag_column
from shop.ground.staff.filters import MoneyRangeFilter
from shop.ground.staff.keys import KeySearch, read_text, read_words
from shop.ground.staff.numbers import show_units
from shop.ground.staff.phrases import join_names
from shop.ground.staff.roles import may_see_cost
from shop.ground.staff.tables import KeptAdmin, ReadOnlyAdmin, StaffAdmin

PICTURE_TONES = {"pending": "amber", "ready": "green", "refused": "red"}


@admin.register(Market)
class MarketAdmin(KeptAdmin):
    form = MarketForm
    blank_text = _("Add a market with its currency and time zone. The import adds the first one.")
    list_display = ["code", "name", "currency", "country", "is_active", "check_link"]
    search_fields = ["code", "name"]
    # Code and currency are in every price ever kept.
    fixed_fields = ["code", "currency", "is_home", "check_link"]

    def response_add(self, request: HttpRequest, obj: Market, post_url_continue: Any = None) -> Any:
        """Go on with what a new market still needs."""
        super().response_add(request, obj, post_url_continue)  # says that it was added
        return HttpResponseRedirect(reverse("admin:market_check", args=[obj.pk]))

    @admin.display(description=_("Still missing"))
    def check_link(self, row: Market) -> SafeString | str:
        """What is set up for the market and what is missing."""
        return show_link("admin:market_check", row.pk, _("what is missing"))


@admin.register(Store)
class StoreAdmin(KeptAdmin):
    blank_text = _("Stores come with an import of sales.")
    list_display = ["name", "external_ref", "market"]
    list_select_related = ["market"]
    list_filter = ["market"]
    search_fields = ["name", "external_ref"]


@admin.register(Category)
class CategoryAdmin(KeptAdmin):
    form = CategoryForm
    blank_text = _("Add a category here or on the page of a product; an import adds its own.")
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
    fields = ["name", "name_zh", "parent", "icon", "position"]
    fields += ["is_restricted", "is_child_directed", "is_sensitive", "is_perishable"]
    fields += readonly_fields

    actions = ["change_many"]
    list_disable_select_all = False
    fixed_fields = ["parent"]  # addresses and offers name its path

    def has_choose_permission(self, request: HttpRequest) -> bool:
        """Whether the reader may change many products at once."""
        return may_change_products(request)

    @admin.action(description=_("Change products inside…"), permissions=["choose"])
    def change_many(self, request: HttpRequest, queryset: QuerySet[Category]) -> HttpResponse:
        """Choose the products of categories and of all below them, and ask what is changed."""
        inside = Q()
        for path in queryset.values_list("path", flat=True):
            inside |= Q(category__path=path) | Q(category__path__startswith=f"{path}/")
        chosen = Product.objects.filter(inside).values_list("pk", flat=True)
        return change_products(request, chosen)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Category]:
        """Count products beside the categories shown, with the rows."""
        rows: QuerySet[Category] = super().get_queryset(request)
        inside = Product.objects.filter(category=OuterRef("pk")).order_by().values("category")
        return rows.annotate(
            products_in=Subquery(inside.annotate(count=Count("pk")).values("count"))
        )

    def save_model(self, request: HttpRequest, obj: Category, form: Any, change: bool) -> None:
        """Have its products found by its new name, and keep whether they are perishable."""
        super().save_model(request, obj, form, change)
        if "is_perishable" in form.changed_data:
            said = form.cleaned_data["is_perishable"]
            state_facts(
                kind="category",
                pk=obj.pk,
                facts=FactsValue(is_perishable=said, source=FactSource.SHOP),
            )
        refresh_search()

    @admin.display(description=_("Category"), ordering="path")
    def indented_name(self, row: Category) -> SafeString:
        """The name, moved right by its depth."""
        return format_html('<span class="ft-depth-{}">{}</span>', row.depth, row)

    @admin.display(description=_("Products"), ordering="products_in")
    def product_count(self, row: Any) -> int:
        """Products directly in the category."""
        return int(row.products_in or 0)


@admin.register(Brand)
class BrandAdmin(KeptAdmin):
    blank_text = _("Add a brand here or on the page of a product; an import adds its own.")
    list_display = ["name", "external_ref", "is_private_label"]
    list_filter = ["is_private_label"]
    search_fields = ["name", "external_ref"]
    readonly_fields = ["external_ref"]

    def save_model(self, request: HttpRequest, obj: Brand, form: Any, change: bool) -> None:
        """Give a new brand the reference that lists name it by; have products found by its name."""
        if not obj.external_ref:
            ending = uuid7_at(utc_now()).hex[-12:]
            obj.external_ref = f"{make_slug([obj.name])[:46] or 'brand'}-{ending}"
        super().save_model(request, obj, form, change)
        refresh_search()


@admin.register(SearchSynonym)
class SearchSynonymAdmin(StaffAdmin):
    form = SynonymForm
    blank_text = _("Add what shoppers type and no product is called. The demo brings its own.")
    list_display = ["term", "meaning", "language"]
    list_filter = ["language"]
    search_fields = ["term", "meanings"]
    fields = ["term", "meanings", "language"]

    @admin.display(description=_("Meanings"))
    def meaning(self, row: SearchSynonym) -> str:
        """The meanings, or that the words of the term stay together."""
        return join_names(row.meanings) if row.meanings else str(_("only together"))


@admin.register(Product)
class ProductAdmin(KeySearch, KeptAdmin):
    blank_text = _("Add your first product, or import a list of them.")
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
    actions = ["change_many"]
    list_disable_select_all = False

    @admin.action(description=_("Change many…"), permissions=["change"])
    def change_many(self, request: HttpRequest, queryset: QuerySet[Product]) -> HttpResponse:
        """Keep the choice and ask what is changed."""
        return change_products(request, queryset.values_list("pk", flat=True))

    def add_view(self, request: HttpRequest, *_args: Any, **_options: Any) -> HttpResponse:
        """Lead to the page of a new product, which makes prices, stock and words with it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:product_add"))

    def change_view(
        self, request: HttpRequest, object_id: str, *_args: Any, **_options: Any
    ) -> HttpResponse:
        """Lead to the product's page."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        return HttpResponseRedirect(reverse("admin:product_change", args=[object_id]))

    @admin.display(description=_("Popularity"), ordering="popularity")
    def popularity_rounded(self, row: Product) -> str:
        """Popularity with three digits."""
        return show_units(row.popularity)


COST = money_column("cost_minor", _("Cost"))


@admin.register(Variant)
class VariantAdmin(KeySearch, KeptAdmin):
    blank_text = _("Variants are added on the page of their product, or by a list.")
    list_display = [
        "sku",
        "product",
        "size",
        money_column("list_minor", _("List price")),
        "list_source",
        COST,
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
    ordering = ["-id"]
    allows_add = False  # variants are added on the page of their product, or by a list

    def list_columns(self, request: HttpRequest) -> list[Any]:
        """Leave the cost out for who may not see it."""
        shown = list(super().list_columns(request))
        return shown if may_see_cost(request.user) else [one for one in shown if one is not COST]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Variant]:
        """Read free stock with the rows: no query per line."""
        rows: QuerySet[Variant] = super().get_queryset(request)
        online = Variant.objects.filter(pk=OuterRef("pk"), stock_records__location__code="online")
        return rows.annotate(
            on_hand=Subquery(online.values("stock_records__on_hand")[:1]),
            reserved=Subquery(online.values("stock_records__reserved")[:1]),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, *_args: Any, **_options: Any
    ) -> HttpResponse:
        """Lead to the page of its product, the one form of it."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        page = reverse("admin:product_change", args=[row.product_id])
        return HttpResponseRedirect(f"{page}#ft-variants")

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
