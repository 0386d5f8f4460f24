"""Counters of the orders. Amounts are minor units."""

from __future__ import annotations

from prometheus_client import Counter

cart_changes_total = Counter("fairtag_cart_changes_total", "Changes of carts", ["kind"])
orders_total = Counter("fairtag_orders_total", "Orders by channel and step", ["channel", "step"])
revenue_minor_total = Counter(
    "fairtag_revenue_minor_total", "Paid order totals, minor units", ["channel", "currency"]
)
refunds_minor_total = Counter(
    "fairtag_refunds_minor_total", "Money given back, minor units", ["currency"]
)
discount_minor_total = Counter(
    "fairtag_discount_minor_total",
    "Reductions on paid orders, minor units: personal prices and offers",
    ["source", "currency"],
)
payments_total = Counter("fairtag_payments_total", "Payment attempts by outcome", ["state"])
payment_events_total = Counter(
    "fairtag_payment_events_total", "Webhooks of payment providers", ["kind", "is_new"]
)
checkout_refusals_total = Counter(
    "fairtag_checkout_refusals_total", "Checkouts and orders that were refused", ["code"]
)
