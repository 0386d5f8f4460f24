"""Publish price books: reprice what changed, write the ledger, turn the page at one instant."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
from django.db import connection, transaction

from pricing.base.core.reference import STRATEGIES
from pricing.base.core.values import BoolArray, Policy
from pricing.demand.selectors.versions import load_active_model
from pricing.experiments.core import target_prices
from pricing.experiments.selectors import are_price_tests_due, is_draw_due, list_turned
from pricing.learning.core.scene import STAFF
from pricing.learning.selectors.evidence import add_evidence
from pricing.learning.selectors.publishing import category_paths, load_shelf
from pricing.ledger.models.books import PriceBook
from pricing.optimum.core.batch import Book, SegmentMeans, read_book
from pricing.optimum.core.mix import pack_means, read_means
from pricing.optimum.core.quote import drop_signals
from pricing.policy.selectors import load_active_policy
from pricing.publishing.selectors.reprice_scope import (
    RepriceScope,
    find_reprice_scope,
    newest_version,
)
from pricing.publishing.services.book_store import (
    ShopperPrices,
    keep_notes,
    remember_shoppers,
    replace_entries,
    store_book,
)
from pricing.publishing.services.drafts import Draft, draft_prices
from pricing.publishing.services.feeds import is_held
from pricing.publishing.services.publish_context import PublishContext
from pricing.quoting.selectors.returns import newest_flip
from pricing.quoting.selectors.serving import forget_serving
from pricing.quoting.services.returns import Flipped, refuse_if_flipped, settle_returns
from profiles.experiments.api import find_next_turn
from shop.ground.catalog.selectors import get_market, load_variant_arrays
from shop.ground.kernel.arrays import unpack_arrays
from shop.ground.kernel.clock import epoch_ms
from shop.ground.kernel.money import exponent


def assemble_book(
    draft: Draft,
    *,
    version: int,
    currency: str,
    context: PublishContext,
) -> Book:
    """Return a book that holds exactly the variants of `draft`, without segment prices.

    The draft has the market's elasticities, the book those of a shopper without signals.
    """
    families, paths = category_paths(draft.shelf.tree)
    variants = draft.shelf.variants
    sensitivity_mean = draft.proposed.segments.sensitivity_mean
    return Book(
        version=version,
        model_version=0 if context.model is None else context.model[0].id,
        policy_version=context.policy.version,
        currency=currency,
        learned_ms=context.learned_ms,
        terms=drop_signals(draft.terms, sensitivity_mean),
        sensitivity_mean=sensitivity_mean,
        references=draft.references,
        measure_amount=variants.measure_amount,
        measure_unit=variants.measure_unit,
        sku=variants.sku,
        segments=(),
        segment_minor=np.zeros((0, len(draft.terms)), dtype=np.int64),
        family_of=families,
        paths=paths,
        weights=draft.weights,
        is_test=find_tested(draft),
    )


def find_tested(draft: Draft) -> BoolArray:
    """Return where the public price is one that chance or an arm moved, (m,); staff's word is none.

    A price that a guardrail keeps from going back after its test is one still.
    """
    public, arms, shocks = draft.terms.public_minor, draft.arms, draft.shocks
    stays = arms.is_intact & (public == draft.old_public)
    by_arm = ((arms.sets & (arms.factor < 1.0)) | stays) & (public < arms.base_minor)
    by_chance = public == target_prices(shocks, draft.terms.exponent)
    by_chance |= shocks.is_intact & (public == shocks.running_minor)
    is_test: BoolArray = by_arm | (by_chance & (public != shocks.base_minor))
    return is_test & (draft.proposed.cause != STAFF)


def open_book(row: PriceBook, *, currency: str, exponent: int) -> Book:
    """Return the book of a row; its `arrays`, policy and model must be loaded."""
    model = row.model_version
    return read_book(
        unpack_arrays(row.arrays),
        version=row.version,
        model_version=row.model_version_id or 0,
        policy_version=row.policy.version,
        currency=currency,
        exponent=exponent,
        trained_ms=0 if model is None else epoch_ms(model.trained_at),
    )


def patch_book(old: Book, fresh: Book) -> Book:
    """Return `old` with the rows of `fresh`; segments pay at most the new public price there.

    Each variant keeps the sensitivity mean that its own elasticity was divided by.
    """
    at, is_there = old.find(fresh.terms.variant_id)
    rows, at = np.flatnonzero(is_there), at[is_there]

    def put(before: Any, after: Any) -> Any:
        changed = before.astype(np.result_type(before, after))
        changed[at] = after[rows]
        return changed

    names = [name for name in old.terms.__slots__ if name != "exponent"]
    terms = {name: put(getattr(old.terms, name), getattr(fresh.terms, name)) for name in names}
    segment_minor = old.segment_minor.copy()
    segment_minor[:, at] = np.minimum(segment_minor[:, at], terms["public_minor"][at])
    return replace(
        old,
        version=fresh.version,
        terms=replace(old.terms, **terms),
        sensitivity_mean=put(old.sensitivity_mean, fresh.sensitivity_mean),
        is_test=put(old.is_test, fresh.is_test),
        measure_amount=put(old.measure_amount, fresh.measure_amount),
        measure_unit=put(old.measure_unit, fresh.measure_unit),
        sku=put(old.sku, fresh.sku),
        references={name: put(old.references[name], fresh.references[name]) for name in STRATEGIES},
        segment_minor=segment_minor,
    )


# Workers look for a new book every half second and need a moment to load it: by then all have it.
LEAD = timedelta(seconds=2)
# So often a run makes way for one that was ready before it
MOST_OVERTAKEN = 5


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What a publishing run did. `version` is the current book's, new or not.

    `variants` were repriced, `public_changes` of them got another public price; `shoppers` were
    repriced and have `entries` personal prices below the public one.
    """

    version: int
    is_new: bool
    variants: int
    public_changes: int
    shoppers: int
    entries: int
    seconds: float


def publish_price_book(
    *,
    now: datetime,
    market: str = "us",
    channel: str = "online",
    everything: bool = False,
    only_touched: bool = False,
    lead: timedelta = LEAD,
) -> PublishReport:
    """Reprice what is dirty (or everything) and publish a new book if anything changed.

    Dirty are variants whose prices somebody set, whose turn in an experiment it is, or of which
    something changed in the catalogue that prices are made of, and shoppers who did something;
    everything is repriced after a new model, policy or emergency, when other variants are sold, and
    once a day. With `only_touched` the variants alone are, in a second: shoppers and everything
    are left to a later run. The book holds from `lead` after `now`, at least LEAD. Public prices,
    ledger, book and entries change in one transaction. Facts PriceBookPublished and
    PublicPricesChanged. One book at a time is written, but while it is made prices set by hand may
    be published: then it begins anew, the last time alone. So does one during which a kill switch
    is flipped: no book is written that does not know of a switch before it.
    """
    begun, place = time.perf_counter(), (market, channel)
    find = partial(
        find_reprice_scope,
        place=place,
        now=now,
        everything=everything,
        lead=max(lead, LEAD),
        only_touched=only_touched,
    )
    for tries in itertools.count():
        try:
            report = _run(find, place, now, is_alone=only_touched or tries >= MOST_OVERTAKEN)
            break
        except (Flipped, Overtaken):
            continue
    forget_serving()
    return replace(report, seconds=time.perf_counter() - begun)


def _run(
    find: Callable[[], RepriceScope], place: tuple[str, str], now: datetime, *, is_alone: bool
) -> PublishReport:
    """Publish in one transaction; unless `is_alone`, in one that locks the place only to write.
    Raises Flipped and Overtaken."""
    with transaction.atomic():
        lock_place(place)
        flip = newest_flip()
        settle_returns(place=place, now=now)
        scope = find()
        if is_alone:
            return _write(scope, place, now, flip)
    with transaction.atomic():
        return _write(scope, place, now, flip)


def _write(scope: RepriceScope, place: tuple[str, str], now: datetime, flip: int) -> PublishReport:
    if not scope.is_everything and not len(scope.variant_ids):
        return _refresh_shoppers(scope, place, now)
    report = _publish(scope, place, now)
    refuse_if_flipped(flip)
    return report


class Overtaken(Exception):
    """Another book was written while this one was made: what it replaces is not what it saw."""


def _refuse_if_overtaken(scope: RepriceScope, place: tuple[str, str]) -> None:
    """Raise Overtaken unless the book is the next still; from here on it is the next until the
    transaction ends."""
    lock_place(place)
    if 1 + newest_version() != scope.next_version:
        raise Overtaken


def lock_place(place: tuple[str, str]) -> None:
    """Let one run at a time price a place, until the transaction ends."""
    with connection.cursor() as cursor:
        key = "|".join(("pricing_pricebook", *place))
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [key])


def _publish(scope: RepriceScope, place: tuple[str, str], now: datetime) -> PublishReport:
    currency = get_market(place[0]).currency
    context = replace(
        find_publish_context(place, now, effective_at=scope.effective_at),
        # A silent feed stops chance like the model: a week it begins in has no shocks.
        draws_shocks=scope.is_everything and is_draw_due(scope.book, now) and not is_held(place[0]),
    )
    known = {} if scope.book is None else unpack_arrays(scope.book.arrays)
    shelf = load_shelf(place=place)
    if not scope.is_everything:
        shelf = shelf.take(np.flatnonzero(np.isin(shelf.variants.variant_id, scope.variant_ids)))
    draft = draft_prices(shelf=shelf, context=context, means=read_means(known))
    book = assemble_book(
        draft,
        version=scope.next_version,
        currency=currency,
        context=context,
    )
    if not scope.is_everything and scope.book is not None:
        old = open_book(scope.book, currency=currency, exponent=exponent(currency))
        book = patch_book(old, book)
    prices = _price_shoppers(book, scope, context.policy, now)
    notes = keep_notes(known, draft, book.terms.variant_id)
    if scope.is_everything:
        segments, minors = prices.segment_prices()
        book = replace(book, segments=segments, segment_minor=minors)
        notes |= pack_means(prices.means)
    _refuse_if_overtaken(scope, place)
    row = store_book(book=book, draft=draft, scope=scope, context=context, notes=notes)
    return PublishReport(
        version=book.version,
        is_new=True,
        variants=len(shelf),
        public_changes=int(draft.is_changed.sum()),
        shoppers=len(prices.shoppers),
        entries=_write_entries(row.pk, scope, prices, now),
        seconds=0.0,
    )


def read_book_notes(place: tuple[str, str]) -> SegmentMeans:
    """Return the segments as the current book of a place saw them. One query."""
    rows = PriceBook.objects.filter(market_id=place[0], channel=place[1], is_current=True)
    arrays = rows.values_list("arrays", flat=True).first()
    return read_means({} if arrays is None else unpack_arrays(arrays))


def find_publish_context(
    place: tuple[str, str], now: datetime, *, effective_at: datetime
) -> PublishContext:
    """Return the rules and the model that prices of a place are made under. Four queries."""
    return PublishContext(
        policy=load_active_policy(),
        model=add_evidence(load_active_model(), place),
        now=now,
        effective_at=effective_at,
        place=place,
        exponent=exponent(get_market(place[0]).currency),
    )


def _nothing(scope: RepriceScope) -> PublishReport:
    return PublishReport(
        version=0 if scope.book is None else scope.book.version,
        is_new=False,
        variants=0,
        public_changes=0,
        shoppers=0,
        entries=0,
        seconds=0.0,
    )


def _refresh_shoppers(scope: RepriceScope, place: tuple[str, str], now: datetime) -> PublishReport:
    """Reprice the shoppers who did something since the last run; the book stays."""
    report = _nothing(scope)
    if scope.book is None or scope.shoppers_since is None:
        return report
    currency = get_market(place[0]).currency
    book = open_book(scope.book, currency=currency, exponent=exponent(currency))
    prices = _price_shoppers(book, scope, load_active_policy(), now)
    if not prices.shoppers:
        return report
    _refuse_if_overtaken(scope, place)
    entries = _write_entries(scope.book.pk, scope, prices, now)
    remember_shoppers(scope.book, now)
    return replace(report, shoppers=len(prices.shoppers), entries=entries)


def _price_shoppers(
    book: Book, scope: RepriceScope, policy: Policy, now: datetime
) -> ShopperPrices:
    known = load_variant_arrays()
    at = np.minimum(np.searchsorted(known.variant_id, book.terms.variant_id), len(known.sku) - 1)
    is_known = known.variant_id[at] == book.terms.variant_id if len(known.sku) else at < 0
    prices = ShopperPrices(
        terms=book.terms,
        popularity=np.where(is_known, known.popularity[at] if len(known.sku) else 0.0, 0.0),
        family_of=book.family_of,
        weights=book.weights,
        policy=policy,
    )
    if scope.shoppers_since is not None and book.learned_ms and len(book.terms):
        prices.compute(now=now, since=None if scope.is_everything else scope.shoppers_since)
    return prices


def _write_entries(book_id: int, scope: RepriceScope, prices: ShopperPrices, now: datetime) -> int:
    replace_entries(
        book_id=book_id,
        shopper_ids=None if scope.is_everything else prices.shoppers,
        entries=prices.entries,
        now=now,
    )
    return sum(len(one.variant_id) for one in prices.entries)


# How often this runs: a turn that begins before the next run is published now, for its moment.
EVERY = timedelta(seconds=15)


def turn_public_arms(*, now: datetime, market: str = "us", channel: str = "online") -> int:
    """Publish a book if arms change before the next run; return how many public prices changed.

    The book holds from the very moment of the turn, for everybody. Three queries if nothing is due,
    five while an experiment runs. Safe to run again.
    """
    lead, turn = LEAD, find_next_turn(now=now)
    if turn is not None and LEAD < turn - now <= EVERY + LEAD:
        lead = turn - now
    if not list_turned(place=(market, channel), at=now + lead):
        return 0
    report = publish_price_book(
        now=now, market=market, channel=channel, lead=lead, only_touched=True
    )
    return report.public_changes


def turn_price_shocks(*, now: datetime, market: str = "us", channel: str = "online") -> int:
    """Look at all prices if a week has begun or a shock is over; return how many changed.

    Safe to run again: a week is drawn once, and what the gate will not let back yet is tried anew.
    """
    if not are_price_tests_due(now=now, market=market, channel=channel):
        return 0
    report = publish_price_book(now=now, market=market, channel=channel, everything=True)
    return report.public_changes
