"""The door of tills: its own token and nothing else, answers as described, and who is not told."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import Order
from orders.order.services.bulk import load_orders_bulk
from promotions.models import PointsAccount, TillToken
from promotions.tokens.services import revoke_token
from shop.ground.catalog.models import Store
from shop.ground.kernel.clock import utc_now
from tests.factories.api import expect, make_guest_client
from tests.factories.loyalty import make_member, make_terms
from tests.factories.orders import NOON, FakePrices, Shelf
from tests.factories.tills import grant, make_pos_key, show_code
from tests.fixtures_api import ApiClient, list_operations, read_schema
from tests.integration.api.test_answers import OPERATIONS, check, strict

__all__ = ["strict"]
pytestmark = pytest.mark.django_db
TILL = "/api/v1/till"
TILLS = [o for o in list_operations(read_schema()) if o.template.startswith(TILL)]
OTHERS = [o for o in list_operations(read_schema()) if not o.template.startswith(TILL)]
by_name = {"ids": lambda operation: operation.name}


@pytest.fixture
def alice(db: None) -> PointsAccount:
    """A member with a name that no till may learn."""
    make_terms()
    return make_member("alice.archer@example.com")


@pytest.fixture
def till(alice: PointsAccount) -> ApiClient:
    return ApiClient(Authorization=f"Bearer {make_pos_key()}")


def sale(reference: str = "0042", **fields: Any) -> dict[str, Any]:
    """What a till sends of a sale."""
    known = {"amount_minor": 1_000, "currency": "USD", "sold_at": utc_now().isoformat()}
    return {"reference": reference, **known, **fields}


def test_a_sale_is_paid_sent_and_taken_back_as_described(
    till: ApiClient, alice: PointsAccount, strict: dict[str, Any]
) -> None:
    grant(alice, 300)
    held_body = {"reference": "0042", "amount_minor": 1_000, "currency": "USD"}
    for _ in range(2):
        code = show_code(alice, utc_now())
        held = till.post(f"{TILL}/points", {**held_body, "code": code, "points": 200})
        check(OPERATIONS["holdPointsAtTill"], held, strict)
        assert held.json()["left_to_pay"]["minor"] == 800
        assert held.json()["balance"] == {"available": 100, "pending": 0}
        if not _:
            undone = till.post(f"{TILL}/points/cancel", {"reference": "0042"})
            check(OPERATIONS["cancelPointsAtTill"], undone, strict)
    sold = till.post(f"{TILL}/sales", sale(), Accept_Language="zh-CN")
    check(OPERATIONS["sendTillSale"], sold, strict)
    assert (sold.json()["points_earned"], sold.json()["paid_with_points"]["minor"]) == (8, 200)
    back = till.post(f"{TILL}/returns", {"reference": "0042", "return_reference": "0043"})
    check(OPERATIONS["returnTillSale"], back, strict)
    assert (back.json()["points_given_back"], back.json()["money_back"]["minor"]) == (200, 800)
    told = b"".join(answer.content for answer in (held, undone, sold, back))
    assert (b"alice" in told.lower(), b"archer" in told.lower()) == (False, False)


def test_a_member_number_earns_and_a_repeat_is_answered_alike(
    till: ApiClient, alice: PointsAccount
) -> None:
    body = sale(member_number=alice.member_number)
    first = expect(till.post(f"{TILL}/sales", body))
    assert expect(till.post(f"{TILL}/sales", body)) == first
    changed = till.post(f"{TILL}/sales", {**body, "amount_minor": 1_001})
    assert (changed.status_code, changed.json()["code"]) == (422, "sale_differs")
    chinese = till.post(
        f"{TILL}/sales", sale("1", member_number="482177309158"), Accept_Language="zh-CN"
    )
    assert (chinese.status_code, chinese.json()["code"]) == (404, "member_unknown")
    assert chinese.json()["detail"] == "没有这个会员号。"


@pytest.mark.parametrize(
    "fields",
    [
        {"amount_minor": 10, "lines": [{"amount_minor": 10}]},
        {"amount_minor": None},
        {"lines": [{"amount_minor": -1}]},
        {"amount_minor": 9.99},
        {"reference": "a b"},
        {"currency": "usd"},
        {"sold_at": "yesterday"},
    ],
)
def test_a_body_with_surplus_or_missing_fields_is_refused(
    till: ApiClient, fields: dict[str, Any]
) -> None:
    answer = till.post(f"{TILL}/sales", {**sale(), **fields})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("operation", TILLS, **by_name)
def test_nobody_but_a_till_is_let_in(operation: Any, api: ApiClient, alice: PointsAccount) -> None:
    guest = make_guest_client(api)
    codes = {
        "nobody": api.post(operation.path, {}),
        "guest": guest.post(operation.path, {}),
        "guest's token": guest.post(
            operation.path, {}, Authorization=f"Bearer {guest.headers['X_Shopper_Token']}"
        ),
        "made up": api.post(operation.path, {}, Authorization="Bearer till_" + "a" * 43),
    }
    assert {who: (answer.status_code, answer.json()["code"]) for who, answer in codes.items()} == {
        "nobody": (401, "till_token_required"),
        "guest": (401, "till_token_required"),
        "guest's token": (401, "token_invalid"),
        "made up": (401, "token_invalid"),
    }


@pytest.mark.parametrize("operation", OTHERS, **by_name)
def test_a_till_is_let_in_nowhere_else(
    operation: Any, till: ApiClient, shelf: Shelf, prices: FakePrices
) -> None:
    answer = till.send(operation.method, operation.path, {}, Idempotency_Key="a-key")
    assert answer.status_code == 401, answer.content


def test_a_revoked_till_is_out_at_once(till: ApiClient) -> None:
    token = TillToken.objects.get()
    assert till.post(f"{TILL}/sales", sale()).json()["code"] == "member_unknown"
    revoke_token(TillToken, token_id=token.pk, by_id=None, now=utc_now())
    answer = till.post(f"{TILL}/sales", sale())
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


def test_a_till_that_guesses_is_told_to_wait(till: ApiClient, alice: PointsAccount) -> None:
    body = {"reference": "1", "code": "AAAA-AAAA", "amount_minor": 10, "currency": "USD"}
    answers = [till.post(f"{TILL}/points", body) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [404] * 20 + [429]
    assert answers[-1].json()["code"] == "too_many_tries"
    assert int(answers[-1]["Retry-After"]) > 0


def test_a_sale_by_till_and_by_file_earns_once(
    till: ApiClient, alice: PointsAccount, shelf: Shelf
) -> None:
    lines = [{"sku": "GOUDA", "amount_minor": 500}]
    body = sale("77", lines=lines, member_number=alice.member_number)
    body.pop("amount_minor")
    expect(till.post(f"{TILL}/sales", body))
    store = Store.objects.get(external_ref="main-street")
    for _ in range(2):
        load_orders_bulk(
            orders_csv=[f"77,,{store.pk},{NOON.isoformat()},500,0,500\n".encode()],
            lines_csv=[f"77,0,{shelf.gouda},1,500,500,500,500,0,500\n".encode()],
            market_code="us",
            currency="USD",
        )
    assert [order.total_minor for order in Order.objects.all()] == [500]
    alice.refresh_from_db()
    assert (alice.pending, alice.available) == (5, 0)
