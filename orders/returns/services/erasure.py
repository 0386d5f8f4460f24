"""Forget what a shopper and staff wrote about returns; the returns stay for the books."""

from __future__ import annotations

from collections.abc import Collection

from orders.returns.models import Return


def forget_return_words(order_ids: Collection[int]) -> None:
    """Empty the comments and refusals of the returns of these orders. Safe to run twice."""
    Return.objects.filter(order_id__in=order_ids).update(comment="", refusal="")
