"""What every payment provider can do. Card data never passes here: methods are names or tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from shop.kernel.errors import FairtagError


class ProviderDown(FairtagError):
    """The provider did not answer in time; what became of the charge is not known yet."""

    code = "provider_down"


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be paid. `payment_id` doubles as the provider's idempotency key."""

    payment_id: UUID
    order_number: str
    amount_minor: int
    currency: str
    method: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """A provider's answer: state succeeded, declined or needs_action.

    For needs_action `action_token` identifies the step; `action_url` is the provider's own page,
    empty where the shop draws the page itself.
    """

    state: str
    provider_ref: str
    reason_code: str = ""
    action_token: str = ""
    action_url: str = ""


class Provider(Protocol):
    """The interface. Each call is safe to repeat with the same payment or refund id."""

    code: str
    is_sandbox: bool

    def start(self, charge: Charge) -> Outcome:
        """Try to charge. Raises ProviderDown."""

    def resume(self, charge: Charge, *, action_token: str) -> Outcome:
        """Finish a charge that the shopper approved. Raises PaymentRefused for a wrong token."""

    def look_up(self, charge: Charge) -> Outcome | None:
        """Say what became of a charge; None if it never arrived. Raises ProviderDown."""

    def give_up(self, charge: Charge) -> Outcome:
        """End a charge that waits for the shopper, so that it can take no money any more.

        Return how it ended: declined, or succeeded if the shopper was faster. Raises ProviderDown.
        """

    def refund(self, *, provider_ref: str, amount_minor: int, key: str) -> str:
        """Give back; return the provider's reference of the refund. Raises ProviderDown."""
