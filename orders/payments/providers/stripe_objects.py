"""Conversion of Stripe objects to values of this room. https://docs.stripe.com/api"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from orders.payments.core.values import (
    Charge,
    FoundCharge,
    FoundRefund,
    Outcome,
    ProviderEvent,
    RefundOutcome,
)

METHOD = "stripe"
# What makes the shop ask about a charge. Everything else is counted and answered.
KINDS = frozenset(
    f"{subject}.{what}"
    for subject, whats in {
        "payment_intent": (
            *("amount_capturable_updated", "canceled", "payment_failed", "processing"),
            *("requires_action", "succeeded"),
        ),
        "charge": ("refunded", "refund.updated"),
        "charge.dispute": ("closed", "created", "updated"),
        "refund": ("created", "failed", "updated"),
    }.items()
    for what in whats
)
OUTCOMES = {
    "requires_payment_method": "needs_action",
    "requires_confirmation": "needs_action",
    "requires_action": "needs_action",
    "processing": "needs_action",
    "requires_capture": "authorized",
    "succeeded": "succeeded",
    "canceled": "declined",
}
REFUNDS = {"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}


def name_shop() -> str:
    """Return by which name this shop knows its own charges among others of the same account."""
    return urlsplit(settings.SITE_URL).netloc


def read_intent(kept: Mapping[str, Any]) -> Outcome:
    """Return where an intent stands."""
    status = str(kept["status"])
    state = OUTCOMES.get(status, "needs_action")
    reason = ""
    if state == "declined":
        reason = "not_confirmed"
    elif status == "processing":
        reason = "processing"
    elif status == "requires_payment_method" and kept.get("last_payment_error"):
        reason = "declined"
    return Outcome(
        state=state,
        provider_ref=str(kept["id"]),
        reason_code=reason,
        action_token=str(kept.get("client_secret") or "") if state == "needs_action" else "",
        authorized_minor=int(kept.get("amount_capturable") or 0),
        captured_minor=int(kept.get("amount_received") or 0),
        refunded_minor=_read_refunded(kept.get("latest_charge")),
        currency=str(kept["currency"]).upper(),
    )


def _read_refunded(charge: object) -> int:
    """Return what went back, where the charge was asked for with the intent."""
    return int(charge.get("amount_refunded") or 0) if isinstance(charge, dict) else 0


def describe_intent(kept: Mapping[str, Any]) -> FoundCharge | None:
    """Return an intent of this shop; None for one of somebody else's."""
    noted = kept.get("metadata") or {}
    if noted.get("shop") != name_shop():
        return None
    try:
        payment_id = UUID(str(noted.get("payment", "")))
    except ValueError:
        return None
    charge = Charge(
        payment_id=payment_id,
        order_number=str(noted.get("order", "")),
        amount_minor=int(kept["amount"]),
        currency=str(kept["currency"]).upper(),
        method=METHOD,
        provider_ref=str(kept["id"]),
    )
    return FoundCharge(charge, read_intent(kept))


def read_refund(kept: Mapping[str, Any]) -> RefundOutcome:
    """Return where a refund stands."""
    status = str(kept.get("status") or "")
    state = REFUNDS.get(status, "pending")
    failure = str(kept.get("failure_reason") or status) if state == "failed" else ""
    return RefundOutcome(state, str(kept["id"]), failure)


def describe_refund(kept: Mapping[str, Any]) -> FoundRefund:
    """Return a refund; those that a shop asked for carry its key."""
    return FoundRefund(
        provider_ref=str(kept["id"]),
        charge_ref=str(kept.get("payment_intent") or ""),
        amount_minor=int(kept["amount"]),
        state=read_refund(kept).state,
        is_ours="refund" in (kept.get("metadata") or {}),
    )


def read_object(event_id: str, kind: str, about: Mapping[str, Any]) -> ProviderEvent:
    """Return which charge an event is about; none for kinds nobody waits for."""
    if kind not in KINDS:
        return ProviderEvent(event_id, kind)
    is_intent = about.get("object") == "payment_intent"
    reference = about.get("id") if is_intent else about.get("payment_intent")
    return ProviderEvent(event_id, kind, str(reference or ""), _read_dispute(kind, about))


def _read_dispute(kind: str, about: Mapping[str, Any]) -> str:
    if not kind.startswith("charge.dispute."):
        return ""
    return {"won": "won", "lost": "lost", "warning_closed": "won"}.get(
        str(about.get("status")), "open"
    )
