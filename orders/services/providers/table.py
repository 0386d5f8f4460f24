"""Which provider handles which way to pay: the whole table."""

from __future__ import annotations

from collections.abc import Mapping

from orders.core.refusals import PaymentRefused
from orders.services.providers.base import Provider
from orders.services.providers.free import FREE, FreeProvider
from orders.services.providers.sandbox import METHODS, SandboxProvider

METHOD_PROVIDERS: Mapping[str, Provider] = {
    **dict.fromkeys(METHODS, SandboxProvider()),
    FREE: FreeProvider(),
}


def find_provider(method: str) -> Provider:
    """Return the provider of a way to pay. Raises PaymentRefused (unknown_method)."""
    provider = METHOD_PROVIDERS.get(method)
    if provider is None:
        raise PaymentRefused("There is no such way to pay.", code="unknown_method")
    return provider
