"""Load a catalogue by COPY: new rows are added, changed rows updated, equal rows left alone."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection, transaction

from shop.ground.catalog.core.loading import BrandRow, CatalogLoad, CategoryRow, ProductRow
from shop.ground.catalog.models import Product
from shop.ground.catalog.selectors.versions import forget_catalog
from shop.ground.catalog.services.indexing import (
    add_search_words,
    index_changed_products,
    rebuild_search_words,
)
from shop.ground.catalog.services.merging import copy_rows, merge_all
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop

# From so many changed products on all search words are counted anew, and tables analysed.
MANY = 500
_WAIT_FOR_LOADS = "SELECT pg_advisory_xact_lock(hashtext('load_catalog'))"


class ProductChanged(FairtagError):
    """Somebody else changed the product since it was read; nothing was written."""

    code = "product_changed"


@transaction.atomic
def load_catalog(
    *,
    categories: Sequence[CategoryRow] = (),
    brands: Sequence[BrandRow] = (),
    products: Sequence[ProductRow] = (),
    now: datetime,
    revisions: Mapping[str, int] | None = None,
    may_move: bool = False,
) -> CatalogLoad:
    """Load categories, brands and products with their variants. One transaction.

    The one way a product is created or changed. Rows are matched by the merchant's references;
    what is not named stays as it is. Search is brought up to date, memories of the catalogue are
    dropped on commit. The number of statements does not grow with the number of rows. Loads wait
    for each other, so that two never give one address to two products. `revisions` are what an
    edit began from, by reference: a product changed since raises ProductChanged. With `may_move` a
    variant goes to the product that its row names; a product that loses all of them is no longer
    sold. Without it such a row is a conflict.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAIT_FOR_LOADS)
        require_unchanged(revisions or {})
        copy_rows(cursor, categories, brands, products)
        loaded = merge_all(cursor, now, may_move=may_move)
        touched = loaded.created | loaded.changed
        is_bulk = len(touched) >= MANY
        index_changed_products()
        if is_bulk or loaded.categories or loaded.brands:
            rebuild_search_words()
        elif touched:
            add_search_words(touched)
        if is_bulk:
            cursor.execute("ANALYZE shop_category, shop_brand, shop_product, shop_variant")
    transaction.on_commit(forget_catalog)
    return loaded


def lock_products(refs: Collection[str]) -> None:
    """Lock products until the caller's transaction ends, so that what it reads of them stays true.

    It waits for loads first, as they wait for each other before they lock. Two queries.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WAIT_FOR_LOADS)
    rows = Product.objects.select_for_update(no_key=True).filter(external_ref__in=refs)
    list(rows.order_by("pk").values_list("pk"))


def require_unchanged(revisions: Mapping[str, int]) -> None:
    """Lock the products and compare their revisions. Raises ProductChanged. One query."""
    rows = Product.objects.select_for_update(no_key=True).filter(external_ref__in=revisions)
    for ref, revision, name in rows.order_by("pk").values_list("external_ref", "revision", "name"):
        if revision != revisions[ref]:
            raise ProductChanged(
                gettext_noop("Somebody else has changed this product meanwhile."), product=name
            )


def load_stores(*, refs: Iterable[str], market_code: str) -> dict[str, int]:
    """Load physical shops by reference; return all ids by reference."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO shop_store (external_ref, name, market_id)"
            " SELECT ref, 'Store ' || ref, %s FROM unnest(%s::text[]) AS ref"
            " ON CONFLICT (external_ref) DO NOTHING",
            [market_code, sorted(set(refs))],
        )
        cursor.execute("SELECT external_ref, id FROM shop_store")
        return dict(cursor.fetchall())


def load_placements(*, csv_chunks: Iterable[bytes]) -> int:
    """Load how prominently variants were placed by week; return new or changed rows.

    `csv_chunks` together form CSV without a header: variant id, Monday of the week (ISO 8601),
    display share, mailer share, both from 0 to 1.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE load_week (variant_id bigint, week_start date,"
            " display_share double precision, mailer_share double precision) ON COMMIT DROP"
        )
        with cursor.copy("COPY load_week FROM STDIN (FORMAT csv)") as copy:
            for chunk in csv_chunks:
                copy.write(chunk)
        cursor.execute(
            "INSERT INTO shop_productweek AS known"
            " (variant_id, week_start, display_share, mailer_share)"
            " SELECT variant_id, week_start, display_share, mailer_share FROM load_week"
            " ON CONFLICT (variant_id, week_start) DO UPDATE"
            " SET display_share = excluded.display_share, mailer_share = excluded.mailer_share"
            " WHERE (known.display_share, known.mailer_share)"
            " IS DISTINCT FROM (excluded.display_share, excluded.mailer_share)"
        )
        changed = cursor.rowcount
        cursor.execute("DROP TABLE load_week")
    return changed
