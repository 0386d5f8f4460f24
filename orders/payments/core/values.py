"""The interface of payment providers. Card data never passes here, only names and tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from shop.ground.kernel.errors import FairtagError


class ProviderDown(FairtagError):
    """The provider did not answer in time; what became of the request is not known yet."""

    code = "provider_down"


class EventRefused(FairtagError):
    """What arrived at the webhook was not signed by the provider, or long ago."""

    code = "event_refused"


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be paid. `payment_id` doubles as the provider's idempotency key.

    `provider_ref` is the provider's own name of it, empty until it answered once.
    """

    payment_id: UUID
    order_number: str
    amount_minor: int
    currency: str
    method: str
    is_captured_later: bool = False
    provider_ref: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Where a charge stands at its provider.

    `state`: needs_action (the shopper has something to do), authorized (`authorized_minor` is
    reserved), succeeded (`captured_minor` is taken; both in `currency`), declined (it can take no
    money any more, and never did), voided (a reservation that ended). For needs_action
    `action_token` identifies the step and `action_url` is the provider's own page, empty where the
    shop draws the page itself.
    """

    state: str
    provider_ref: str
    reason_code: str = ""
    action_token: str = ""
    action_url: str = ""
    authorized_minor: int = 0
    captured_minor: int = 0
    refunded_minor: int = 0
    currency: str = ""


@dataclass(frozen=True, slots=True)
class RefundOutcome:
    """Where a refund stands at its provider: pending, succeeded or failed."""

    state: str
    provider_ref: str = ""
    failure_code: str = ""


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """What a provider says has happened; only a reason to ask it, never taken at its word.

    `provider_ref` is the charge that it is about, empty for kinds that nobody here waits for.
    `dispute` is the state of a dispute, in events about one.
    """

    event_id: str
    kind: str
    provider_ref: str = ""
    dispute: str = ""


@dataclass(frozen=True, slots=True)
class FoundCharge:
    """A charge of this shop that the provider knows, whether the shop does or not."""

    charge: Charge
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class FoundRefund:
    """A refund that the provider knows. `is_ours`: this shop asked for it."""

    provider_ref: str
    charge_ref: str
    amount_minor: int
    state: str
    is_ours: bool


@dataclass(frozen=True, slots=True)
class RefundPart:
    """Units of an order line that are paid back, and how many of them go back on the shelf."""

    line_id: int
    quantity: int
    restocked: int = 0


@dataclass(frozen=True, slots=True)
class PaymentStep:
    """What happens next with a payment.

    `state`: succeeded, authorized, declined, failed or needs_action. With needs_action the
    shopper acts: on the page `action_url`, or on one that the door draws itself. There the
    sandbox asks for `action_token`; a provider with its own form in the page (`provider` says
    whose) gets it as the form's secret, with `publishable_key`.
    """

    payment_id: UUID
    state: str
    provider: str = ""
    reason_code: str = ""
    message: str = ""
    action_token: str = ""
    action_url: str = ""
    publishable_key: str = ""


class Provider(Protocol):
    """The one seam. Each call is safe to repeat; each may raise ProviderDown."""

    code: str

    @property
    def is_configured(self) -> bool:
        """Return whether it has what it needs to be offered."""

    @property
    def is_sandbox(self) -> bool:
        """Return whether it moves no money."""

    @property
    def publishable_key(self) -> str:
        """Return the public name of the merchant that the provider's form needs, or ""."""

    def authorise(self, charge: Charge, *, approval: str | None = None) -> Outcome:
        """Secure the money: reserve it where the charge is captured later, else take it.

        `approval` is the shopper's answer to an action token. Raises PaymentRefused for a wrong
        one.
        """

    def look_up(self, charge: Charge) -> Outcome | None:
        """Say where a charge stands; None if it never arrived and can take no money."""

    def capture(self, charge: Charge, *, amount_minor: int) -> Outcome:
        """Take up to the reserved amount; the rest is set free."""

    def void(self, charge: Charge) -> Outcome:
        """End a charge that was not captured, so that it can take no money any more.

        Return how it ended: declined, voided, or succeeded if the money was faster.
        """

    def refund(
        self, charge: Charge, *, amount_minor: int, key: str, refund_ref: str = ""
    ) -> RefundOutcome:
        """Give back taken money, once for each key, or say where that refund stands.

        `refund_ref` is the provider's name of it, once it answered.
        """

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """Return what a webhook says. Raises EventRefused unless the provider signed it."""

    def list_charges(self, *, since: datetime) -> list[FoundCharge]:
        """Return the charges of this shop that were made since then."""

    def list_refunds(
        self, *, charge: Charge | None = None, since: datetime | None = None
    ) -> list[FoundRefund]:
        """Return the refunds of one charge, or all that were made since then."""
