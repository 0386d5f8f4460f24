"""Pure mathematics of orders: totals, tax, delivery, states, refunds. No Django, no clock."""
