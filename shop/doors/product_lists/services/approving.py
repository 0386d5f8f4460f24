"""The second person of a list whose prices go below cost."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from shop.doors.product_lists.core.columns import PRODUCTS
from shop.doors.product_lists.models import ProductImport
from shop.doors.product_lists.services.uploading import BELOW_COST_PRICES, lock_import
from shop.ground.approvals.services import approve_request, send_back_request

State = ProductImport.State


@transaction.atomic
def approve_list(*, import_id: int, reason: str, by_id: int, now: datetime) -> None:
    """Have a worker take over a list that waited. Raises ListRefused, NeedsSecondPerson."""
    item = lock_import(import_id, State.WAITING, kind=PRODUCTS)
    approve_request(BELOW_COST_PRICES, item.pk, by_id=by_id, reason=reason, now=now)
    item.state, item.done, item.applied_at = State.APPLYING, 0, now
    item.save()


@transaction.atomic
def send_back_list(*, import_id: int, reason: str, by_id: int, now: datetime) -> None:
    """Say no to a list that waited: it is checked and not taken over. Raises ListRefused."""
    item = lock_import(import_id, State.WAITING, kind=PRODUCTS)
    send_back_request(BELOW_COST_PRICES, item.pk, by_id=by_id, reason=reason, now=now)
    item.state = State.CHECKED
    item.save()
