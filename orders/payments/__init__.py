"""Payments: one seam to providers, attempts, captures, refunds, events. The door is `api`."""
