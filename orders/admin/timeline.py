"""The steps of an order as sentences: who did what, how much went back, and why."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import BigIntegerField, OuterRef, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.order.models import Order, OrderEvent
from shop.ground.staff.columns import show_money

DONE: dict[str, Promise] = {
    "placed": gettext_lazy("The order was placed."),
    "paid": gettext_lazy("The payment arrived."),
    "payment_declined": gettext_lazy("A payment was declined."),
    "payment_differs": gettext_lazy(
        "The provider has %(got)s, which is not what was asked for: the order is not paid. Send"
        " nothing, and give the money back in the provider's dashboard."
    ),
    "payment_failed": gettext_lazy("A payment could not be completed."),
    "late_payment_refunded": gettext_lazy(
        "A payment came after the order was closed and was refunded."
    ),
    "fulfilled": gettext_lazy("All that was not refunded has arrived."),
    "parcel_noted": gettext_lazy(
        "The order was handed over before parcels were noted; its parcel was added later."
    ),
    "parcel_planned": gettext_lazy("Parcel %(parcel)s with replacements is to be packed."),
    "parcel_packed": gettext_lazy("Parcel %(parcel)s was packed."),
    "parcel_ready": gettext_lazy("Parcel %(parcel)s was packed and is ready to collect."),
    "parcel_shipped": gettext_lazy("Parcel %(parcel)s was shipped."),
    "parcel_corrected": gettext_lazy("The tracking number of parcel %(parcel)s was corrected."),
    "parcel_delivered": gettext_lazy("Parcel %(parcel)s was delivered."),
    "parcel_collected": gettext_lazy("Parcel %(parcel)s was collected."),
    "parcel_cancelled": gettext_lazy("Parcel %(parcel)s was unpacked."),
    "return_requested": gettext_lazy("The return %(return)s was requested."),
    "return_received": gettext_lazy("The return %(return)s was received."),
    "return_settled": gettext_lazy("The return %(return)s was settled."),
    "return_withdrawn": gettext_lazy("The return %(return)s was withdrawn."),
    "cancel_requested": gettext_lazy(
        "The shopper asks to cancel: unpack what has not left, then cancel the order."
    ),
    "cancelled": gettext_lazy("The order was canceled."),
    "expired": gettext_lazy("The order was not paid in time and was closed."),
    "refunded": gettext_lazy("Money was refunded."),
    "captured": gettext_lazy("The reserved money was captured."),
    "authorization_ended": gettext_lazy(
        "The bank ended the reservation before the money was captured: do not send."
    ),
    "refund_found": gettext_lazy(
        "Money was refunded at the provider, not here: say with “Refund” which pieces came back."
        " It is not sent again."
    ),
    "refund_failed": gettext_lazy("A refund failed: try again on the refund's page."),
    "dispute": gettext_lazy(
        "The cardholder's bank disputes the payment: answer in the provider's dashboard."
    ),
    "dispute_won": gettext_lazy("A dispute about the payment was won."),
    "dispute_lost": gettext_lazy("A dispute about the payment was lost: the money is gone."),
}
DONE_BY: dict[str, Promise] = {
    "parcel_planned": gettext_lazy("%(who)s ordered parcel %(parcel)s with replacements."),
    "parcel_packed": gettext_lazy("%(who)s packed parcel %(parcel)s."),
    "parcel_ready": gettext_lazy("%(who)s packed parcel %(parcel)s; it is ready to collect."),
    "parcel_shipped": gettext_lazy("%(who)s shipped parcel %(parcel)s."),
    "parcel_corrected": gettext_lazy("%(who)s corrected the tracking number of parcel %(parcel)s."),
    "parcel_delivered": gettext_lazy("%(who)s noted that parcel %(parcel)s was delivered."),
    "parcel_collected": gettext_lazy("%(who)s noted that parcel %(parcel)s was collected."),
    "parcel_cancelled": gettext_lazy("%(who)s unpacked parcel %(parcel)s."),
    "return_requested": gettext_lazy("%(who)s requested the return %(return)s."),
    "return_received": gettext_lazy("%(who)s received the return %(return)s."),
    "return_settled": gettext_lazy("%(who)s settled the return %(return)s."),
    "cancelled": gettext_lazy("%(who)s canceled the order."),
    "refunded": gettext_lazy("%(who)s refunded money."),
}
MAILED: dict[str, Promise] = {
    "placed": gettext_lazy("The e-mail that confirms the order was sent."),
    "paid": gettext_lazy("The e-mail about the payment was sent."),
    "cancelled": gettext_lazy("The e-mail about the cancellation was sent."),
    "expired": gettext_lazy("The e-mail about the missing payment was sent."),
    "refunded": gettext_lazy("The e-mail about the refund was sent."),
    "return_requested": gettext_lazy("The e-mail that confirms return %(return)s was sent."),
    "return_received": gettext_lazy("The e-mail that return %(return)s arrived was sent."),
    "return_settled": gettext_lazy("The e-mail about the end of return %(return)s was sent."),
    "parcel_shipped": gettext_lazy("The e-mail that parcel %(parcel)s is on its way was sent."),
    "parcel_ready": gettext_lazy("The e-mail that parcel %(parcel)s can be collected was sent."),
    "parcel_delivered": gettext_lazy("The e-mail that parcel %(parcel)s was delivered was sent."),
}


def with_actors(events: QuerySet[OrderEvent]) -> QuerySet[OrderEvent]:
    """Return the steps with the order and the e-mail address of the staff who acted, `who`."""
    people = get_user_model().objects.filter(pk=OuterRef("actor_id")).values("email")[:1]
    actor = Cast(KT("detail__by_id"), BigIntegerField())
    return events.select_related("order").annotate(actor_id=actor, who=Subquery(people))


def describe_event(event: Any) -> str:
    """Return a step of `with_actors` as sentences. What an old step did not keep is left out."""
    detail = event.detail
    if event.kind == "comment":
        return _say_comment(event)
    sentences = [_say_step(event), _say_amount(event)]
    if minimum_age := detail.get("minimum_age"):
        said = _("The buyer must be at least %(age)s years old: check at the handover.")
        sentences.append(said % {"age": minimum_age})
    reason = event.reason
    if reason == "erased":
        sentences.append(_("Reason: the shopper's data was deleted."))
    elif reason and not _is_by_shopper(event):
        sentences.append(_("Reason: %(reason)s") % {"reason": reason})
    return " ".join(filter(None, sentences))


def _say_step(event: Any) -> str:
    given = {name: event.detail.get(name, "") for name in ("parcel", "return")}
    if event.kind == "payment_differs":
        currency = event.detail.get("got_currency") or event.order.currency
        given["got"] = f"{show_money(event.detail.get('got_minor', 0), currency)} ({currency})"
    if event.kind == "email_sent":
        said = MAILED.get(event.detail.get("email", ""), _("An e-mail was sent."))
        return str(said) % given
    who = _say_actor(event)
    if who and event.kind in DONE_BY:
        return str(DONE_BY[event.kind]) % (given | {"who": who})
    return str(DONE.get(event.kind, event.kind)) % given


def _say_comment(event: Any) -> str:
    who = _say_actor(event)
    if not event.reason:
        return _("%(who)s wrote a comment; it was deleted.") % {"who": who}
    return _("%(who)s: %(text)s") % {"who": who, "text": event.reason}


def _say_actor(event: Any) -> str:
    if event.detail.get("by_id"):
        return str(event.who or _("A former member of the staff"))
    return _("The shopper") if _is_by_shopper(event) else ""


def _is_by_shopper(event: Any) -> bool:
    return not event.detail.get("by_id") and event.reason == "shopper"


def _say_amount(event: Any) -> str:
    """Return what moved: the order's total when it was paid, what went back later."""
    amount = event.order.total_minor if event.kind == "paid" else event.detail.get("amount_minor")
    if not amount:
        return ""
    money = show_money(amount, event.order.currency)
    if event.kind == "cancelled":
        return _("Refunded: %(amount)s.") % {"amount": money}
    return _("Amount: %(amount)s.") % {"amount": money}


ORDER_TONES = {
    "awaiting_payment": "amber",
    "paid": "green",
    "fulfilled": "blue",
    "cancelled": "red",
    "refunded": "red",
}


def list_timeline(order: Order) -> list[dict[str, Any]]:
    """Return the steps of an order, newest first, each with its moment and sentence. One query."""
    return [
        {"at": one.at, "said": describe_event(one), "is_comment": one.kind == "comment"}
        for one in with_actors(OrderEvent.objects.filter(order=order)).order_by("-at", "-pk")
    ]
