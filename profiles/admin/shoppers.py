"""Staff tables of shoppers: who, what they agreed to, what they did."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
    RelatedDropdownFilter,
)

from profiles.events.models import Event
from profiles.recommend.models import SimilarityVersion
from profiles.segments.api import name_tags
from profiles.segments.models import Segment, SegmentVersion, ShopperProfile
from profiles.shoppers.models.audit import AuditTrait
from profiles.shoppers.models.consent import ConsentRecord
from profiles.shoppers.models.shoppers import Shopper
from shop.ground.staff.columns import (
    age_column,
    document_cell,
    show_link,
    show_money,
    show_tag,
    start_column,
    tag_column,
)
from shop.ground.staff.keys import KeySearchAdmin, read_household, read_text, read_uuid, read_words
from shop.ground.staff.masked import MaskedAdmin
from shop.ground.staff.phrases import join_names
from shop.ground.staff.roles import is_auditor, mask_email, mask_text
from shop.ground.staff.tables import KeptAdmin, ReadOnlyAdmin

A_DAY = timedelta(days=1)
# Page, order and kind select from the whole table: they do not make it smaller by an index.
NOT_A_QUESTION = {"p", "o", "kind", "kind__exact"}


@admin.register(Shopper)
class ShopperAdmin(MaskedAdmin, KeySearchAdmin):
    blank_text = _("Shoppers come with an import, and each new visitor who shops is added.")
    list_display = [
        "name_or_pseudonym",
        "segment",
        "tags",
        "consents",
        "home_store",
        age_column("last_seen_at", _("Last seen")),
        "overview_link",
    ]
    list_select_related = ["profile__segment", "home_store", "account"]
    list_filter = [
        "consent_price",
        "consent_marketing",
        ("profile__segment", RelatedDropdownFilter),
        ("last_seen_at", RangeDateTimeFilter),
    ]
    search_keys = {
        "pseudonym": read_uuid,
        "external_ref__in": read_household,
        "account__email": lambda text: text.strip().lower() if "@" in text else None,
        "account__first_name__istartswith": read_words,
        "account__last_name__istartswith": read_words,
    }
    search_help_text = _("household, e-mail address, name or pseudonym")
    personal = {
        "account__email": mask_email,
        "account__first_name": mask_text,
        "account__last_name": mask_text,
    }
    fieldsets = [
        (None, {"fields": ["pseudonym", "external_ref", "account", "home_store", "market_code"]}),
        (
            _("Consent"),
            {
                "fields": [
                    "consent_price",
                    "consent_recommendations",
                    "consent_marketing",
                    "consent_analytics",
                    "opt_out_reason",
                    "is_minor",
                ]
            },
        ),
        (
            _("Life cycle"),
            {"fields": ["created_at", "last_seen_at", "merged_into", "erased_at", "overview_link"]},
        ),
    ]
    readonly_fields = ["overview_link"]

    @admin.display(description=_("Shopper"))
    def name_or_pseudonym(self, row: Shopper) -> str:
        """The household of an import, or the start of the pseudonym."""
        return row.external_ref or str(row.pseudonym)[:8]

    @admin.display(description=_("Segment"), ordering="profile__segment__name")
    def segment(self, row: Shopper) -> str:
        """The segment's name."""
        profile = getattr(row, "profile", None)
        return profile.segment.name if profile and profile.segment else "–"

    @admin.display(description=_("Tags"))
    def tags(self, row: Shopper) -> SafeString | str:
        """The tags as labels."""
        profile = getattr(row, "profile", None)
        tags = name_tags(tuple(profile.tags) if profile else (), get_language() or "en")
        return format_html_join(" ", "{}", ((show_tag(tag, "blue"),) for tag in tags)) or "–"

    @admin.display(description=_("Agreed to"))
    def consents(self, row: Shopper) -> str:
        """What the shopper agreed to."""
        answers = [
            (row.consent_price, _("prices")),
            (row.consent_recommendations, _("picks")),
            (row.consent_marketing, _("mail")),
            (row.consent_analytics, _("analytics")),
        ]
        return join_names(name for is_granted, name in answers if is_granted) or "–"

    @admin.display(description=_("Overview"))
    def overview_link(self, row: Shopper) -> SafeString | str:
        """The page with everything about the shopper."""
        return show_link("admin:shopper_overview", row.pk, _("open"))


@admin.register(ShopperProfile)
class ShopperProfileAdmin(ReadOnlyAdmin):
    blank_text = _("A shopper's segment, tags and features are computed after the first purchases.")
    list_display = ["shopper", "segment", "tags", age_column("refreshed_at", _("Refreshed"))]
    list_select_related = ["shopper", "segment"]
    list_filter = [("segment", RelatedDropdownFilter)]
    search_fields = ["shopper__external_ref__startswith"]
    fields = [
        "shopper",
        "segment",
        "tags",
        "refreshed_at",
        document_cell("features", _("Features")),
    ]
    readonly_fields = fields


@admin.register(Segment)
class SegmentAdmin(KeptAdmin):
    blank_text = _(
        "Segments are found in the purchases of the shoppers. The next nightly fit fills this list."
    )
    list_display = ["name", "name_zh", "code", "shopper_count", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name", "name_zh", "code"]
    fields = ["code", "name", "name_zh", "description", "description_zh", "shopper_count"]
    readonly_fields = ["code", "shopper_count"]
    allows_add = False  # segments are found by the fit; staff may only give them better names


class FitAdmin(ReadOnlyAdmin):
    """A fit kept as arrays: metrics are shown, the arrays stay in the database."""

    blank_text = _("Each nightly fit is listed here with its quality.")
    list_display = ["fitted_at", "as_of", "is_active", start_column("sha256", _("Hash"))]
    list_filter = ["is_active"]
    fields = ["fitted_at", "as_of", "is_active", "sha256", document_cell("metrics", _("Metrics"))]
    readonly_fields = fields
    left_out = ["arrays"]  # they are megabytes


admin.site.register(SegmentVersion, FitAdmin)
admin.site.register(SimilarityVersion, FitAdmin)


@admin.register(ConsentRecord)
class ConsentRecordAdmin(KeySearchAdmin):
    blank_text = _("Each answer of a shopper about the use of their data is listed here.")
    list_display = ["recorded_at", "shopper", "purpose", "answer", "how", "locale", "text_version"]
    list_select_related = ["shopper"]
    list_filter = [
        ("purpose", ChoicesDropdownFilter),
        "is_granted",
        ("recorded_at", RangeDateTimeFilter),
    ]
    search_keys = {"shopper__pseudonym": read_uuid, "shopper__external_ref": read_text}
    ordering = ["-id"]

    @admin.display(description=_("Answer"), ordering="is_granted")
    def answer(self, row: ConsentRecord) -> SafeString:
        """Granted or withdrawn."""
        granted = row.is_granted
        return show_tag(_("granted") if granted else _("withdrawn"), "green" if granted else "red")


@admin.register(Event)
class EventAdmin(KeySearchAdmin):
    blank_text = _("Views, searches, carts and purchases of shoppers who agreed are listed here.")
    list_display = [
        "occurred_at",
        tag_column(
            "kind",
            _("Kind"),
            {"purchase": "green", "order": "green", "return": "red", "cart_add": "amber"},
        ),
        "shopper",
        "variant_link",
        "paid",
        "query",
        "channel",
        "quote_link",
    ]
    list_select_related = ["shopper"]
    list_filter = [("kind", ChoicesDropdownFilter), ("occurred_at", RangeDateTimeFilter)]
    search_keys = {
        "id": read_uuid,
        "quote_id": read_uuid,
        "shopper__pseudonym": read_uuid,
        "shopper__external_ref": read_text,
    }
    search_help_text = _("event id, quote id, shopper's pseudonym or reference")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Without a question show the last day somebody was here: the table has no end."""
        rows: QuerySet[Event] = super().get_queryset(request)
        page = request.resolver_match
        is_list = page is not None and page.url_name == "profiles_event_changelist"
        if not is_list or set(request.GET) - NOT_A_QUESTION:
            return rows
        newest = Shopper.objects.order_by("-last_seen_at").values_list("last_seen_at", flat=True)
        last_seen_at = newest.first()
        return rows if last_seen_at is None else rows.filter(occurred_at__gte=last_seen_at - A_DAY)

    @admin.display(description=_("Variant"))
    def variant_link(self, row: Event) -> SafeString | str:
        """A link to the variant's page."""
        return show_link("admin:shop_variant_change", row.variant_id, row.variant_id)

    @admin.display(description=_("Paid"))
    def paid(self, row: Event) -> str:
        """What was paid for the line."""
        return show_money(row.paid_minor)

    @admin.display(description=_("Quote"))
    def quote_link(self, row: Event) -> SafeString | str:
        """A link to the quote behind the price."""
        return show_link("admin:quote", row.quote_id, _("quote"))


@admin.register(AuditTrait)
class AuditTraitAdmin(ReadOnlyAdmin):
    """For auditors only: not even the superuser reads these beside prices by accident."""

    blank_text = _(
        "Traits that shoppers give of their own will for fairness audits are listed here."
    )
    list_display = ["shopper_number", "name", "value"]
    list_filter = ["name"]
    ordering = ["id"]

    @admin.display(description=_("Shopper"), ordering="shopper_id")
    def shopper_number(self, row: AuditTrait) -> int:
        """The shopper's number alone: a trait leads to no page."""
        return int(row.shopper_id)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only auditors."""
        return is_auditor(request.user) and bool(super().has_view_permission(request, obj))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Only auditors see the name of the table."""
        return is_auditor(request.user)
