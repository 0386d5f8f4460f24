"""Lines of the stock ledger at moments of one's choice."""

from __future__ import annotations

from datetime import datetime

from shop.ground.inventory.models import StockLocation, StockMovement


def move_stock(variant: int, quantity: int, at: datetime, location: str = "online") -> None:
    """Write that pieces came (positive) or were sold; what lies there now is left as it is."""
    place, _ = StockLocation.objects.get_or_create(code=location, defaults={"name": location})
    kind = StockMovement.Kind.SOLD if quantity < 0 else StockMovement.Kind.RECEIVED
    StockMovement.objects.create(
        variant_id=variant, location=place, kind=kind, quantity=quantity, at=at
    )
