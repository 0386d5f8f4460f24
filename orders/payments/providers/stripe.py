"""Stripe, through its own library: intents with the Payment Element, so no card data comes here.

A charge is a PaymentIntent that the shopper confirms in Stripe's form. Its client secret is the
action token. https://docs.stripe.com/api/payment_intents
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import stripe
import structlog
from django.conf import settings

from orders.payments.core.values import (
    Charge,
    EventRefused,
    FoundCharge,
    FoundRefund,
    Outcome,
    ProviderDown,
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


TIMEOUT = 10
SIGNATURE_LIVES = 300
# What went back stands on the charge.
WITH_CHARGE: Any = {"expand": ["latest_charge"]}
log = structlog.get_logger("fairtag.payments")


class StripeProvider:
    """Stripe with the keys of the environment; it is a sandbox as long as they are test keys."""

    code = METHOD

    @property
    def is_configured(self) -> bool:
        """Return whether the environment has keys."""
        return bool(settings.STRIPE.secret_key)

    @property
    def is_sandbox(self) -> bool:
        """Return whether the keys move no money."""
        return "_test_" in settings.STRIPE.secret_key

    @property
    def publishable_key(self) -> str:
        """Return the key that Stripe's form needs."""
        return str(settings.STRIPE.publishable_key)

    def authorise(self, charge: Charge, *, approval: str | None = None) -> Outcome:
        """Make an intent for the shopper to confirm, or read what became of it.

        The shopper approves in Stripe's form, so there is nothing to hand on here.
        """
        if charge.provider_ref:
            with _calls():
                return _read(_client().v1.payment_intents.retrieve(charge.provider_ref))
        try:
            with _calls():
                return _read(_create(charge))
        except (stripe.InvalidRequestError, stripe.CardError) as error:
            log.warning("stripe_refused_charge", code=error.code, param=error.param)
            return Outcome("declined", "", "declined")

    def look_up(self, charge: Charge) -> Outcome | None:
        """Say where the intent stands. Without a reference nobody got its secret to confirm it."""
        if not charge.provider_ref:
            return None
        try:
            with _calls():
                return _read(
                    _client().v1.payment_intents.retrieve(charge.provider_ref, WITH_CHARGE)
                )
        except stripe.InvalidRequestError as error:
            if error.code != "resource_missing":
                raise
            return None

    def capture(self, charge: Charge, *, amount_minor: int) -> Outcome:
        """Take up to what is reserved; Stripe sets the rest free."""
        intents = _client().v1.payment_intents
        with _calls():
            try:
                taken = intents.capture(charge.provider_ref, {"amount_to_capture": amount_minor})
            except stripe.InvalidRequestError:  # taken or ended before
                taken = intents.retrieve(charge.provider_ref)
            return _read(taken)

    def void(self, charge: Charge) -> Outcome:
        """Cancel the intent; say how it stands if it cannot be canceled any more."""
        if not charge.provider_ref:
            return Outcome("declined", "", "not_confirmed")
        intents = _client().v1.payment_intents
        with _calls():
            try:
                ended = intents.cancel(charge.provider_ref)
            except stripe.InvalidRequestError:
                ended = intents.retrieve(charge.provider_ref)
            return _read(ended)

    def refund(
        self, charge: Charge, *, amount_minor: int, key: str, refund_ref: str = ""
    ) -> RefundOutcome:
        """Give back. One that Stripe knows under `key` is found, also after its key ran out."""
        try:
            with _calls():
                found = _find_refund(charge, key, refund_ref)
                return read_refund(found or _create_refund(charge, amount_minor, key))
        except stripe.InvalidRequestError as error:
            return RefundOutcome("failed", "", error.code or "refused")

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Check signature and age, and return what the event is about."""
        try:
            stripe.WebhookSignature.verify_header(
                body,
                headers.get("Stripe-Signature"),
                settings.STRIPE.webhook_secret,
                SIGNATURE_LIVES,
            )
            event = json.loads(body)
            return read_object(event["id"], event["type"], event["data"]["object"])
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError) as error:
            raise EventRefused("This event was not signed by Stripe for this shop.") from error

    def list_charges(self, *, since: datetime) -> list[FoundCharge]:
        """Return this shop's intents; others of the same account are left alone."""
        asked: Any = {
            "created": {"gte": int(since.timestamp())},
            "expand": ["data.latest_charge"],
            "limit": 100,
        }
        with _calls():
            found = _client().v1.payment_intents.list(asked)
            charges = [describe_intent(intent.to_dict()) for intent in found.auto_paging_iter()]
        return [each for each in charges if each is not None]

    def list_refunds(
        self, *, charge: Charge | None = None, since: datetime | None = None
    ) -> list[FoundRefund]:
        """Return refunds, those made by hand in the dashboard among them."""
        asked: Any = {"limit": 100}
        if charge is not None:
            asked["payment_intent"] = charge.provider_ref
        if since is not None:
            asked["created"] = {"gte": int(since.timestamp())}
        with _calls():
            found = _client().v1.refunds.list(asked)
            return [describe_refund(each.to_dict()) for each in found.auto_paging_iter()]


@contextmanager
def _calls() -> Iterator[None]:
    """Turn a silence, an outage or refused keys into ProviderDown."""
    try:
        yield
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        log.error("stripe_refused_keys", status=error.http_status)
        raise ProviderDown("Stripe refused the keys of this shop.") from error
    except (
        stripe.APIConnectionError,
        stripe.APIError,
        stripe.IdempotencyError,
        stripe.RateLimitError,
    ) as error:
        raise ProviderDown("Stripe did not answer.") from error


def _client() -> stripe.StripeClient:
    return _make_client(settings.STRIPE.secret_key, settings.STRIPE.api_url)


@lru_cache(maxsize=4)
def _make_client(secret_key: str, api_url: str) -> stripe.StripeClient:
    return stripe.StripeClient(
        secret_key,
        base_addresses={"api": api_url} if api_url else {},
        max_network_retries=1,
        http_client=stripe.RequestsClient(timeout=TIMEOUT),
    )


def _create(charge: Charge) -> stripe.PaymentIntent:
    return _client().v1.payment_intents.create(
        {
            "amount": charge.amount_minor,
            "currency": charge.currency.lower(),
            "automatic_payment_methods": {"enabled": True},
            "capture_method": "manual" if charge.is_captured_later else "automatic",
            "description": charge.order_number,
            "metadata": {
                "order": charge.order_number,
                "payment": str(charge.payment_id),
                "shop": name_shop(),
            },
        },
        {"idempotency_key": f"authorise-{charge.payment_id}"},
    )


def _read(intent: stripe.PaymentIntent) -> Outcome:
    return read_intent(intent.to_dict())


def _find_refund(charge: Charge, key: str, refund_ref: str) -> Mapping[str, Any] | None:
    refunds = _client().v1.refunds
    if refund_ref:
        return refunds.retrieve(refund_ref).to_dict()
    made = refunds.list({"payment_intent": charge.provider_ref, "limit": 100})
    known = [each.to_dict() for each in made.data]
    return next((each for each in known if (each.get("metadata") or {}).get("refund") == key), None)


def _create_refund(charge: Charge, amount_minor: int, key: str) -> Mapping[str, Any]:
    made = _client().v1.refunds.create(
        {
            "payment_intent": charge.provider_ref,
            "amount": amount_minor,
            "metadata": {"refund": key, "order": charge.order_number},
        },
        {"idempotency_key": f"refund-{name_shop()}-{key}"},
    )
    return made.to_dict()
