"""The examples on the page about offers are true: valid, readable, and paid to the cent."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from promotions.campaigns.core.revisions import replace_products
from promotions.campaigns.selectors.book import compile_offer
from promotions.campaigns.selectors.campaigns import offer_fields
from promotions.engine.core.carts import (
    CartLineValue,
    CartValue,
    DeliveryFee,
    GiftStock,
    OrderHistory,
    ShopperFacts,
)
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.values import CouponValue, OfferValue
from promotions.models import Campaign, Offer
from promotions.planning.selectors.campaign_schema import describe_campaigns
from promotions.planning.services.campaign_shape import check_document
from tests.factories.promotions import NOON

PAGE = (Path(__file__).resolve().parents[4] / "docs" / "offers.md").read_text(encoding="utf-8")
TEXT = PAGE.partition("\n## Examples\n")[2].partition("\n## ")[0]
PARTS = re.findall(r"### (\d+)\. (.+?)\n(.+?)(?=\n### |\Z)", TEXT, re.DOTALL)
[FRAME] = re.findall(r"```json\n(.+?)```", TEXT.partition("### ")[0], re.DOTALL)
VALIDATOR = Draft202012Validator(describe_campaigns())
DELIVERIES = (DeliveryFee("standard", 499), DeliveryFee("express", 999))


@dataclass(frozen=True)
class Goods:
    """A row of the shelf, and the number of each of its names."""

    ids: dict[str, int]
    category_ids: tuple[int, ...]
    product: str
    brand: str
    minor: int


def _read_shelf() -> dict[str, Goods]:
    ids: dict[str, int] = {}
    shelf = {}
    rows = re.findall(
        r"^\| ([A-Z-]+) \| (\S+) \| (\S+) \| (\S+) \| ([\d.]+) \|$", TEXT, re.MULTILINE
    )
    for sku, product, category, brand, price in rows:
        steps = category.split("/")
        path = ["/".join(steps[: n + 1]) for n in range(len(steps))]
        for name in (*path, sku, product, brand):
            ids.setdefault(name, len(ids) + 1)
        trail = tuple(ids[name] for name in path)
        shelf[sku] = Goods(ids, trail, product, brand, _minor(price))
    return shelf


def _minor(text: str) -> int:
    return int(Decimal(text) * 100)


SHELF = _read_shelf()
REDUCED = {
    sku: _minor(price)
    for sku, price in re.findall(r"([A-Z-]+) is reduced: its list price is (\d+\.\d\d)", TEXT)
}
IDS = SHELF["BAG"].ids


def _documents() -> list[dict[str, Any]]:
    found = []
    for _, _, body in PARTS:
        [block] = re.findall(r"```json\n(.+?)```", body, re.DOTALL)
        said = json.loads(block)
        found.append({**json.loads(FRAME), "offers": said if isinstance(said, list) else [said]})
    return found


DOCUMENTS = _documents()


def _compile(document: dict[str, Any]) -> list[OfferValue]:
    checked = check_document(document)
    campaign = Campaign(
        pk=1, status="live", starts_at=NOON - timedelta(days=1), ends_at=NOON + timedelta(days=1)
    )
    offers = []
    for number, said in enumerate(replace_products(checked, lambda _, key: IDS[key])["offers"], 1):
        row = Offer(pk=number, campaign=campaign)
        for field in offer_fields():
            if field.name in said:
                setattr(row, field.attname, field.to_python(said[field.name]))
        row.clean()
        offers.append(compile_offer(row, campaign, variant_ids=None, left_minor=None, groups=()))
    return offers


def _pay(document: dict[str, Any], cart: str) -> str:
    """Return what a cart of the page pays, as the page says it."""
    products, *facts = [part.strip() for part in cart.split(";")]
    delivery = next((one.removeprefix("delivery ") for one in facts if "delivery" in one), None)
    clock = next((one for one in facts if re.fullmatch(r"\d\d:\d\d", one)), "12:00")
    offers = _compile(document)
    codes = [one.removeprefix("code ") for one in facts if one.startswith("code ")]
    found = evaluate_offers(
        cart=replace(_cart(products), delivery_code=delivery),
        offers=offers,
        coupons=[CouponValue(code, offers[0], 1) for code in codes],
        shopper=_shopper(facts),
        now=NOON.replace(hour=int(clock[:2]), minute=int(clock[3:])),
    )
    fees = {fee.code: fee.price_minor for fee in DELIVERIES}
    for cut in found.deliveries:
        fees[cut.method_code] += cut.amount_minor
    total = sum(found.totals.values()) + (fees[delivery] if delivery else 0)
    skus = {IDS[sku]: sku for sku in SHELF}
    told = [f"{Decimal(total) / 100:.2f}"]
    told += [f"gets {gift.quantity} {skus[gift.variant_id]}" for gift in found.gifts]
    told += [f"earns {grant.points} points" for grant in found.points]
    return ", ".join(told)


def _cart(goods: str) -> CartValue:
    lines = []
    for entry in goods.split(", "):
        quantity, sku = entry.split()
        one = SHELF[sku]
        lines.append(
            CartLineValue(
                line_id=sku,
                variant_id=IDS[sku],
                product_id=IDS[one.product],
                category_ids=one.category_ids,
                brand_id=IDS[one.brand],
                quantity=int(quantity),
                unit_minor=one.minor,
                list_minor=REDUCED.get(sku, 0),
            )
        )
    gifts = (GiftStock(IDS["BAG"], SHELF["BAG"].minor, 50),)
    return CartValue(tuple(lines), "USD", "us", "online", gifts=gifts, deliveries=DELIVERIES)


def _shopper(facts: list[str]) -> ShopperFacts:
    groups = {one.removeprefix("group ") for one in facts if one.startswith("group ")}
    days = [int(found[1]) for one in facts if (found := re.fullmatch(r"last order (\d+) .+", one))]
    last_at = NOON - timedelta(days=days[0]) if days else None
    return ShopperFacts(
        shopper_id=1,
        is_member="member" in facts,
        groups=frozenset(groups),
        history=OrderHistory(last_at=last_at),
    )


def test_there_are_twenty_and_they_are_numbered() -> None:
    assert [int(number) for number, _, _ in PARTS] == list(range(1, len(PARTS) + 1))
    assert len(PARTS) >= 20


@pytest.mark.parametrize("at", range(len(PARTS)), ids=[title for _, title, _ in PARTS])
def test_an_example_is_valid_and_its_carts_pay_as_stated(at: int) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(DOCUMENTS[at])] == []
    rows = re.findall(r"^\| (\d.+?) \| (\d.+?) \|$", PARTS[at][2], re.MULTILINE)
    assert rows
    assert [(cart, _pay(DOCUMENTS[at], cart)) for cart, _ in rows] == rows
