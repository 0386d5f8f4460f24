"""The providers of the demo: a sandbox that asks, and orders that cost nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.core.signing import BadSignature, Signer

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
from orders.refusals import PaymentRefused

METHODS = ("sandbox-card", "sandbox-secure", "sandbox-declined", "sandbox-outage")


class SandboxProvider:
    """Success, decline, confirmation by the bank (as in 3-D Secure) and outage, on demand."""

    code = "sandbox"
    is_configured = True
    is_sandbox = True
    publishable_key = ""

    def authorise(self, charge: Charge, *, approval: str | None = None) -> Outcome:
        """Answer by the method's name; the same charge always gets the same answer."""
        if charge.method == "sandbox-declined":
            return Outcome("declined", _reference(charge), "declined")
        if charge.method == "sandbox-outage":
            raise ProviderDown("The test bank does not answer.")
        if charge.method == "sandbox-secure":
            if approval is None:
                return Outcome("needs_action", _reference(charge), action_token=_sign(charge))
            _check_approval(charge, approval)
        return _secure(charge)

    def look_up(self, charge: Charge) -> Outcome | None:
        """Answer as before; what met the outage never arrived."""
        return None if charge.method == "sandbox-outage" else self.authorise(charge)

    def capture(self, charge: Charge, *, amount_minor: int) -> Outcome:
        """Take nothing, and say that it was taken."""
        return _take(charge, amount_minor)

    def void(self, charge: Charge) -> Outcome:
        """Nobody confirmed it, or it is set free."""
        return Outcome("declined", _reference(charge), "not_confirmed")

    def refund(
        self, charge: Charge, *, amount_minor: int, key: str, refund_ref: str = ""
    ) -> RefundOutcome:
        """Give back nothing, as nothing was taken."""
        return RefundOutcome("succeeded", f"{charge.provider_ref}-refund-{key}")

    def read_event(self, body: bytes, headers: Mapping[str, str]) -> ProviderEvent:
        """It sends none."""
        raise EventRefused("The sandbox sends no events.")

    def list_charges(self, *, since: datetime) -> list[FoundCharge]:
        """It keeps none."""
        return []

    def list_refunds(
        self, *, charge: Charge | None = None, since: datetime | None = None
    ) -> list[FoundRefund]:
        """It makes none by itself."""
        return []


def _secure(charge: Charge) -> Outcome:
    if not charge.is_captured_later:
        return _take(charge, charge.amount_minor)
    return Outcome(
        "authorized",
        _reference(charge),
        authorized_minor=charge.amount_minor,
        currency=charge.currency,
    )


def _take(charge: Charge, amount_minor: int) -> Outcome:
    return Outcome(
        "succeeded", _reference(charge), captured_minor=amount_minor, currency=charge.currency
    )


def _reference(charge: Charge) -> str:
    return f"sandbox-{charge.payment_id}"


def _check_approval(charge: Charge, approval: str) -> None:
    try:
        signed = _signer().unsign(approval)
    except BadSignature:
        signed = ""
    if signed != _subject(charge):
        raise PaymentRefused("This confirmation is not for this payment.", code="bad_action_token")


def _sign(charge: Charge) -> str:
    return _signer().sign(_subject(charge))


def _subject(charge: Charge) -> str:
    return f"{charge.payment_id}.{charge.amount_minor}.{charge.currency}"


def _signer() -> Signer:
    return Signer(salt="orders.sandbox")


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
