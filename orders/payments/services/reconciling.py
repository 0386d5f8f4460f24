"""Find money at the providers that no webhook told of and no order waits for."""

from __future__ import annotations

from datetime import datetime, timedelta

from orders.metrics import payments_total
from orders.order.api import describe_step, note
from orders.order.models import Order
from orders.payments.core.values import FoundCharge, Provider, ProviderDown
from orders.payments.models import Payment
from orders.payments.providers.table import list_offered
from orders.payments.services.found import TAKEN, record_found
from orders.payments.services.outcomes import OPEN_STATES, State, apply_outcome

# An attempt can succeed as long as its order can be paid, and a little longer.
RECENT = timedelta(hours=2)
ENDED = (State.DECLINED, State.FAILED, State.VOIDED)
AGREES: dict[str, tuple[Payment.State, ...]] = {
    "needs_action": OPEN_STATES,
    "authorized": (State.AUTHORIZED,),
    "succeeded": (State.SUCCEEDED, State.REFUNDED),
    "declined": ENDED,
    "voided": (*ENDED, State.REFUNDED),
}


def reconcile_payments(*, now: datetime, window: timedelta = RECENT) -> int:
    """Compare what the providers know with what the shop knows; return how many differed.

    Money that no webhook told of pays its order, or goes back if the order is closed. A charge of
    this shop that has no payment here (a restored backup, say) is voided or given back. A refund
    that was made at the provider is recorded. Twice is once. A provider that does not answer is
    left for the next run.
    """
    changed = 0
    for provider in {each.code: each for each in list_offered().values()}.values():
        try:
            found = provider.list_charges(since=now - window)
            changed += _compare_all(provider, found, now)
            changed += _note_refunds(provider, now - window, now)
        except ProviderDown:
            continue
    return changed


def _compare_all(provider: Provider, found: list[FoundCharge], now: datetime) -> int:
    rows = Payment.objects.filter(pk__in=[each.charge.payment_id for each in found])
    known = {row.pk: row for row in rows.select_related("order")}
    changed = 0
    for each in found:
        payment = known.get(each.charge.payment_id)
        is_other = payment and payment.provider_ref not in ("", each.charge.provider_ref)
        if payment is None or is_other:
            changed += _send_back(provider, each, now)
        elif not payment.due_step and payment.state not in AGREES[each.outcome.state]:
            changed += _compare(provider, payment, each, now)
    return changed


def _note_refunds(provider: Provider, since: datetime, now: datetime) -> int:
    """Record refunds made at the provider since then, however old their charges are."""
    found = [each for each in provider.list_refunds(since=since) if not each.is_ours]
    paid = Payment.objects.filter(provider=provider.code, state__in=TAKEN)
    by_ref = {
        one.provider_ref: one
        for one in paid.filter(
            provider_ref__in={each.charge_ref for each in found if each.charge_ref}
        )
    }
    return sum(
        record_found(by_ref[ref], [one for one in found if one.charge_ref == ref], now=now)
        for ref in sorted(by_ref)
    )


def _compare(provider: Provider, payment: Payment, found: FoundCharge, now: datetime) -> bool:
    outcome = found.outcome
    if outcome.state == State.NEEDS_ACTION and payment.state not in OPEN_STATES:
        outcome = provider.void(found.charge)
    return apply_outcome(payment, outcome, now=now)


def _send_back(provider: Provider, found: FoundCharge, now: datetime) -> bool:
    """Void or give back a charge that the shop has no payment for."""
    outcome, charge = found.outcome, found.charge
    if outcome.state in (State.NEEDS_ACTION, State.AUTHORIZED):
        outcome = provider.void(charge)
    left = outcome.captured_minor - outcome.refunded_minor
    if outcome.state == State.SUCCEEDED and left > 0:
        provider.refund(charge, amount_minor=left, key=f"orphan-{charge.provider_ref}")
    elif outcome == found.outcome:
        return False  # it ended before
    payments_total.labels(state="orphan").inc()
    order = Order.objects.filter(number=charge.order_number).first()
    if order is not None:
        detail = describe_step(amount_minor=max(left, 0))
        note(order, "late_payment_refunded", now=now, detail=detail)
    return True
