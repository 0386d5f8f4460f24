"""For orders that cost nothing: nothing to charge, nothing to give back."""

from __future__ import annotations

from orders.core.refusals import PaymentRefused
from orders.services.providers.base import Charge, Outcome

FREE = "free"


class FreeProvider:
    """Answers success for an amount of zero and refuses every other."""

    code = FREE
    is_sandbox = False

    def start(self, charge: Charge) -> Outcome:
        """Succeed for nothing."""
        if charge.amount_minor:
            raise PaymentRefused("This order has to be paid.", code="unknown_method")
        return Outcome("succeeded", FREE)

    def resume(self, charge: Charge, *, action_token: str) -> Outcome:
        """Never needed."""
        return self.start(charge)

    def look_up(self, charge: Charge) -> Outcome:
        """Succeed for nothing, whenever asked."""
        return self.start(charge)

    def give_up(self, charge: Charge) -> Outcome:
        """Never needed."""
        return self.start(charge)

    def refund(self, *, provider_ref: str, amount_minor: int, key: str) -> str:
        """Nothing was taken."""
        return f"{FREE}-{key}"
