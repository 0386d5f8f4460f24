"""Staff tables of prices: what holds now, what held before, the published books."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import (
    ChoicesDropdownFilter,
    RangeDateTimeFilter,
    TextFilter,
)
from unfold.decorators import action
from unfold.widgets import UnfoldBooleanWidget

from pricing.ledger.models.books import PriceBook, PriceBookEntry
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.publishing.core.values import Meant, name_setter
from pricing.publishing.services.price_gate import say_doubtful
from pricing.publishing.services.products import Ask, doubt_list_prices, set_list_prices
from pricing.publishing.services.proposals import recall_list_prices
from shop.ground.catalog.selectors.staff import find_variant_ids
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import (
    age_column,
    document_cell,
    money_column,
    show_link,
    show_money,
    start_column,
    tag_column,
)
from shop.ground.staff.filters import ChannelFilter, MoneyRangeFilter
from shop.ground.staff.keys import KeySearchAdmin, read_text
from shop.ground.staff.log import write_act
from shop.ground.staff.money import price_field, read_currency
from shop.ground.staff.numbers import EMPTY, show_change
from shop.ground.staff.reasons import ReasonForm, account_id, ask, go_back, tell_outcome
from shop.ground.staff.tables import ReadOnlyAdmin

SOURCE_TONES = {
    "merchant": "blue",
    "staff": "amber",
    "model": "green",
    "gate": "red",
    "shock": "blue",
    "experiment": "blue",
}


class ListPriceForm(ReasonForm):
    """Asks for the new list price, in major units as people write it."""

    amount = price_field(label=_("New list price"))
    meant = forms.BooleanField(
        label=_("Yes, this price is meant"), required=False, widget=forms.HiddenInput()
    )
    field_order = ["amount", "meant", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._rows = PublicPrice.objects.filter(pk=int(self.object_id or 0))
        self.fields["amount"].use_currency(read_currency(self._rows))

    def clean(self) -> dict[str, Any]:
        """Ask once more for a doubtful price."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if "amount" not in cleaned or cleaned.get("meant"):
            return cleaned
        row = self._rows.get()
        asks = {row.variant_id: Ask(cleaned["amount"])}
        if doubts := doubt_list_prices(asks=asks, market=row.market_id, channel=row.channel):
            self.fields["meant"].widget = UnfoldBooleanWidget()
            self.add_error("meant", say_doubtful(len(doubts)))
        return cleaned


class MovedFilter(admin.SimpleListFilter):
    title = _("public price against list")
    parameter_name = "moved"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The three places a public price can be."""
        return [("below", _("below list")), ("equal", _("at list")), ("above", _("above list"))]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[PublicPrice]
    ) -> QuerySet[PublicPrice]:
        """Compare the two prices of each row."""
        if self.value() == "below":
            return queryset.filter(public_minor__lt=F("list_minor"))
        if self.value() == "equal":
            return queryset.filter(public_minor=F("list_minor"))
        if self.value() == "above":
            return queryset.filter(public_minor__gt=F("list_minor"))
        return queryset


@admin.register(PublicPrice)
class PublicPriceAdmin(KeySearchAdmin):
    blank_text = _("Products get a public price when they are imported with a list price.")
    list_display = [
        "variant",
        "product_name",
        money_column("list_minor", _("List price"), currency_field="market.currency"),
        money_column("public_minor", _("Public price"), currency_field="market.currency"),
        "against_list",
        age_column("changed_at", _("Changed")),
        "curve_link",
    ]
    list_select_related = ()  # not False: Django would join the variants by itself
    list_filter = [MovedFilter, ChannelFilter, ("public_minor", MoneyRangeFilter)]
    search_keys = {"variant__sku__startswith": read_text, "variant_id__in": find_variant_ids}
    search_help_text = _("SKU or words")
    ordering = ["-changed_at", "-id"]
    fields = [
        "variant",
        "product_name",
        "market",
        "channel",
        money_column("list_minor", _("List price"), currency_field="market.currency"),
        money_column("public_minor", _("Public price"), currency_field="market.currency"),
        money_column(
            "anchor_minor",
            _("Anchor: last price not set by the model"),
            currency_field="market.currency",
        ),
        "changed_at",
        "curve_link",
    ]
    readonly_fields = fields
    actions_detail = ["set_list_price"]
    actions_row = ["set_list_price"]
    # Joined, products would be joined to all prices before these are sorted: ten times as long.
    fetched = ["market", "variant__product"]

    @admin.display(description=_("Product"), ordering="variant__product__name")
    def product_name(self, row: PublicPrice) -> str:
        """What it is, with its size."""
        return f"{row.variant.product.name} {row.variant.name}".strip()

    @admin.display(description=_("Against list"))
    def against_list(self, row: PublicPrice) -> SafeString:
        """How far the public price is from the list price."""
        share = (row.public_minor - row.list_minor) / row.list_minor
        tone = "green" if share < 0 else "gray"
        return format_html('<span class="ft-tag ft-tag-{}">{}</span>', tone, show_change(share))

    @admin.display(description=_("Demand"))
    def curve_link(self, row: PublicPrice) -> SafeString | str:
        """The demand curve and the price history of the variant."""
        return show_link("admin:demand_curve", row.variant_id, _("curve and history"))

    @action(
        description=_("Set the list price"),
        permissions=["act"],
        url_path="list-price",
        icon="sell",
        dialog=ask(
            _("Set the list price"),
            _(
                "Goes into the price ledger now. The public price follows inside its guardrails."
                " A price that looks wrong has to be confirmed."
            ),
            form_class=ListPriceForm,
            submit=_("Set the price"),
        ),
    )
    def set_list_price(
        self, request: HttpRequest, form: ListPriceForm, object_id: str
    ) -> HttpResponse:
        """Record a list price set by the merchant."""
        row = PublicPrice.objects.get(pk=object_id)
        amount = form.cleaned_data["amount"]
        is_done = tell_outcome(
            self,
            request,
            lambda: set_list_prices(
                asks={row.variant_id: Ask(amount)},
                now=utc_now(),
                market=row.market_id,
                channel=row.channel,
                meant=Meant(
                    int(form.cleaned_data["meant"]),
                    form.cleaned_data["reason"],
                    set_by=name_setter(account_id=account_id(request)),
                ),
            ),
            _("The list price is set."),
        )
        if is_done:
            code = row.market.currency
            act = write_act(
                _("The list price went from %(before)s to %(after)s."),
                reason=form.cleaned_data["reason"],
                before=show_money(row.list_minor, code),
                after=show_money(amount, code),
            )
            self.log_change(request, row, act)
        return go_back(request)


# What names who set a price -> in the reader's words, and the page of it
SETTERS = {
    "token": (_("token %s"), "admin:promotions_stafftoken_change"),
    "person": (_("person %s"), "admin:profiles_account_change"),
}


def _read_setter(text: str) -> str:
    """Return the name that the ledger keeps of who is called `text` in the reader's words."""
    said, _space, key = text.strip().rpartition(" ")
    for kind, (words, _page) in SETTERS.items():
        if said.casefold() in (kind, (words % "").strip().casefold()):
            return f"{kind} {key}"
    return text


class SetterFilter(TextFilter):
    """The list prices of one person or token, as the column names them."""

    title = _("person or token")
    parameter_name = "set_by"

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[PriceLedgerEntry]
    ) -> QuerySet[PriceLedgerEntry]:
        """Select by who changed the price; none where nobody is called so."""
        asked = self.value()
        return queryset.filter(set_by=_read_setter(asked)) if asked else queryset


@admin.register(PriceLedgerEntry)
class PriceLedgerEntryAdmin(ReadOnlyAdmin):
    blank_text = _("Every price a product ever had is listed here, from its import on.")
    list_display = [
        "variant",
        "kind",
        money_column("amount_minor", _("Price"), currency_field="market.currency"),
        "valid_from",
        tag_column("source", _("Set by"), SOURCE_TONES),
        "setter_link",
        "channel",
        "story_link",
    ]
    list_select_related = ["variant", "market"]
    list_filter = [
        ("kind", ChoicesDropdownFilter),
        ("source", ChoicesDropdownFilter),
        SetterFilter,
        ("valid_from", RangeDateTimeFilter),
    ]
    search_fields = ["variant__sku__startswith"]
    ordering = ["-id"]
    fields = [
        *("variant", "market", "channel", "kind", "amount_minor", "valid_from", "source"),
        "setter_link",
    ]
    readonly_fields = ["setter_link"]
    actions_detail = ["recall"]
    actions_row = ["recall"]
    act_permission = "pricing.change_publicprice"

    @admin.display(description=_("Price ledger"))
    def story_link(self, row: PriceLedgerEntry) -> SafeString | str:
        """Every price the variant ever had."""
        return show_link("admin:price_story", row.variant_id, _("every price it had"))

    @admin.display(description=_("Person or token"))
    def setter_link(self, row: PriceLedgerEntry) -> SafeString | str:
        """Who changed a list price, where that is known, and the way to all that they changed."""
        if not row.set_by:
            return EMPTY
        kind, _space, key = row.set_by.partition(" ")
        address = reverse("admin:pricing_priceledgerentry_changelist")
        return format_html(
            '{} · <a class="ft-link" href="{}?{}">{}</a>',
            show_link(SETTERS[kind][1], key, SETTERS[kind][0] % key),
            address,
            urlencode({SetterFilter.parameter_name: row.set_by}),
            _("all of theirs"),
        )

    @action(
        description=_("Recall"),
        permissions=["act"],
        url_path="recall",
        icon="undo",
        dialog=ask(
            _("Recall list prices"),
            _(
                "Every list price that the same person or token changed from this moment on goes"
                " back to what it was before. Those that somebody else changed since stay, and so"
                " do those that stood below cost or are no longer sold there: they are named."
            ),
            form_class=ReasonForm,
            submit=_("Recall them all"),
        ),
    )
    def recall(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Take back what one person or token changed since this entry."""
        row = PriceLedgerEntry.objects.get(pk=object_id)
        if not row.set_by:
            said = gettext("Who set this price is not known, so that nothing can be recalled.")
            self.message_user(request, said, messages.ERROR)
            return go_back(request)
        reason = form.cleaned_data["reason"]
        done = recall_list_prices(
            set_by=row.set_by,
            since=row.valid_from,
            by=name_setter(account_id=account_id(request)),
            reason=reason,
            now=utc_now(),
        )
        kept = ", ".join(done.kept) or "–"
        told = _("List prices recalled: %(back)s. Kept as they are: %(kept)s.")
        figures = {"back": str(done.back), "kept": kept}
        self.log_change(request, row, write_act(told, reason=reason, **figures))
        self.message_user(request, told % figures, messages.SUCCESS)
        return go_back(request)


@admin.register(PriceBook)
class PriceBookAdmin(ReadOnlyAdmin):
    blank_text = _("The first price book is published when a demand model has been trained.")
    list_display = [
        "version",
        "is_current",
        "market",
        "channel",
        "model_version",
        "policy",
        age_column("published_at", _("Published")),
        "effective_at",
        start_column("sha256", _("Hash")),
    ]
    list_filter = ["is_current", ChannelFilter, ("published_at", RangeDateTimeFilter)]
    search_fields = ["version__exact"]
    fields = [
        "version",
        "is_current",
        "market",
        "channel",
        "model_version",
        "policy",
        "published_at",
        "effective_at",
        "sha256",
        document_cell("metrics", _("Metrics")),
    ]
    readonly_fields = fields
    joined = ["market", "model_version", "policy"]
    left_out = ["arrays", "model_version__arrays"]  # they are megabytes


@admin.register(PriceBookEntry)
class PriceBookEntryAdmin(ReadOnlyAdmin):
    blank_text = _("Personal prices of a shopper are listed here once a price book is published.")
    list_display = ["shopper", "book_version", age_column("priced_at", _("Priced"))]
    search_fields = ["shopper__external_ref__startswith"]
    fields = ["shopper", "book_version", "priced_at", "price_count"]
    readonly_fields = fields
    ordering = ["shopper_id"]
    joined = ["shopper", "book"]
    left_out = ["book__arrays"]

    @admin.display(description=_("Book"))
    def book_version(self, row: PriceBookEntry) -> int:
        """The version of the book the prices belong to."""
        return row.book.version

    @admin.display(description=_("Prices"))
    def price_count(self, row: PriceBookEntry) -> int:
        """How many variants are priced."""
        return len(row.variant_ids)
