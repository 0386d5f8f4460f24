"""A provider that moves no money and answers as its method's name says."""

from __future__ import annotations

from django.core.signing import BadSignature, Signer

from orders.core.refusals import PaymentRefused
from orders.services.providers.base import Charge, Outcome, ProviderDown

METHODS = ("sandbox-card", "sandbox-secure", "sandbox-declined", "sandbox-outage")


class SandboxProvider:
    """Success, decline, confirmation by the bank (as in 3-D Secure) and outage, on demand."""

    code = "sandbox"
    is_sandbox = True

    def start(self, charge: Charge) -> Outcome:
        """Answer by the method's name; the same charge always gets the same answer."""
        reference = f"sandbox-{charge.payment_id}"
        if charge.method == "sandbox-declined":
            return Outcome("declined", reference, "declined")
        if charge.method == "sandbox-outage":
            raise ProviderDown("The test bank does not answer.")
        if charge.method == "sandbox-secure":
            return Outcome("needs_action", reference, action_token=_sign(charge))
        return Outcome("succeeded", reference)

    def resume(self, charge: Charge, *, action_token: str) -> Outcome:
        """Accept the shopper's approval of this very charge and amount."""
        try:
            signed = _signer().unsign(action_token)
        except BadSignature:
            signed = ""
        if signed != _subject(charge):
            raise PaymentRefused(
                "This confirmation is not for this payment.", code="bad_action_token"
            )
        return Outcome("succeeded", f"sandbox-{charge.payment_id}")

    def look_up(self, charge: Charge) -> Outcome | None:
        """Answer as the start did; what met the outage never arrived."""
        return None if charge.method == "sandbox-outage" else self.start(charge)

    def give_up(self, charge: Charge) -> Outcome:
        """Nobody confirmed it."""
        return Outcome("declined", f"sandbox-{charge.payment_id}", "not_confirmed")

    def refund(self, *, provider_ref: str, amount_minor: int, key: str) -> str:
        """Give back nothing, as nothing was taken."""
        return f"{provider_ref}-refund-{key}"


def _sign(charge: Charge) -> str:
    return _signer().sign(_subject(charge))


def _subject(charge: Charge) -> str:
    return f"{charge.payment_id}.{charge.amount_minor}.{charge.currency}"


def _signer() -> Signer:
    return Signer(salt="orders.sandbox")
