"""Precompute personal prices of active shoppers, and what an average member of a segment pays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched

from django.db import connection

from pricing.base.core.arrays import IntArray
from pricing.base.core.values import FloatArray, Policy
from pricing.optimum.core.batch import (
    Entries,
    SegmentMeans,
    ShopperFeatures,
    popular_by_category,
    price_shoppers,
)
from pricing.optimum.core.quote import VariantTerms
from pricing.optimum.core.signals import SignalWeights
from pricing.optimum.core.thompson import draw_places
from pricing.quoting.services.deciding import is_held_out
from profiles.segments.api import compute_feature_rows
from profiles.shoppers.api import list_active_shoppers
from profiles.values import FeatureRow
from shop.ground.kernel.clock import epoch_ms

ACTIVE_DAYS = 120
CHUNK = 250

_CREATE = """
CREATE TEMPORARY TABLE incoming_entry (
    shopper_id bigint, variant_ids bigint[], quoted_minors integer[]
)
"""
_COPY = "COPY incoming_entry (shopper_id, variant_ids, quoted_minors) FROM STDIN"
# A shopper erased while we computed is gone from the table the key points to: left out.
_REPLACE = """
INSERT INTO pricing_pricebookentry (shopper_id, book_id, variant_ids, quoted_minors, priced_at)
SELECT i.shopper_id, %(book)s, i.variant_ids, i.quoted_minors, %(now)s FROM incoming_entry i
WHERE EXISTS (SELECT FROM profiles_shopper s WHERE s.id = i.shopper_id)
ON CONFLICT (shopper_id) DO UPDATE SET book_id = EXCLUDED.book_id,
    variant_ids = EXCLUDED.variant_ids, quoted_minors = EXCLUDED.quoted_minors,
    priced_at = EXCLUDED.priced_at
"""


class ShopperPrices:
    """The prices of all active shoppers, computed chunk by chunk; segment means on the way."""

    def __init__(
        self,
        *,
        terms: VariantTerms,
        popularity: FloatArray,
        family_of: Mapping[int, int],
        weights: SignalWeights,
        policy: Policy,
    ) -> None:
        self._terms = terms
        self._popular = popular_by_category(terms.category_id, popularity)
        self._family_of = family_of
        self._weights = weights
        self._policy = policy
        self._place: IntArray | None = None
        self.means = SegmentMeans()
        self.shoppers: list[int] = []
        self.entries: list[Entries] = []

    def compute(self, *, now: datetime, since: datetime | None = None) -> None:
        """Price every shopper seen in ACTIVE_DAYS (or since `since`) who may have such prices.

        Queries: one for the shoppers, one for their events per 500.
        """
        first = now - timedelta(days=ACTIVE_DAYS) if since is None else since
        active = [
            one for one in list_active_shoppers(first) if one.consents.price and not one.is_minor
        ]
        self._place = draw_places(epoch_ms(now), self._terms.variant_id)
        self.shoppers = sorted(one.id for one in active)
        treated = {
            one.pseudonym: one.id
            for one in active
            if not is_held_out(one.pseudonym, self._policy.holdout_share)
        }
        for chunk in batched(self._features(treated, now), CHUNK):
            self.entries += price_shoppers(
                chunk,
                self._terms,
                self._popular,
                self._family_of,
                weights=self._weights,
                policy=self._policy,
                place=self._place,
            )

    def segment_prices(self) -> tuple[tuple[str, ...], IntArray]:
        """Return the segments and the prices (S, m) of their average member."""
        return self.means.price(
            self._terms,
            self._family_of,
            weights=self._weights,
            policy=self._policy,
            place=self._place,
        )

    def _features(self, treated: Mapping[str, int], now: datetime) -> Iterator[ShopperFeatures]:
        for row in compute_feature_rows(sorted(treated.values()), now):
            shopper = _features_of(treated[row.shopper], row)
            if row.segment is not None:
                self.means.add(row.segment, shopper)
            yield shopper


def _features_of(shopper_id: int, row: FeatureRow) -> ShopperFeatures:
    return ShopperFeatures(
        shopper_id=shopper_id,
        values=row.values,
        category_affinity=row.category_affinity,
        variant_affinity=row.variant_affinity,
    )


def replace_entries(
    *, book_id: int, shopper_ids: Sequence[int] | None, entries: Iterable[Entries], now: datetime
) -> int:
    """Replace the entries of `shopper_ids` (None: of everybody) by COPY; return rows written.

    In the caller's transaction, so readers see the old prices or the new ones, never a mixture.
    """
    with connection.cursor() as cursor:
        if shopper_ids is None:
            cursor.execute("DELETE FROM pricing_pricebookentry")
        else:
            cursor.execute(
                "DELETE FROM pricing_pricebookentry WHERE shopper_id = ANY(%s)", [list(shopper_ids)]
            )
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            for one in entries:
                copy.write_row((one.shopper_id, one.variant_id.tolist(), one.quoted_minor.tolist()))
        cursor.execute(_REPLACE, {"book": book_id, "now": now})
        written: int = cursor.rowcount
        cursor.execute("DROP TABLE incoming_entry")
    return written
