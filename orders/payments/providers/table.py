"""Table of payment methods and the provider that handles each, and the check that there is one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.checks import Error

from orders.payments.core.values import Provider
from orders.payments.providers.sandbox import FREE, METHODS, FreeProvider, SandboxProvider
from orders.payments.providers.stripe import METHOD as STRIPE
from orders.payments.providers.stripe import StripeProvider
from orders.refusals import PaymentRefused

METHOD_PROVIDERS: Mapping[str, Provider] = {
    STRIPE: StripeProvider(),
    **dict.fromkeys(METHODS, SandboxProvider()),
    FREE: FreeProvider(),
}


def find_provider(method: str) -> Provider:
    """Return the provider of a way to pay, offered or not: what was paid once can be given back.

    Raises PaymentRefused (unknown_method).
    """
    provider = METHOD_PROVIDERS.get(method)
    if provider is None:
        raise PaymentRefused("There is no such way to pay.", code="unknown_method")
    return provider


def find_by_code(code: str) -> Provider:
    """Return the provider of that name. Raises PaymentRefused (unknown_provider)."""
    for provider in METHOD_PROVIDERS.values():
        if provider.code == code:
            return provider
    raise PaymentRefused("There is no such payment provider.", code="unknown_provider")


def is_accepted(provider: Provider) -> bool:
    """Return whether its answers count: a sandbox's only where SANDBOX_PAYMENTS allows them."""
    return settings.SANDBOX_PAYMENTS or not provider.is_sandbox


def list_offered() -> dict[str, Provider]:
    """Return the ways to pay that shoppers may choose; none where no provider is configured."""
    return {
        method: provider
        for method, provider in METHOD_PROVIDERS.items()
        if method != FREE and provider.is_configured and is_accepted(provider)
    }


def find_offered(method: str) -> Provider:
    """Return the provider of a way to pay that may be chosen now.

    Raises PaymentRefused (no_payment_provider, unknown_method).
    """
    offered = list_offered()
    if not offered:
        raise say_no_provider()
    if method not in offered:
        raise PaymentRefused("There is no such way to pay.", code="unknown_method")
    return offered[method]


def say_no_provider() -> PaymentRefused:
    """Return the refusal of a shop that has no way to pay."""
    return PaymentRefused(
        "This shop cannot take payments at the moment. Your cart is kept.",
        code="no_payment_provider",
    )


PROBLEM = "No payment provider is configured, so no order could be paid."
HINT = (
    "Configure a payment provider: docs/payments.md says how. Test keys of one count only where"
    " SANDBOX_PAYMENTS=1. To look at the shop without one, set SANDBOX_PAYMENTS=1: its"
    " ways to pay move no money, so never set it where real products are sent."
)


def check_payments(**_given: Any) -> list[Error]:
    """Return an error unless there is a way to pay; a system check."""
    return [] if list_offered() else [Error(PROBLEM, hint=HINT, id="orders.E001")]
