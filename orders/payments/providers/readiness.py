"""The system check that there is a way to pay."""

from __future__ import annotations

from typing import Any

from django.core.checks import Error

from orders.payments.providers.table import list_offered

PROBLEM = "No payment provider is configured, so no order could be paid."
HINT = (
    "Configure a payment provider: docs/payments.md says how. Test keys of one count only where"
    " SANDBOX_PAYMENTS=1. To look at the shop without one, set SANDBOX_PAYMENTS=1: its"
    " ways to pay move no money, so never set it where real products are sent."
)


def check_payments(**_given: Any) -> list[Error]:
    """Return an error unless there is a way to pay; a system check."""
    return [] if list_offered() else [Error(PROBLEM, hint=HINT, id="orders.E001")]
