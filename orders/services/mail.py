"""Order e-mails, sent by a worker after the fact."""

from __future__ import annotations


def send_order_email(*, order_id: int, kind: str) -> bool:
    """Send e-mail `kind` (placed, paid, cancelled, refunded) once; return whether it was sent."""
    raise NotImplementedError
