"""Payment providers behind one interface."""

from orders.services.providers.base import Charge, Outcome, Provider, ProviderDown
from orders.services.providers.free import FREE
from orders.services.providers.table import METHOD_PROVIDERS, find_provider

__all__ = [
    "FREE",
    "METHOD_PROVIDERS",
    "Charge",
    "Outcome",
    "Provider",
    "ProviderDown",
    "find_provider",
]
