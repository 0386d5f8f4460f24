"""What the API answers is what its schema says, for every operation, in both languages."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from shop.ground.catalog.models import Product
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.api import CALLS, Device, make_device
from tests.factories.orders import FakePrices, Shelf
from tests.fixtures_api import ApiClient, Operation, list_operations, read_schema

pytestmark = pytest.mark.django_db

OPERATIONS = {operation.name: operation for operation in list_operations(read_schema())}
# An offer needs a campaign: its own test below. Points and groups need an account, a review an
# order, a gift an offer of several, a till its token, an end of an account one: test_points.py,
# test_groups.py, test_reviews.py, test_tills.py, test_own_data.py, orders/test_gift_choices.py.
# What staff do: test_staff_campaigns.py, test_staff_orders.py, test_staff_products.py.
ELSEWHERE = {
    *("getOffer", "getPoints", "listPointsMoves", "joinPoints", "chooseGift", "writeReview"),
    *("listGroups", "proveGroupByCode", "proveGroupByDocument", "mailGroupLink"),
    *("confirmGroupAddress", "makePointsCode", "holdPointsAtTill", "cancelPointsAtTill"),
    *("sendTillSale", "returnTillSale", "deleteAccount"),
    *("getStaffCampaign", "putStaffCampaign", "moveStaffCampaign"),
    *("listStaffOrders", "getStaffOrder", "listCarriers", "packParcel", "shipParcel"),
    *("deliverParcel", "unpackParcel", "refundOrder", "listStaffReturns", "getStaffReturn"),
    *("receiveReturn", "inspectReturn", "listStaffProducts", "getStaffProduct", "putStaffProduct"),
    *("archiveProduct", "restoreProduct", "moveStock", "listStaffPictures", "addPicture"),
    *("uploadProductList", "getProductList", "checkProductList", "applyProductList"),
    *("undoProductList", "exportProducts", "listOrderChanges", "stopTelling"),
}


@pytest.fixture(scope="module")
def strict() -> dict[str, Any]:
    """The components of the schema, in which a field nobody described is an error."""
    components = copy.deepcopy(read_schema()["components"])
    for schema in components["schemas"].values():
        if schema.get("type") == "object" and "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return components


@pytest.fixture
def device(api: ApiClient, shelf: Shelf, prices: FakePrices) -> Device:
    """Alice's device."""
    return make_device(api, shelf)


def check(operation: Operation, answer: Any, components: dict[str, Any]) -> None:
    described = operation.description["responses"]
    assert str(answer.status_code) in described, answer.content
    assert answer.status_code < 300, answer.content
    media = described[str(answer.status_code)]["content"]["application/json"]
    schema = {"components": components, **media["schema"]}
    errors = [
        f"{error.json_path}: {error.message}"
        for error in Draft202012Validator(schema).iter_errors(answer.json())
    ]
    assert errors == []


def test_every_operation_is_called_by_these_tests() -> None:
    assert set(CALLS) == set(OPERATIONS) - ELSEWHERE


@pytest.mark.parametrize("name", sorted(CALLS))
def test_an_answer_is_as_described(name: str, device: Device, strict: dict[str, Any]) -> None:
    operation = OPERATIONS[name]
    path, body = CALLS[name](device)
    answer = device.client.send(operation.method, path, body, Idempotency_Key="a-key")
    check(operation, answer, strict)


def test_every_read_answers_in_chinese_too(device: Device, strict: dict[str, Any]) -> None:
    for operation in OPERATIONS.values():
        if operation.method != "get" or operation.name in ELSEWHERE:
            continue
        path, _body = CALLS[operation.name](device)
        answer = device.client.get(path, Accept_Language="zh-CN")
        check(operation, answer, strict)
        assert answer["Content-Language"] == "zh-hans", operation.name


@pytest.mark.parametrize("slug", ["cheddar", "rye"])
def test_a_product_that_is_no_longer_sold_is_not_found(
    api: ApiClient, shelf: Shelf, slug: str
) -> None:
    """Cheddar leaves gouda behind in its category, rye bread leaves an empty one."""
    Product.objects.filter(slug=slug).update(is_active=False)
    forget_catalog()
    answer = api.get(f"/api/v1/products/{slug}")
    assert (answer.status_code, answer.json()["code"]) == (404, "product_not_found")
