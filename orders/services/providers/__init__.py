"""Payment providers behind one interface."""

from orders.services.providers.base import Charge, Outcome, Provider, ProviderDown
from orders.services.providers.free import FREE
from orders.services.providers.readiness import check_payments
from orders.services.providers.table import (
    find_offered,
    find_provider,
    is_accepted,
    list_offered,
    say_no_provider,
)

__all__ = [
    "FREE",
    "Charge",
    "Outcome",
    "Provider",
    "ProviderDown",
    "check_payments",
    "find_offered",
    "find_provider",
    "is_accepted",
    "list_offered",
    "say_no_provider",
]
