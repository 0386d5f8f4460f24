"""The staff table of prices set by hand: added through the service, ended, never edited."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action

from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.models.proposals import PriceOverride
from pricing.publishing.services.overrides import (
    check_override,
    end_override,
    find_bounds,
    plan_override,
    set_override,
)
from shop.ground.catalog.selectors import find_place, list_cards
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.columns import money_column, show_money, show_tag
from shop.ground.staff.keys import read_number
from shop.ground.staff.money import price_field
from shop.ground.staff.numbers import EMPTY
from shop.ground.staff.phrases import join_names, name_value
from shop.ground.staff.reasons import (
    ConfirmForm,
    account_id,
    ask,
    go_back,
    say_refusal,
    tell_outcome,
)
from shop.ground.staff.region import StaffRegion
from shop.ground.staff.tables import StaffAdmin

USUAL_TIME = timedelta(days=7)
MOMENTS = {"starts_at": _("Starts at"), "expires_at": _("Expires at")}


class OverrideForm(forms.ModelForm):
    """An override in the words of a price tag: an amount of money, and until when it holds."""

    price = price_field(label=_("Price"))

    class Meta:
        model = PriceOverride
        fields = ["variant", "market", "channel", "kind", "starts_at", "expires_at", "reason"]
        labels = MOMENTS
        help_texts = {
            "kind": _(
                "A fixed price stays as it is; minimum and maximum bound the model; “sell out "
                "by” lowers the price, not below the amount, so that the stock is sold by the "
                "end."
            ),
            "starts_at": _("Empty: at once."),
            "expires_at": _("Then the price returns by itself. A year at most."),
            "reason": _("Kept with the price and shown to auditors."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "variant" not in self.fields:  # the page of one that is set: nothing to fill in
            return
        now = utc_now()
        self.fields["starts_at"].required = False
        self.initial.setdefault("expires_at", (now + USUAL_TIME).replace(second=0, microsecond=0))
        variant = read_number(str(self._find_variant()))
        price = PublicPrice.objects.filter(variant_id=variant or 0).order_by("pk").first()
        if price is not None:
            self.initial.setdefault("market", price.market_id)
            self.initial.setdefault("channel", price.channel)
            self.fields["price"].help_text = _say_bounds(price)

    def clean(self) -> dict[str, Any]:
        """Say at once what the service would refuse, while everything typed still stands."""
        given: dict[str, Any] = super().clean() or {}
        now = utc_now()
        given["starts_at"] = given.get("starts_at") or now
        self.instance.starts_at = given["starts_at"]
        if self.errors:
            return given
        self.instance.amount_minor = given["price"]
        try:
            check_override(
                variant_id=given["variant"].pk,
                amount_minor=self.instance.amount_minor,
                period=(given["starts_at"], given["expires_at"]),
                reason=given["reason"],
                kind=given["kind"],
                place=(given["market"].pk, given["channel"]),
                now=now,
            )
        except FairtagError as refusal:
            raise forms.ValidationError(say_refusal(refusal)) from refusal
        return given

    def _find_variant(self) -> Any:
        return self.data.get("variant") if self.is_bound else self.initial.get("variant", "")


@admin.register(PriceOverride)
class PriceOverrideAdmin(StaffAdmin):
    """An override is set, ended or runs out; another price is another override."""

    blank_text = _(
        "A price that must hold for a time is set here, with its end and a reason; it "
        "ends by itself."
    )
    form = OverrideForm
    list_display = [
        "variant",
        "kind",
        money_column("amount_minor", _("Price"), currency_field="market.currency"),
        "state",
        "starts_at",
        "expires_at",
        "reason",
        "created_by",
    ]
    list_select_related = ["variant", "market", "created_by"]
    list_filter = [("kind", ChoicesDropdownFilter)]
    search_fields = ["variant__sku__startswith", "reason"]
    ordering = ["-id"]
    autocomplete_fields = ["variant"]
    fields = ["variant", "market", "channel", "kind", "price", "starts_at", "expires_at", "reason"]
    actions = None
    actions_detail = ["end"]
    actions_row = ["end"]
    allows_change = False  # set another one
    allows_delete = False  # end it instead

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """What is typed; of one that is set also who set and who ended it."""
        if obj is None:
            return list(self.fields)
        shown = ["amount" if name == "price" else name for name in self.fields]
        return [*shown, "steps", "created_at", "created_by", "ended_at", "ended_by"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Everything, once it is set."""
        return [] if obj is None else self.get_fields(request, obj)

    def place_for(self, row: Any, asked: Mapping[str, str]) -> StaffRegion:
        """Return the place of its market."""
        return find_place(str(asked.get("market") or getattr(row, "market_id", "")))

    @admin.display(description=_("Price"))
    def amount(self, row: PriceOverride) -> str:
        """The price as money."""
        return show_money(row.amount_minor, row.market.currency)

    @admin.display(description=_("State"))
    def state(self, row: PriceOverride) -> SafeString:
        """In force, to come, or over."""
        now = utc_now()
        if row.expires_at <= now or (row.ended_at is not None and row.ended_at <= now):
            return show_tag(_("over"))
        return (
            show_tag(_("to come"), "amber")
            if row.starts_at > now
            else show_tag(_("in force"), "green")
        )

    def save_model(self, request: HttpRequest, obj: PriceOverride, form: Any, change: Any) -> None:
        """Set it through the service, which checks it."""
        obj.pk = set_override(
            variant_id=obj.variant_id,
            amount_minor=obj.amount_minor,
            kind=obj.kind,
            starts_at=obj.starts_at,
            expires_at=obj.expires_at,
            reason=obj.reason,
            by_id=request.user.pk,
            now=utc_now(),
            market=obj.market_id,
            channel=obj.channel,
        )
        told = say_steps(obj)
        if told:
            self.message_user(request, told, messages.WARNING)

    @admin.display(description=_("On its way"))
    def steps(self, row: PriceOverride) -> str:
        """The prices of the days until the amount is reached."""
        return say_steps(row) or EMPTY

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Say the service's own sentence when it refuses an override."""
        try:
            return super().add_view(request, form_url, extra_context)
        except FairtagError as refusal:  # true when the form was checked, and not a moment later
            self.message_user(request, say_refusal(refusal), messages.ERROR)
            return HttpResponseRedirect(reverse("admin:pricing_priceoverride_add"))

    @action(
        description=_("End now"),
        permissions=["act"],
        url_path="end",
        icon="timer_off",
        dialog=ask(
            _("End this override?"),
            _("The price returns with the next book, inside its guardrails."),
            submit=_("End now"),
        ),
    )
    def end(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """End it before its time."""
        tell_outcome(
            self,
            request,
            lambda: end_override(
                override_id=int(object_id), by_id=account_id(request), now=utc_now()
            ),
            _("The override is over."),
        )
        return go_back(request)


def say_steps(row: PriceOverride) -> str:
    """Return which prices a fixed price goes through, day by day; empty where it is there at once,
    where it is over or to come, and for limits."""
    now = utc_now()
    is_over = row.expires_at <= now or (row.ended_at is not None and row.ended_at <= now)
    if row.kind != PriceOverride.Kind.PRICE or is_over or row.starts_at > now:
        return ""
    prices = plan_override(
        variant_id=row.variant_id,
        amount_minor=row.amount_minor,
        place=(row.market_id, row.channel),
        now=now,
    )
    if not prices or prices[0] == row.amount_minor:
        return ""
    currency = find_place(row.market_id).currency
    days = [gettext("%(price)s today"), gettext("%(price)s tomorrow")]
    later = gettext("%(price)s in %(days)d days")
    steps = [
        (days[n] if n < len(days) else later) % {"price": show_money(minor, currency), "days": n}
        for n, minor in enumerate(prices)
    ]
    said = gettext(
        "Asked for: %(asked)s. The guardrails let the price get there by steps: %(steps)s."
    )
    return said % {"asked": show_money(row.amount_minor, currency), "steps": join_names(steps)}


def _say_bounds(price: PublicPrice) -> str:
    """Return what is priced, its price now, and between what another one must lie. One query."""
    floor, ceiling = find_bounds(price=price)
    currency = find_place(price.market_id).currency
    cards = list_cards([price.variant_id], get_language() or "en")
    said = gettext("Now %(now)s. Floor %(floor)s, ceiling %(ceiling)s.") % {
        "now": show_money(price.public_minor, currency),
        "floor": show_money(floor, currency),
        "ceiling": show_money(ceiling, currency),
    }
    return name_value(f"{cards[0].name} {cards[0].size_label}", said) if cards else said
