"""Staff tables of orders and of what buyers said of them.

Agreed prices are never edited; actions call services.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.dataclasses import UnfoldAction
from unfold.decorators import action

from orders.admin.forms import PackForm, PiecesForm, RefundForm
from orders.admin.summary import list_payments, list_refunds, summarize_order
from orders.admin.timeline import ORDER_TONES, list_timeline
from orders.checkout.api import cancel_order, orders_to_stop
from orders.fulfilment.api import (
    ParcelState,
    list_left,
    orders_to_pack,
    orders_with_parcels,
    pack_order,
)
from orders.order.api import LONGEST_COMMENT, may_cancel
from orders.order.models import Order
from orders.payments.api import REFUNDABLE, refund_order
from orders.satisfaction.models import OrderRating
from shop.ground.catalog.selectors import list_markets
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.ids import uuid7
from shop.ground.staff.columns import money_column, tag_column
from shop.ground.staff.filters import ChannelFilter, MomentRangeFilter
from shop.ground.staff.keys import KeySearchAdmin, read_household, read_text, read_uuid, read_words
from shop.ground.staff.log import write_act
from shop.ground.staff.masked import MaskedAdmin
from shop.ground.staff.reasons import ReasonForm, account_id, ask, go_back, tell_outcome
from shop.ground.staff.roles import mask_email, mask_text
from shop.ground.staff.tables import ReadOnlyAdmin


class MarketFilter(admin.SimpleListFilter):
    """One of the shop's markets; not shown where there is one only."""

    title = _("market")
    parameter_name = "market"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The markets, none of one."""
        markets = [(one.code, one.name) for one in list_markets()]
        return markets if len(markets) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Select the orders of the market."""
        return queryset.filter(market_code=self.value()) if self.value() else queryset


class ToDoFilter(admin.SimpleListFilter):
    """What waits for the warehouse."""

    title = _("to do")
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The steps that wait."""
        return [
            ("pack", _("to pack")),
            ("ship", _("to ship")),
            ("collect", _("to collect")),
            ("stop", _("cancellation requested")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Order]) -> QuerySet[Order]:
        """Select the orders whose next step is the chosen one."""
        waiting = {
            "pack": orders_to_pack,
            "ship": lambda: orders_with_parcels(ParcelState.PACKED),
            "collect": lambda: orders_with_parcels(ParcelState.READY),
            "stop": orders_to_stop,
        }.get(self.value() or "")
        return queryset.filter(pk__in=waiting().values("pk")) if waiting else queryset


def _with_orders(name: str, orders: QuerySet[Order]) -> str:
    ids = ",".join(str(pk) for pk in orders.values_list("pk", flat=True))
    return f"{reverse(name)}?{urlencode({'orders': ids})}"


def list_allowed(order: Order) -> set[str]:
    """Return the names of the actions that the order's state allows. Two queries."""
    conditions = {
        "pack": order.status == Order.Status.PAID and bool(list_left(order.pk)),
        "cancel": may_cancel(order),
        "refund": order.status in REFUNDABLE,
    }
    return {name for name, holds in conditions.items() if holds}


@admin.register(Order)
class OrderAdmin(MaskedAdmin, KeySearchAdmin):
    blank_text = _(
        "Orders are listed here as soon as a shopper places one. An import brings past ones."
    )
    list_display = [
        "number",
        "placed_at",
        tag_column("status", _("Status"), ORDER_TONES),
        "channel",
        "name",
        "email",
        money_column("subtotal_minor", _("Products"), currency_field="currency"),
        money_column("discount_minor", _("Offers"), currency_field="currency"),
        money_column("total_minor", _("Total"), currency_field="currency"),
    ]
    list_filter = [
        ToDoFilter,
        ("status", ChoicesDropdownFilter),
        ChannelFilter,
        MarketFilter,
        "is_simulated",
        ("placed_at", MomentRangeFilter),
    ]
    search_keys = {
        "number__startswith": read_text,
        "external_ref": read_text,
        "email": lambda text: text.strip().lower() if "@" in text else None,
        "name__icontains": read_words,
        "shopper__pseudonym": read_uuid,
        "shopper__external_ref__in": read_household,
        "shopper__account__email": lambda text: text.strip().lower() if "@" in text else None,
    }
    search_help_text = _("order number, household, customer's name or e-mail address, or pseudonym")
    personal = {
        "email": mask_email,
        "phone": mask_text,
        "name": mask_text,
        "address_line1": mask_text,
        "address_line2": mask_text,
        "city": mask_text,
        "postcode": mask_text,
    }
    fieldsets = ((None, {"fields": ()}),)
    change_form_template = "admin/orders/order.html"
    actions_detail = ["pack", "cancel", "refund"]
    actions = ["pick", "send"]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the order whole: what was agreed, what was paid, what happened, for whom."""
        order = self.get_object(request, object_id)
        context = {} if order is None else self._describe(request, order)
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def _describe(self, request: HttpRequest, order: Order) -> dict[str, Any]:
        may = request.user.has_perm
        return {
            "order": order,
            "tone": ORDER_TONES.get(order.status, "gray"),
            "summary": summarize_order(order),
            "steps": self._list_steps(request, order),
            "payments": list_payments(order) if may("orders.view_payment") else [],
            "refunds": list_refunds(order) if may("orders.view_refund") else [],
            "timeline": list_timeline(order) if may("orders.view_orderevent") else [],
            "may_ship": self.has_pack_permission(request),
            "may_see_parcels": may("orders.view_shipment"),
            "may_comment": may("orders.change_order"),
            "longest_comment": LONGEST_COMMENT,
        }

    def _list_steps(self, request: HttpRequest, order: Order) -> list[dict[str, Any]]:
        """Return the buttons for what the order's state and the reader's rights allow."""
        allowed = list_allowed(order)
        offered = super().get_actions_detail(request, order.pk)
        names = [(one.method.original_function_name, one.description) for one in offered]
        return [
            {
                "address": reverse(f"admin:orders_order_{name}", args=[order.pk]),
                "said": said,
                "is_light": name != "pack",
            }
            for name, said in names
            if name in allowed
        ]

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[UnfoldAction]:
        """Offer none above the page: its own head has the buttons of the steps."""
        return []

    @action(
        description=_("Pack"),
        permissions=["pack"],
        url_path="pack",
        icon="package_2",
        dialog=ask(
            _("Pack a parcel of this order"),
            _("From then on the order cannot be canceled. Type less to send it in parts."),
            form_class=PackForm,
            submit=_("Pack the parcel"),
        ),
    )
    def pack(self, request: HttpRequest, form: PackForm, object_id: str) -> HttpResponse:
        """Pack through the service, which notes it in the timeline."""
        now = utc_now()
        return self._run(
            request,
            form,
            lambda: pack_order(
                order_id=int(object_id), lines=form.chosen(), by_id=account_id(request), now=now
            ),
            (_("The parcel is packed."), _("A parcel was packed."), ""),
        )

    def has_pack_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the reader may pack: the right to change parcels."""
        return request.user.has_perm("orders.change_shipment")

    @action(
        description=_("Cancel"),
        permissions=["act"],
        url_path="cancel",
        icon="block",
        dialog=ask(
            _("Cancel this order?"),
            _("Stock and coupons are given back; what was paid is refunded in full."),
            form_class=ReasonForm,
            submit=_("Cancel the order"),
        ),
    )
    def cancel(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Cancel through the service."""
        reason = form.cleaned_data["reason"]
        is_done = tell_outcome(
            self,
            request,
            lambda: cancel_order(
                order_id=int(object_id), reason=reason, by_id=account_id(request), now=utc_now()
            ),
            _("The order is cancelled."),
        )
        if is_done:
            self._note(request, object_id, _("The order was canceled."), reason)
        return go_back(request)

    @action(
        description=_("Refund"),
        permissions=["act"],
        url_path="refund",
        icon="undo",
        dialog=ask(
            _("Refund pieces of this order"),
            _("Never more than was paid: each piece carries its exact share."),
            form_class=RefundForm,
            submit=_("Refund"),
        ),
    )
    def refund(self, request: HttpRequest, form: RefundForm, object_id: str) -> HttpResponse:
        """Refund through the service."""
        parts, reason, now = form.parts(), form.cleaned_data["reason"], utc_now()
        return self._run(
            request,
            form,
            lambda: refund_order(
                order_id=int(object_id),
                parts=parts,
                reason=reason,
                idempotency_key=f"staff-{uuid7()}",
                by_id=account_id(request),
                now=now,
            ),
            (_("The refund is made."), _("Money was refunded."), reason),
        )

    def _run(
        self,
        request: HttpRequest,
        form: PiecesForm,
        act: Callable[[], object],
        words: tuple[Any, Any, str],
    ) -> HttpResponse:
        """Run what a dialog asks once, say how it went, and log it with its reason.

        `words` are what is said, what is logged, and the reason.
        """
        said, logged, reason = words
        ran: list[bool] = []
        scope = f"staff:{account_id(request)}:{type(form).__name__}"
        tell_outcome(self, request, lambda: ran.append(form.act_once(scope, act, utc_now())), said)
        if any(ran):
            self._note(request, str(form.object_id), logged, reason)
        return go_back(request)

    @admin.action(description=_("Pick list of the chosen orders"), permissions=["view"])
    def pick(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse:
        """Open the pick list, from which the chosen orders are packed."""
        return redirect(_with_orders("admin:pick_list", queryset))

    @admin.action(description=_("Ship parcels of the chosen orders"), permissions=["pack"])
    def send(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse:
        """Open the page where tracking numbers are typed."""
        return redirect(_with_orders("admin:ship_parcels", queryset))

    def _note(self, request: HttpRequest, object_id: str, said: Any, reason: str = "") -> None:
        row = Order.objects.get(pk=object_id)
        self.log_change(request, row, write_act(said, reason=reason))


@admin.register(OrderRating)
class OrderRatingAdmin(ReadOnlyAdmin):
    blank_text = _('Answers to "How was this order?" are listed here.')
    list_display = ["order", "score", "words", "rated_at"]
    list_select_related = ["order"]
    list_filter = ["score", ("rated_at", RangeDateTimeFilter)]
