"""Forget what staff wrote about a person when money went back."""

from __future__ import annotations

from collections.abc import Collection

from orders.payments.models import Refund


def forget_refund_reasons(*, order_ids: Collection[int]) -> None:
    """Empty the reasons of these orders' refunds; their amounts stay for the books."""
    Refund.objects.filter(order_id__in=order_ids).update(reason="")
