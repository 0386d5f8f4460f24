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
from orders.payments.providers.stripe_objects import (
    METHOD,
    describe_intent,
    describe_refund,
    name_shop,
    read_intent,
    read_object,
    read_refund,
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
