"""Shoppers and events to test with: Alice buys often, Bob is new, Charlie refused everything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import strategies as st

from profiles.accounts.services.identity import get_or_create_guest
from profiles.features.core.accumulate import Increments, increments_of
from profiles.features.core.registry import KINDS, NO_SENSITIVE_GOODS, SensitiveProducts, columns_of
from profiles.values import Consents, EventValue, ShopperValue
from shop.ground.catalog.core.values import CategoryNode, CategoryTree, VariantArrays

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
EVERYTHING = Consents(price=True, recommendations=True, marketing=True, analytics=True)
NOTHING = Consents()
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"

# Three cheeses, two breads, one wine: variant ids, as `make_variants` lists them.
CHEDDAR, GOUDA, BRIE, RYE, BAGUETTE, MERLOT = 101, 102, 103, 201, 202, 301
CHEESE, BREAD, WINE = 11, 12, 13
DAIRY, BAKERY, DRINKS = 1, 2, 3
VARIANTS = (CHEDDAR, GOUDA, BRIE, RYE, BAGUETTE, MERLOT)


def make_variants() -> VariantArrays:
    """Return six variants: cheese at 4.00, 5.00 and 6.00, bread at 3.00 twice, wine at 9.00."""
    return VariantArrays(
        variant_id=np.array(VARIANTS),
        product_id=np.array(VARIANTS),
        category_id=np.array([CHEESE, CHEESE, CHEESE, BREAD, BREAD, WINE]),
        department_id=np.array([DAIRY, DAIRY, DAIRY, BAKERY, BAKERY, DRINKS]),
        brand_id=np.array([7, 7, 8, 8, 9, 9]),
        list_minor=np.array([400, 500, 600, 300, 300, 900]),
        cost_minor=np.array([-1] * 6),
        restricted=np.array([False] * 5 + [True]),
        child_directed=np.array([False] * 6),
        sensitive=np.array([False] * 6),
        popularity=np.array([9.0, 5.0, 1.0, 8.0, 2.0, 7.0]),
        **_later_columns(),
    )


def _later_columns() -> dict[str, Any]:
    """Return values for columns of VariantArrays that features do not read."""
    known = {
        "variant_id",
        "product_id",
        "category_id",
        "department_id",
        "brand_id",
        "list_minor",
        "cost_minor",
        "restricted",
        "child_directed",
        "sensitive",
        "popularity",
    }
    others = set(VariantArrays.__dataclass_fields__) - known
    return {name: np.zeros(len(VARIANTS)) for name in others}


def make_tree() -> CategoryTree:
    """Return the tree of `make_variants`: dairy, bakery (fresh) and drinks."""
    names = {DAIRY: "dairy", BAKERY: "bakery-and-bread", DRINKS: "drinks"}
    leaves = {CHEESE: DAIRY, BREAD: BAKERY, WINE: DRINKS}
    nodes = {key: _node(key, None, key, slug) for key, slug in names.items()}
    nodes |= {key: _node(key, parent, parent, f"leaf-{key}") for key, parent in leaves.items()}
    by_path = {node.path: key for key, node in nodes.items()}
    return CategoryTree(nodes=nodes, by_path=by_path, roots=tuple(names))


def _node(key: int, parent: int | None, department: int, slug: str) -> CategoryNode:
    return CategoryNode(
        category_id=key,
        parent_id=parent,
        department_id=department,
        slug=slug,
        path=slug,
        name=slug,
        depth=0 if parent is None else 1,
        picture="",
        product_count=1,
        is_child_directed=False,
        is_restricted=False,
    )


def make_guest(consents: Consents = EVERYTHING, now: datetime = NOON) -> ShopperValue:
    """Return a new guest in the database (and, once committed, in Redis)."""
    return get_or_create_guest(pseudonym=None, defaults=consents, market_code="us", now=now)


def make_view(variant: int = CHEDDAR, at: datetime = NOON, **fields: Any) -> dict[str, Any]:
    """Return a view as a browser sends it."""
    event = {
        "id": str(uuid4()),
        "kind": "view",
        "occurred_at": at.isoformat(),
        "variant_id": variant,
    }
    return event | fields


def make_views(count: int, at: datetime = NOON) -> list[dict[str, Any]]:
    """Return views of all variants in turn, a second apart, the last one at `at`."""
    return [
        make_view(VARIANTS[n % len(VARIANTS)], at - timedelta(seconds=count - 1 - n))
        for n in range(count)
    ]


def make_event(kind: str = "view", at: datetime = NOON, **fields: Any) -> EventValue:
    """Return an event value of Alice's."""
    known: dict[str, Any] = {"id": uuid4(), "shopper": "alice"}
    if kind in {"view", "click", "cart_add", "cart_remove", "purchase", "return", "review"}:
        known |= {"variant_id": CHEDDAR, "category_id": CHEESE, "brand_id": 7}
    if kind == "purchase":
        known |= {"paid_minor": 350, "list_minor": 400, "is_discounted": True, "price_rank": 0.0}
    return EventValue(occurred_at=at, kind=kind, **(known | fields))


def _build_event(
    *,
    kind: str,
    seconds: float,
    variant: int | None,
    quantity: int,
    paid: int,
    rank: float | None,
) -> EventValue:
    return EventValue(
        id=uuid4(),
        occurred_at=NOON - timedelta(seconds=seconds),
        shopper="alice",
        kind=kind,
        variant_id=variant if kind != "purchase" else variant or CHEDDAR,
        category_id=None if variant is None else variant // 10,
        brand_id=None if variant is None else variant % 7,
        quantity=quantity,
        paid_minor=paid,
        list_minor=paid + 50,
        is_discounted=paid % 2 == 0,
        price_rank=rank,
    )


def any_event(max_age_days: float = 700) -> st.SearchStrategy[EventValue]:
    """Any event of the last `max_age_days` days before noon."""
    return st.builds(
        _build_event,
        kind=st.sampled_from(KINDS),
        seconds=st.floats(0, max_age_days * 86_400).map(lambda value: round(value, 6)),
        variant=st.none() | st.sampled_from(VARIANTS),
        quantity=st.integers(1, 30),
        paid=st.integers(0, 100_000),
        rank=st.none() | st.floats(0, 1),
    )


def any_history(max_size: int = 40) -> st.SearchStrategy[list[EventValue]]:
    """Any list of events, in any order."""
    return st.lists(any_event(), max_size=max_size)


def pseudonyms_of(shoppers: Sequence[ShopperValue]) -> list[UUID]:
    """Return the pseudonyms as UUIDs."""
    return [UUID(shopper.pseudonym) for shopper in shoppers]


def accumulate(
    event: EventValue, zone: ZoneInfo, sensitive: SensitiveProducts = NO_SENSITIVE_GOODS
) -> Increments:
    """Return what one event adds."""
    return increments_of(columns_of([event]), zone, sensitive)[0]
