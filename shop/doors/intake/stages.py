"""The stages of an import, in order. Each is safe to run again: it adds only what is missing."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate

from orders.order.api import load_orders_bulk
from pricing.api import load_ledger_bulk, record_pulse
from pricing.base.core.values import LedgerRow
from profiles.accounts.api import load_events_bulk, load_shoppers_bulk, load_traits_bulk
from profiles.values import Consents
from promotions.demo.api import load_campaigns_bulk
from shop.doors.intake import booking, coupons
from shop.doors.intake.naming import read_words
from shop.doors.intake.work import Work
from shop.ground.catalog.core.loading import ProductRow
from shop.ground.catalog.selectors import map_external_refs
from shop.ground.catalog.services import (
    load_catalog,
    load_placements,
    load_stores,
    load_synonyms,
    spell_search_words,
)
from shop.ground.inventory.core.values import DeliveryLine, StockLine
from shop.ground.inventory.services import expect_deliveries, load_opening_stock
from shop.ground.kernel.hashing import stable_draw

REFERENCE = "import"
# Where the law lets shops use purchase data until somebody objects (US), loyalty-card holders have
# agreed to it; nobody agreed to marketing by buying groceries.
IMPORTED_CONSENTS = Consents(price=True, recommendations=True, analytics=True)
LEDGER_BATCH = 50_000
# A few stores' shelf ends out of a hundred move no chain-wide demand; they are most of the rows.
MIN_PLACEMENT = 0.05


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `run` returns how many rows are new or changed. Those of lanes 1 and 2 need what
    the stages of lane 0 before them loaded, and nothing of each other's.
    """

    name: str
    run: Callable[[Work], int]
    lane: int = 0


def _load_catalog(work: Work) -> int:
    catalogue = work.catalogue
    known = map_external_refs() if work.keep_products else {}
    new = [_leave_out(one, known) for one in catalogue.products]
    products = [one for one in new if one.variants]
    if not products:
        return 0
    loaded = load_catalog(
        categories=catalogue.categories,
        brands=catalogue.brands,
        products=products,
        now=work.now,
        may_move=True,
    )
    # Assumed costs are no word of the merchant: nobody promised to bring them up to date.
    variants = [one for product in products for one in product.variants]
    if any(one.cost_source == "merchant" for one in variants):
        record_pulse(name="costs", at=work.now)
    return loaded.categories + loaded.brands + loaded.products + loaded.variants


def _leave_out(product: ProductRow, known: Collection[str]) -> ProductRow:
    """Return the product without the variants that the shop has."""
    if known:
        kept = tuple(one for one in product.variants if one.ref not in known)
        return replace(product, variants=kept)
    return product


def _load_stock(work: Work) -> int:
    work.know_variants()
    # Only what is for sale needs a shelf; "inactive" products are history.
    rows = work.ask(
        "SELECT product_id, stock, coalesce(weekly_units, 0) FROM products"
        " LEFT JOIN product_sales USING (product_id) ORDER BY product_id"
    )
    variants = (one for product in work.catalogue.products for one in product.variants)
    active = {variant.ref for variant in variants if variant.is_active}
    lines = (
        StockLine(
            work.variant_ids[ref], max(0, stock) if stock is not None else opening_stock(ref, speed)
        )
        for ref, stock, speed in rows
        if ref in active
    )
    opened = load_opening_stock(lines=lines, reference=REFERENCE, now=work.now)
    # A day in the merchant's future: not moved with the history it came with.
    expected = work.ask("SELECT product_id, next_delivery::DATE FROM products ORDER BY product_id")
    days = (DeliveryLine(work.variant_ids[ref], day) for ref, day in expected if ref in active)
    return opened + expect_deliveries(lines=days)


def _load_prices(work: Work) -> int:
    monday = work.first_monday

    def rows() -> Iterator[LedgerRow]:
        total = work.ask("SELECT count(*) FROM price_changes")[0][0]
        work.show.begin("price history", total)
        changes = work.connection.cursor().execute(
            "SELECT id, kind, amount_minor, week FROM price_changes JOIN variant_ids"
            " ON ref = product_id ORDER BY id, kind, week"
        )
        while batch := changes.fetchmany(LEDGER_BATCH):
            for variant_id, kind, amount, week in batch:
                yield LedgerRow(variant_id, kind, amount, monday + timedelta(weeks=week - 1))
            work.show.advance(len(batch))

    return load_ledger_bulk(rows=rows(), market=work.market_code)


def _load_placements(work: Work) -> int:
    monday = work.first_monday.date().isoformat()
    question = (
        f"SELECT id, (DATE '{monday}' + to_days(7 * (week - 1)::INTEGER))::DATE,"
        " round(display_share, 5), round(mailer_share, 5)"
        " FROM promotions JOIN variant_ids ON ref = product_id"
        f" WHERE greatest(display_share, mailer_share) >= {MIN_PLACEMENT} ORDER BY id, week"
    )
    return load_placements(csv_chunks=work.export("placements", question))


def _load_shoppers(work: Work) -> int:
    refs = [row[0] for row in work.ask("SELECT DISTINCT store_id FROM transactions ORDER BY 1")]
    stores = load_stores(refs=refs, market_code=work.market_code)
    work.register("store_ids", stores)
    homes = work.ask(booking.HOME_STORES)
    work.shopper_ids = load_shoppers_bulk(
        rows=[(f"household {ref}", stores.get(store)) for ref, store in homes],
        market_code=work.market_code,
        consents=IMPORTED_CONSENTS,
        now=work.now,
    )
    work.shopper_ids = {ref: work.shopper_ids[f"household {ref}"] for ref, _ in homes}
    work.register("shopper_ids", work.shopper_ids)
    return load_traits_bulk(
        rows=[(work.shopper_ids[ref], name, value) for ref, name, value in work.ask(booking.TRAITS)]
    )


def _load_orders(work: Work) -> int:
    loaded = load_orders_bulk(
        orders_csv=work.export("orders", booking.ORDERS),
        lines_csv=work.export("order lines", booking.ORDER_LINES),
        market_code=work.market_code,
        currency=work.currency,
    )
    return loaded.orders + loaded.lines


def _load_events(work: Work) -> int:
    return load_events_bulk(
        csv_chunks=work.export("events", booking.EVENTS), source=REFERENCE, now=work.now
    )


def prepare_lanes(work: Work) -> None:
    """Make what stages of both lanes read: the ids of products, and the lines with amounts."""
    work.know_variants()
    booking.book_lines(work.connection, minor_units=work.minor_units, timeline=work.timeline)


def _load_campaigns(work: Work) -> int:
    coupons.value_coupons(work.connection, utc_offset=work.timeline.hours)
    world = coupons.CouponWorld(
        currency=work.currency,
        minor_units=work.minor_units,
        weeks=work.timeline.weeks,
        shopper_ids=work.shopper_ids,
        variant_ids=work.variant_ids,
        branches=_name_branches(work),
    )
    loaded = load_campaigns_bulk(
        campaigns=list(coupons.list_campaigns(work.connection, world)),
        coupons=list(coupons.list_coupons(work.connection, world)),
        coupon_variants=coupons.list_coupon_variants(work.connection, world),
        targets=coupons.list_targets(work.connection, world),
        redemptions=coupons.list_redemptions(work.connection, world),
        market_code=work.market_code,
        now=work.now,
    )
    return (
        loaded.campaigns
        + loaded.coupons
        + loaded.coupon_variants
        + loaded.targets
        + loaded.redemptions
    )


def _name_branches(work: Work) -> dict[str, coupons.Branch]:
    catalogue = work.catalogue
    names = {row.path: (row.name, row.name_zh) for row in catalogue.categories}
    branches = {
        path: tuple(names[each] for each in accumulate(path.split("/"), "{}/{}".format))
        for path in {row.category_path for row in catalogue.products}
    }
    return {
        variant.ref: branches[row.category_path]
        for row in catalogue.products
        for variant in row.variants
    }


def _load_synonyms(_work: Work) -> int:
    rows = (
        (row["language"], row["term"], list(filter(None, row["meanings"].split(","))))
        for row in read_words("synonyms")
    )
    return load_synonyms(rows) + spell_search_words()


STAGES = (
    Stage("catalogue", _load_catalog),
    Stage("search words", _load_synonyms),
    Stage("shoppers and stores", _load_shoppers),
    Stage("stock", _load_stock),
    Stage("price history", _load_prices, lane=1),
    Stage("placements", _load_placements, lane=1),
    Stage("orders", _load_orders, lane=1),
    Stage("events", _load_events, lane=2),
    Stage("campaigns", _load_campaigns, lane=2),
)


COVER_WEEKS = 4
# Standard deviations of a Poisson demand over the cover: about one stock-out in forty.
SAFETY = 2.0
SHELF_MINIMUM = 6
SOLD_OUT_SHARE = 0.01


def opening_stock(ref: str, weekly_units: float) -> int:
    """Return pieces on hand: demand of four weeks, a safety stock, and a shelf's minimum.

    d = 4 * weekly units; stock = ceil(d + 2 * sqrt(d)) + 6. About one product in a hundred, the
    same ones on every machine, starts sold out: a store without empty shelves is not one.

    >>> opening_stock("995242", 173.0), opening_stock("1", 0.0)
    (751, 6)
    """
    if stable_draw("stock", ref) < SOLD_OUT_SHARE:
        return 0
    demand = COVER_WEEKS * weekly_units
    return math.ceil(demand + SAFETY * math.sqrt(demand)) + SHELF_MINIMUM
