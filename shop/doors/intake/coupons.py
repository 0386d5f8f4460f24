"""Campaigns, coupons and their uses, from cleaned tables in DuckDB.

The source names no coupon's worth. It is taken from the tills: what the lines on which the
coupon was redeemed were reduced by (median), else its campaign's median, else everybody's.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import duckdb

from promotions.demo.api import CampaignRow, CouponRow, RedemptionRow
from shop.ground.kernel.money import format_money

USUAL_AMOUNT = 1.0

# What each kind of the source's campaigns was, in shoppers' words.
KINDS = {
    "Type A": ("Coupons picked for you", "专属优惠券"),
    "Type B": ("Coupon booklet", "优惠券手册"),
    "Type C": ("Seasonal coupon booklet", "季节优惠券手册"),
}

type Branch = tuple[tuple[str, str], ...]
"""Names in English and Chinese of a product's department, category and type."""
MIXED = ("selected products", "精选商品")
# How deep to name products, and how many names at most: the first that leaves out no product.
NAMINGS = ((3, 1), (2, 1), (2, 2), (1, 1), (1, 2))
SELECTED = ("selected {name}", "精选{name}")


@dataclass(frozen=True, slots=True)
class CouponWorld:
    """What coupon rows need besides the tables."""

    currency: str
    minor_units: int
    weeks: int
    shopper_ids: Mapping[str, int]
    variant_ids: Mapping[str, int]
    branches: Mapping[str, Branch]
    """Where each product stands in the tree, by product reference."""


def value_coupons(connection: duckdb.DuckDBPyConnection, *, utc_offset: int) -> None:
    """Create `coupon_uses` (redemptions with the basket they met) and `coupon_values`."""
    connection.execute(
        "CREATE TABLE reduced AS SELECT household_id, coupon_upc, campaign_id, basket_id,"
        " coupon_disc, (transaction_timestamp + to_hours(?))::DATE AS day"
        " FROM transactions JOIN coupons USING (product_id) WHERE coupon_disc > 0",
        [utc_offset],
    )
    connection.execute(
        "CREATE TABLE coupon_uses AS SELECT household_id, coupon_upc, campaign_id,"
        " redemption_date, arg_max(basket_id, coupon_disc) AS basket_id,"
        " max(coupon_disc) AS amount FROM (SELECT *, redemption_date::DATE AS day"
        " FROM coupon_redemptions) LEFT JOIN reduced"
        " USING (household_id, coupon_upc, campaign_id, day) GROUP BY ALL"
    )
    connection.execute(
        "CREATE TABLE coupon_values AS SELECT coupon_upc, campaign_id,"
        " coalesce(own, median(own) OVER (PARTITION BY campaign_id), median(own) OVER (), ?)"
        " AS amount FROM (SELECT DISTINCT coupon_upc, campaign_id FROM coupons)"
        " LEFT JOIN (SELECT coupon_upc, campaign_id, median(amount) AS own FROM coupon_uses"
        " GROUP BY coupon_upc, campaign_id) USING (coupon_upc, campaign_id)"
        " ORDER BY campaign_id, coupon_upc",
        [USUAL_AMOUNT],
    )
    connection.execute("DROP TABLE reduced")


def list_campaigns(
    connection: duckdb.DuckDBPyConnection, world: CouponWorld
) -> Iterator[CampaignRow]:
    """Yield campaigns, first day inclusive, the day after the last day exclusive."""
    rows = connection.execute(
        "SELECT campaign_id, campaign_type, start_date, end_date FROM campaign_descriptions"
        " ORDER BY start_date, campaign_id"
    ).fetchall()
    for number, (ref, kind, first, last) in enumerate(rows, start=1):
        name, name_zh = KINDS.get(kind, ("Coupon mailing", "优惠券"))
        yield CampaignRow(
            external_ref=ref,
            name=f"{name}, no. {number}",
            name_zh=f"{name_zh}第{number}期",
            kind="coupon",
            audience="personal",
            starts_at=_move(first, world),
            ends_at=_move(last, world) + timedelta(days=1),
        )


def _move(moment: datetime, world: CouponWorld) -> datetime:
    # Dates have no time of day: only the whole weeks count.
    return moment.replace(tzinfo=UTC) + timedelta(weeks=world.weeks)


def list_coupons(connection: duckdb.DuckDBPyConnection, world: CouponWorld) -> Iterator[CouponRow]:
    """Yield coupons, named after their amount and what all of their products are."""
    sold = Counter(branch[:depth] for branch in world.branches.values() for depth in (1, 2, 3))
    covered: dict[tuple[str, str], Counter[Branch]] = defaultdict(Counter)
    rows = connection.execute("SELECT coupon_upc, campaign_id, product_id FROM coupons").fetchall()
    for upc, campaign, product in rows:
        covered[upc, campaign][world.branches[product]] += 1
    values = connection.execute("SELECT coupon_upc, campaign_id, amount FROM coupon_values")
    for upc, campaign, amount in values.fetchall():
        minor = max(1, round(amount * world.minor_units))
        name, name_zh = name_goods(covered[upc, campaign], sold)
        yield CouponRow(
            external_ref=f"{campaign}-{upc}",
            campaign_ref=campaign,
            code=f"J{upc}-{campaign}",
            name=f"{format_money(minor, world.currency, 'en_US')} off {name}",
            name_zh=f"{name_zh}立减{format_money(minor, world.currency, 'zh_Hans_CN')}",
            amount_minor=minor,
        )


def name_goods(branches: Mapping[Branch, int], sold: Mapping[Branch, int]) -> tuple[str, str]:
    """Return what products are called together, in English and Chinese, by how many stand where.

    No product is left out: a name that fits most of them would promise the others by accident. Of
    places where more is `sold` than they cover, the products are called selected.

    >>> baby, chips = ("Baby", "婴儿"), ("Chips", "薯片")
    >>> found = {(baby, ("Baby Food", "婴儿食品")): 3, (("Snacks", "零食"), chips): 9}
    >>> name_goods(found, found)
    ('Chips and Baby Food', '薯片、婴儿食品')
    >>> name_goods({(("Snacks", "零食"), chips): 9}, {(("Snacks", "零食"), chips): 10})
    ('selected Chips', '精选薯片')
    """
    for depth, most in NAMINGS:
        parts: Counter[Branch] = Counter()
        for branch, count in branches.items():
            parts[branch[:depth]] += count
        if len(parts) <= most:
            # Of equally frequent ones the first by name, so that a second run agrees.
            ranked = sorted(parts, key=lambda part: (-parts[part], part))
            named = dict.fromkeys(part[-1] for part in ranked)
            names = " and ".join(en for en, _ in named), "、".join(zh or en for en, zh in named)
            if all(count >= sold[part] for part, count in parts.items()):
                return names
            return SELECTED[0].format(name=names[0]), SELECTED[1].format(name=names[1])
    return MIXED


def list_coupon_variants(
    connection: duckdb.DuckDBPyConnection, world: CouponWorld
) -> Iterator[tuple[str, int]]:
    """Yield (coupon reference, variant id)."""
    rows = connection.execute(
        "SELECT campaign_id, coupon_upc, product_id FROM coupons ORDER BY ALL"
    ).fetchall()
    for campaign, upc, product in rows:
        yield f"{campaign}-{upc}", world.variant_ids[product]


def list_targets(
    connection: duckdb.DuckDBPyConnection, world: CouponWorld
) -> Iterator[tuple[str, int]]:
    """Yield (campaign reference, shopper id)."""
    rows = connection.execute(
        "SELECT campaign_id, household_id FROM campaigns ORDER BY ALL"
    ).fetchall()
    for campaign, household in rows:
        yield campaign, world.shopper_ids[household]


def list_redemptions(
    connection: duckdb.DuckDBPyConnection, world: CouponWorld
) -> Iterator[RedemptionRow]:
    """Yield past uses; the amount is what the till took off, else the coupon's worth."""
    rows = connection.execute(
        "SELECT campaign_id, coupon_upc, household_id, basket_id,"
        " coalesce(coupon_uses.amount, coupon_values.amount), redemption_date"
        " FROM coupon_uses JOIN coupon_values USING (coupon_upc, campaign_id)"
        " ORDER BY redemption_date, household_id, coupon_upc, campaign_id"
    ).fetchall()
    for campaign, upc, household, basket, amount, day in rows:
        yield RedemptionRow(
            coupon_ref=f"{campaign}-{upc}",
            shopper_id=world.shopper_ids[household],
            order_ref=basket or "",
            amount_minor=max(1, round(amount * world.minor_units)),
            at=_move(day, world),
        )
