"""A till at Main Street, its receipts, and members who stand before it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import transaction

from promotions.loyalty.core.pos import PosLine, PosReceipt, PosRefused, PosTerminal
from promotions.loyalty.selectors.terms import find_pos_terminal
from promotions.loyalty.services.points import Act, PointsRefused, make_available, make_points_code
from promotions.loyalty.services.pos_holds import hold_at_pos, make_pos_token
from promotions.loyalty.services.pos_sales import return_at_pos, sell_at_pos
from promotions.models import Bucket, PointsAccount, PointsEntry
from shop.ground.catalog.models import Store
from tests.factories.loyalty import NOON, list_unbalanced_accounts
from tests.factories.staff_tokens import make_root_client
from tests.fixtures_api import ApiClient, Operation


def make_pos_key(store: str = "main-street", name: str = "Till 1") -> str:
    """Return the token of a new till; its store is made if it is not there."""
    place, _ = Store.objects.get_or_create(
        external_ref=store, defaults={"name": "Main Street", "market_id": "us"}
    )
    return make_pos_token(store_id=place.pk, name=name, by_id=None, now=NOON)[1]


def device_for(operation: Operation, otherwise: ApiClient) -> ApiClient:
    """Return a till where only tills are let in, and a system of staff where only those are."""
    if {"staffToken": []} in operation.description["security"]:
        return make_root_client()
    if {"tillToken": []} not in operation.description["security"]:
        return otherwise
    return ApiClient(Authorization=f"Bearer {make_pos_key()}")


def make_till(store: str = "main-street", name: str = "Till 1") -> PosTerminal:
    """Return a new till."""
    till = find_pos_terminal(make_pos_key(store, name))
    assert till is not None
    return till


def grant(member: PointsAccount, points: int, key: str = "gift") -> None:
    """Give points that never expire."""
    make_available(
        account_id=member.pk,
        act=Act(PointsEntry.Kind.ADJUST, key, NOON),
        source=Bucket.ADJUSTED,
        points=points,
        expires_at=None,
    )


def receipt(reference: str, *goods: int | PosLine, **fields: Any) -> PosReceipt:
    """Return a receipt; a number is a line of one piece without SKU."""
    known: dict[str, Any] = {"currency": "USD", "sold_at": NOON}
    lines = tuple(PosLine(each) if isinstance(each, int) else each for each in goods)
    return PosReceipt(reference=reference, lines=lines, **(known | fields))


def show_code(member: PointsAccount, now: datetime = NOON) -> str:
    """Return the code a member shows."""
    return make_points_code(shopper_id=member.shopper_id or 0, now=now).code


def hold(
    till: PosTerminal, reference: str, code: str, amount: int, **fields: Any
) -> dict[str, Any]:
    """Hold points for a sale."""
    known: dict[str, Any] = {"currency": "USD", "wanted": None, "now": NOON}
    return hold_at_pos(
        till=till, reference=reference, code=code, amount_minor=amount, **(known | fields)
    )


def balances(member: PointsAccount) -> tuple[int, int, int, int]:
    """Pending, available, held, owed; the books must agree each time somebody looks."""
    member.refresh_from_db()
    assert list_unbalanced_accounts() == []
    return member.pending, member.available, member.held, member.owed


def number_of(member: PointsAccount) -> str:
    """The member's number."""
    assert member.member_number is not None
    return member.member_number


def sell(
    till: PosTerminal, member: PointsAccount, reference: str, *goods: Any, **fields: Any
) -> Any:
    """Send a sale by member number."""
    said = receipt(reference, *goods, member_number=number_of(member), **fields)
    return sell_at_pos(till=till, receipt=said, now=NOON)


def give_back(till: PosTerminal, reference: str, back: str, *lines: tuple[int, int]) -> Any:
    """Send a return."""
    return return_at_pos(
        till=till, reference=reference, return_reference=back, lines=lines, now=NOON
    )


def code_of(act: Any) -> str:
    """The code under which `act` is refused; nothing of it stays."""
    with pytest.raises((PosRefused, PointsRefused)) as refusal, transaction.atomic():
        act()
    return refusal.value.code
