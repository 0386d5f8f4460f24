"""Staff tables of competitors' prices: sources, what they said, what was not believed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget

from pricing.competitors.models.competitors import (
    CompetitorPrice,
    CompetitorSource,
    QuarantinedCompetitorRow,
)
from pricing.competitors.services.competitor_fetch import MOST_BYTES, check_source, save_source
from pricing.competitors.services.competitors import ImportReport, fetch_source, import_feed
from pricing.quoting.selectors.serving import current_public_prices
from shop.ground.catalog.selectors import MarketNotFound, get_market, home_market
from shop.ground.database.naming import name_for_reader
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.columns import (
    age_column,
    document_cell,
    money_column,
    show_money,
    show_tag,
    tag_column,
)
from shop.ground.staff.numbers import EMPTY, show_change, show_count
from shop.ground.staff.reasons import ConfirmForm, ask, go_back, tell_outcome
from shop.ground.staff.tables import KeptAdmin, ReadOnlyAdmin

REPORT = document_cell("last_report", _("Report"))
HELD = document_cell("payload", _("Row"))
REASON_TONES = {
    "currency": "red",
    "scale": "red",
    "feed_scale": "red",
    "outlier": "amber",
    "jump": "amber",
}


class CompetitorSourceForm(forms.ModelForm):
    """A source, and a price list to take in from it."""

    price_list = forms.FileField(
        label=_("Price list"),
        required=False,
        help_text=_("CSV in UTF-8 with the columns price and sku, gtin or name."),
        widget=UnfoldAdminFileFieldWidget(),
    )

    class Meta:
        model = CompetitorSource
        fields = [
            *("code", "name", "kind", "market", "currency", "url", "basis"),
            *("ttl_hours", "every_hours", "is_active"),
        ]
        labels = {
            "url": _("Address"),
            "every_hours": _("Fetch every (hours)"),
            "ttl_hours": _("Valid for (hours)"),
            "is_active": _("In use"),
        }
        help_texts = {
            "code": _("A short name without spaces, for commands and reports."),
            "currency": _("Three letters; lists in another one are refused."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            with suppress(MarketNotFound):
                market = get_market(home_market())
                self.initial.update(market=market.code, currency=market.currency)

    def clean_price_list(self) -> str:
        """Return the text of the list, "" without one."""
        file: UploadedFile | None = self.cleaned_data.get("price_list")
        if file is None:
            return ""
        if (file.size or 0) > MOST_BYTES:
            raise forms.ValidationError(_("The list is too large."))
        try:
            return bytes(file.read()).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise forms.ValidationError(_("The list is not written in UTF-8.")) from error

    def clean(self) -> dict[str, Any]:
        """Say at once what could never be used."""
        given: dict[str, Any] = super().clean() or {}
        names = ("kind", "url", "currency", "market", "basis")
        if not self.errors and all(name in given for name in names):
            try:
                check_source(
                    kind=given["kind"],
                    url=given["url"],
                    currency=given["currency"],
                    market=given["market"].pk,
                    basis=given["basis"],
                )
            except FairtagError as refusal:
                raise forms.ValidationError(str(refusal)) from refusal
        return given


@admin.register(CompetitorSource)
class CompetitorSourceAdmin(KeptAdmin):
    """Sources are switched off, never deleted: their prices moved ours."""

    blank_text = _(
        "Register where a competitor shows its prices in public, then upload its list "
        "or have it fetched."
    )
    form = CompetitorSourceForm
    list_display = [
        "name",
        "code",
        "kind",
        "state",
        age_column("imported_at", _("Imported")),
        "stored_and_refused",
        "counts_for",
        "problem",
    ]
    list_filter = ["is_active", ("kind", ChoicesDropdownFilter)]
    search_fields = ["name", "code"]
    ordering = ["code"]
    fieldsets = [
        (None, {"fields": ["code", "name", "market", "currency", "basis", "is_active"]}),
        (_("Where it comes from"), {"fields": ["kind", "url", "every_hours", "ttl_hours"]}),
        (_("Import now"), {"fields": ["price_list"]}),
        (
            _("Last import"),
            {
                "fields": [
                    *("created_at", "created_by", "tried_at", "imported_at", "problem"),
                    REPORT,
                ]
            },
        ),
    ]
    readonly_fields = [
        *("created_at", "created_by", "tried_at", "imported_at", "problem"),
        REPORT,
    ]
    actions = None
    actions_detail = ["fetch_now"]
    actions_row = ["fetch_now"]

    def get_fieldsets(self, request: HttpRequest, obj: CompetitorSource | None = None) -> list[Any]:
        """A source that is being registered has no import to tell of."""
        return list(self.fieldsets if obj is not None else self.fieldsets[:-1])

    @admin.display(description=_("State"))
    def state(self, row: CompetitorSource) -> SafeString:
        """In use and well, in use with a problem, or off."""
        if not row.is_active:
            return show_tag(_("off"))
        return show_tag(_("in use"), "green") if not row.problem else show_tag(_("failed"), "red")

    @admin.display(description=_("Stored, refused"))
    def stored_and_refused(self, row: CompetitorSource) -> str:
        """What the last import did."""
        if not row.last_report:
            return "–"
        refused = sum(row.last_report.get("refused", {}).values())
        return f"{show_count(row.last_report.get('stored', 0))}, {show_count(refused)}"

    @admin.display(description=_("Valid for"), ordering="ttl_hours")
    def counts_for(self, row: CompetitorSource) -> str:
        """How long a price of this source counts."""
        return str(_("%(hours)s h") % {"hours": row.ttl_hours})

    def save_model(
        self, request: HttpRequest, obj: CompetitorSource, form: Any, change: bool
    ) -> None:
        """Keep the source through its service; take in the list that came with it."""
        now = utc_now()
        save_source(source=obj, by_id=request.user.pk, now=now)
        text = form.cleaned_data.get("price_list")
        if not text:
            return
        try:
            report = import_feed(code=obj.code, text=text, now=now)
        except FairtagError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
        else:
            obj.refresh_from_db()
            self.message_user(request, _say(report), messages.SUCCESS)

    @action(
        description=_("Fetch now"),
        permissions=["act"],
        url_path="fetch",
        icon="cloud_download",
        dialog=ask(
            _("Fetch the price list now?"),
            _("Only hosts that the operator has allowed are asked."),
            submit=_("Fetch now"),
        ),
    )
    def fetch_now(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """Do not wait for the source's turn."""
        source = CompetitorSource.objects.get(pk=object_id)
        tell_outcome(
            self,
            request,
            lambda: fetch_source(source=source, now=utc_now()),
            _("The price list was imported."),
        )
        return go_back(request)


@admin.register(CompetitorPrice)
class CompetitorPriceAdmin(ReadOnlyAdmin):
    blank_text = _(
        "Prices are listed here as soon as the list of a registered competitor is imported."
    )
    list_display = [
        "product",
        "own_price",
        money_column("price_minor", _("Price there"), currency_field="currency"),
        "gap",
        "source",
        age_column("observed_at", _("Seen")),
        "matched_by",
        "label",
    ]
    list_select_related = ["variant__product", "source__market"]
    list_filter = [("matched_by", ChoicesDropdownFilter), ("observed_at", RangeDateTimeFilter)]
    search_fields = ["variant__sku__startswith"]
    ordering = ["-id"]
    fields = ["variant", "source", "price_minor", "observed_at", "imported_at", "matched_by"]
    fields += ["label"]

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Put our public price of today beside each row of the page; from memory, no query."""
        found: ChangeList = super().get_changelist_instance(request)
        rows, now = list(found.result_list), utc_now()
        for market in {row.source.market_id for row in rows}:
            ids = [row.variant_id for row in rows if row.source.market_id == market]
            prices = current_public_prices(variant_ids=ids, now=now, market=market)
            pairs = zip(prices.variant_id.tolist(), prices.public_minor.tolist(), strict=True)
            own = dict(pairs)
            for row in rows:
                # Another currency is no price to compare with.
                is_alike = row.source.market.currency == row.currency
                if row.source.market_id == market and is_alike:
                    row.own_minor = own.get(row.variant_id)
        found.result_list = rows
        return found

    @admin.display(description=_("Product"))
    def product(self, row: CompetitorPrice) -> str:
        """What it is, and its SKU."""
        product = row.variant.product
        return f"{name_for_reader(product.name, product.name_zh)} · {row.variant.sku}"

    @admin.display(description=_("Our public price"))
    def own_price(self, row: CompetitorPrice) -> str:
        """What everybody pays here today."""
        return show_money(getattr(row, "own_minor", None), row.currency)

    @admin.display(description=_("Gap"))
    def gap(self, row: CompetitorPrice) -> str:
        """How far their price is from ours."""
        own = getattr(row, "own_minor", None)
        return show_change(row.price_minor / own - 1.0) if own else EMPTY


@admin.register(QuarantinedCompetitorRow)
class QuarantinedCompetitorRowAdmin(ReadOnlyAdmin):
    blank_text = _(
        "Rows that are not credible are listed here with the reason, from the first list on."
    )
    list_display = [
        "source",
        "row_number",
        tag_column("reason", _("Reason"), REASON_TONES),
        "variant",
        "payload",
        age_column("at", _("Read")),
    ]
    list_select_related = ["variant", "source"]
    list_filter = [("reason", ChoicesDropdownFilter), ("at", RangeDateTimeFilter)]
    search_fields = ["variant__sku__startswith"]
    ordering = ["-id"]
    fields = ["source", "row_number", "reason", "variant", "at", HELD]
    readonly_fields = [HELD]


def _say(report: ImportReport) -> str:
    said = _("%(stored)s prices stored, %(known)s known before, %(refused)s rows refused.")
    return str(said) % {
        "stored": report.stored,
        "known": report.known,
        "refused": sum(report.refused.values()),
    }
