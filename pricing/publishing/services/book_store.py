"""Write a price book with everything that changes with it, in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import batched
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import Max
from numpy.typing import NDArray

from pricing.base.core.reference import MIN_LIST_SHARE, STRATEGIES
from pricing.base.core.values import FloatArray, IntArray, Policy
from pricing.base.metrics import book_version, price_changes_total
from pricing.learning.core.scene import STAFF
from pricing.learning.selectors.publishing import digest_products
from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.ledger import PriceLedgerEntry
from pricing.optimum.core.batch import (
    Book,
    Entries,
    SegmentMeans,
    ShopperFeatures,
    book_arrays,
    popular_by_category,
    price_shoppers,
)
from pricing.optimum.core.quote import VariantTerms
from pricing.optimum.core.signals import SignalWeights
from pricing.optimum.core.thompson import draw_places
from pricing.policy.models.policy import PricingPolicy
from pricing.publishing.core.quality import count_badges
from pricing.publishing.selectors.reprice_scope import RepriceScope
from pricing.publishing.services.drafts import Draft
from pricing.publishing.services.price_tests import PricePeriods, store_arms, store_price_tests
from pricing.publishing.services.publish_context import PublishContext
from pricing.publishing.services.record_proposals import ledger_sources, record_proposals
from pricing.quoting.services.deciding import is_held_out
from profiles.segments.api import compute_feature_rows
from profiles.shoppers.api import list_active_shoppers
from profiles.values import FeatureRow
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from shop.ground.kernel.clock import epoch_ms
from shop.ground.outbox.services import write_fact

# Decisions carry their own inputs, so old books are needed for a look back only.
KEEP_BOOKS = 200

_CREATE = """
CREATE TEMPORARY TABLE incoming_public (
    variant_id bigint, list_minor integer, public_minor integer, is_new boolean,
    source varchar(10)
)
"""
_COPY = "COPY incoming_public (variant_id, list_minor, public_minor, is_new, source) FROM STDIN"
_OPEN = """
INSERT INTO pricing_publicprice
    (variant_id, market_id, channel, list_minor, public_minor, anchor_minor, changed_at)
SELECT variant_id, %(market)s, %(channel)s, list_minor, public_minor, public_minor, %(at)s
FROM incoming_public WHERE is_new
ON CONFLICT DO NOTHING
"""
_MOVE = """
UPDATE pricing_publicprice p SET public_minor = i.public_minor, changed_at = %(at)s
FROM incoming_public i
WHERE NOT i.is_new AND p.variant_id = i.variant_id
    AND p.market_id = %(market)s AND p.channel = %(channel)s
"""
_LEDGER = """
INSERT INTO pricing_priceledgerentry
    (variant_id, market_id, channel, kind, amount_minor, valid_from, source)
SELECT i.variant_id, %(market)s, %(channel)s, k.kind,
    CASE k.kind WHEN 'list' THEN i.list_minor ELSE i.public_minor END, %(at)s, i.source
FROM incoming_public i
CROSS JOIN (VALUES ('list'), ('public')) AS k (kind)
WHERE i.is_new OR k.kind = 'public'
ORDER BY i.variant_id
ON CONFLICT DO NOTHING
"""


def store_book(
    *,
    book: Book,
    draft: Draft,
    scope: RepriceScope,
    context: PublishContext,
    notes: Mapping[str, NDArray[Any]],
) -> PriceBook:
    """Write changed public prices, their ledger entries and the book; make it the current one.

    Every change is kept with its reasons as a proposal. `notes` are arrays that the next run reads
    from the book, not workers.
    """
    place, now, effective_at = context.place, context.now, context.effective_at
    known, newest = scope.notes["ledger"], _newest_entry()
    changed = _write_changes(draft, context, book.version)
    # Our own ledger entries are nothing to reprice in the next run; what others wrote meanwhile is.
    ledger = _newest_entry() if newest == known else known
    arrays = book_arrays(book) | dict(notes)
    PriceBook.objects.filter(market_id=place[0], channel=place[1], is_current=True).update(
        is_current=False
    )
    row = PriceBook.objects.create(
        version=book.version,
        market_id=place[0],
        channel=place[1],
        model_version_id=book.model_version or None,
        policy=_policy(book.policy_version, now),
        published_at=now,
        effective_at=effective_at,
        is_current=True,
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
        metrics=_metrics(book, draft, changed)
        | {"quality": count_badges(notes["badges"], book.terms.variant_id)}
        | {"notes": scope.notes | {"ledger": ledger}},
    )
    payload = {"version": book.version, "market": place[0], "channel": place[1]}
    write_fact(kind="PriceBookPublished", payload=payload, occurred_at=now)
    if changed:
        write_fact(kind="PublicPricesChanged", payload=payload, occurred_at=now)
    _prune(place)
    book_version.set(book.version)
    return row


def _newest_entry() -> int:
    return PriceLedgerEntry.objects.aggregate(newest=Max("id"))["newest"] or 0


def remember_shoppers(row: PriceBook, now: datetime) -> None:
    """Note that shoppers were repriced at `now`; the next run goes on from there."""
    notes = row.metrics.get("notes", {}) | {"shoppers_at": now.isoformat()}
    PriceBook.objects.filter(pk=row.pk).update(metrics=row.metrics | {"notes": notes})


def _policy(version: int, now: datetime) -> PricingPolicy:
    """Return the row of a version; an empty table gets the built-in first policy."""
    policy, _ = PricingPolicy.objects.get_or_create(
        version=version, defaults={"created_at": now, "is_active": True}
    )
    return policy


def _write_changes(draft: Draft, context: PublishContext, version: int) -> int:
    """Write changed prices with their reasons, and what chance and experiments did; return how many
    changed."""
    changed = _write_prices(draft, context.place, context.effective_at)
    record_proposals(draft=draft, context=context, book_version=version)
    store_price_tests(
        shocks=draft.shocks,
        variant_id=draft.terms.variant_id,
        public_minor=draft.terms.public_minor,
        context=context,
        book_version=version,
    )
    spells = PricePeriods(
        arms=draft.arms,
        record=draft.arm_record,
        variant_id=draft.terms.variant_id,
        asked_minor=draft.proposed.asked_minor,
        shown_minor=draft.terms.public_minor,
        floor_minor=draft.terms.floor_minor,
        is_staff=draft.proposed.cause == STAFF,
    )
    store_arms(spells=spells, context=context, book_version=version)
    return changed


def _write_prices(draft: Draft, place: tuple[str, str], at: datetime) -> int:
    """Write public prices that changed or begin; return how many changed."""
    where = np.flatnonzero(draft.is_changed | draft.opened)
    if not len(where):
        return 0
    scope: dict[str, Any] = {"market": place[0], "channel": place[1], "at": at}
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            for row in _price_rows(draft, where):
                copy.write_row(row)
        for statement in (_OPEN, _MOVE, _LEDGER):
            cursor.execute(statement, scope)
        cursor.execute("DROP TABLE incoming_public")
    return int(draft.is_changed.sum())


def keep_notes(
    known: Mapping[str, NDArray[Any]], draft: Draft, variant_id: IntArray
) -> dict[str, NDArray[Any]]:
    """Return the notes of a book over `variant_id` (m,): those `known` from the book before, with
    the badges of what `draft` looked at anew, and what of those products their prices are made
    of."""
    at = np.searchsorted(variant_id, draft.terms.variant_id)
    is_there = at < len(variant_id)
    is_there[is_there] = variant_id[at[is_there]] == draft.terms.variant_id[is_there]
    fresh = {
        "badges": draft.badges,
        "goods": digest_products(draft.shelf.variants, draft.shelf.tree),
    }
    notes = {name: array for name, array in known.items() if name.startswith("mix_")}
    for name, values in fresh.items():
        notes[name] = np.zeros(len(variant_id), dtype=np.int64)
        if name in known and len(known[name]) == len(variant_id):
            notes[name] = known[name].copy()
        notes[name][at[is_there]] = values[is_there]
    return notes


def _price_rows(draft: Draft, where: Any) -> Iterator[tuple[object, ...]]:
    terms = draft.terms
    sources = ledger_sources(draft)
    for at in where.tolist():
        is_new = bool(draft.opened[at])
        yield (
            int(terms.variant_id[at]),
            int(terms.list_minor[at]),
            int(terms.public_minor[at]),
            is_new,
            "merchant" if is_new else sources[at],
        )


def _metrics(book: Book, draft: Draft, changed: int) -> dict[str, Any]:
    lower = int((draft.is_changed & (draft.terms.public_minor < draft.old_public)).sum())
    for direction, count in (("down", lower), ("up", changed - lower)):
        if count:
            price_changes_total.labels(direction=direction).inc(count)
    share = draft.list_share
    is_sold = np.isfinite(share)
    return {
        "variants": len(book.terms),
        "repriced": len(draft.terms),
        "public_lower": lower,
        "public_higher": changed - lower,
        "below_list": int((book.terms.public_minor < book.terms.list_minor).sum()),
        "references": {name: int((book.references[name] > 0).sum()) for name in STRATEGIES},
        "list_not_genuine": int((share[is_sold] < MIN_LIST_SHARE).sum()),
    }


def _prune(place: tuple[str, str]) -> None:
    """Drop books so old that no process can hold them. Their entries were replaced long ago."""
    books = PriceBook.objects.filter(market_id=place[0], channel=place[1], is_current=False)
    old = books.order_by("-version").values_list("pk", flat=True)[KEEP_BOOKS:]
    PriceBook.objects.filter(pk__in=list(old)).delete()


ACTIVE_DAYS = 120
CHUNK = 250

_CREATE_ENTRIES = """
CREATE TEMPORARY TABLE incoming_entry (
    shopper_id bigint, variant_ids bigint[], quoted_minors integer[]
)
"""
_COPY_ENTRIES = "COPY incoming_entry (shopper_id, variant_ids, quoted_minors) FROM STDIN"
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
        cursor.execute(_CREATE_ENTRIES)
        with cursor.copy(_COPY_ENTRIES) as copy:
            for one in entries:
                copy.write_row((one.shopper_id, one.variant_id.tolist(), one.quoted_minor.tolist()))
        cursor.execute(_REPLACE, {"book": book_id, "now": now})
        written: int = cursor.rowcount
        cursor.execute("DROP TABLE incoming_entry")
    return written
