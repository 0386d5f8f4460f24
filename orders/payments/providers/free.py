"""For orders that cost nothing: nothing to charge, nothing to give back."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from orders.payments.core.values import (
    Charge,
    EventRefused,
    FoundCharge,
    FoundRefund,
    Outcome,
    ProviderEvent,
    RefundOutcome,
)
from orders.refusals import PaymentRefused

FREE = "free"


class FreeProvider:
    """Answers success for an amount of zero and refuses every other."""

    code = FREE
    is_configured = True
    is_sandbox = False
    publishable_key = ""

    def authorise(self, charge: Charge, *, approval: str | None = None) -> Outcome:
        """Succeed for nothing."""
        if charge.amount_minor:
            raise PaymentRefused("This order has to be paid.", code="unknown_method")
        return Outcome("succeeded", FREE, currency=charge.currency)

    def look_up(self, charge: Charge) -> Outcome:
        """Succeed for nothing, whenever asked."""
        return self.authorise(charge)

    def capture(self, charge: Charge, *, amount_minor: int) -> Outcome:
        """Never needed."""
        return self.authorise(charge)

    def void(self, charge: Charge) -> Outcome:
        """Never needed."""
        return self.authorise(charge)

    def refund(
        self, charge: Charge, *, amount_minor: int, key: str, refund_ref: str = ""
    ) -> RefundOutcome:
        """Nothing was taken."""
        return RefundOutcome("succeeded", f"{FREE}-{key}")

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Nobody sends any."""
        raise EventRefused("Nothing is paid through this provider.")

    def list_charges(self, *, since: datetime) -> list[FoundCharge]:
        """There are none."""
        return []

    def list_refunds(
        self, *, charge: Charge | None = None, since: datetime | None = None
    ) -> list[FoundRefund]:
        """There are none."""
        return []
