"""Prices as they are shown: one public view per variant for all, and personal ones made of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from pricing.base.core.texts import GERMAN_LOWEST, say
from pricing.base.core.tokens import EPOCH, NOBODY, encode_token
from pricing.base.core.values import (
    IntArray,
    JurisdictionRule,
    Policy,
    PriceView,
    QuoteContext,
    QuoteSource,
    Reason,
    VerifiedQuote,
)
from pricing.base.services import signing_key
from pricing.ledger.core.offered import HeldQuote
from pricing.ledger.core.record import PUBLIC_TEST, label_code, label_text
from pricing.ledger.core.unit_prices import Unit, choose_unit, price_per_unit
from pricing.optimum.core.batch import Book
from pricing.quoting.selectors.pages import Served
from pricing.quoting.selectors.serving import Serving
from shop.ground.catalog.core.values import MarketValue, VariantArrays
from shop.ground.catalog.selectors import get_market, list_bulk_variants, load_variant_arrays
from shop.ground.kernel.clock import epoch_ms

# A view carries a token that promises its price. Sharing it for this long makes a page of public
# prices cost nothing; its validity is longer by as much.
SHARED_MINUTES = 10
KEEP_SHELVES = 16


@dataclass(frozen=True, slots=True)
class SalesContext:
    """Where and in what words prices are shown."""

    market: str
    channel: str
    jurisdiction_code: str
    rule: JurisdictionRule
    language: str


class PublicViews:
    """Shelves of views by (book, place, ten minutes); filled as they are asked for."""

    def __init__(self) -> None:
        self._shelves: dict[tuple[object, ...], dict[int, PriceView]] = {}

    def shelf(self, page: Served, place: SalesContext, now_ms: int) -> dict[int, PriceView]:
        """Return the views known so far of this page, place and moment, by position."""
        kid, _ = signing_key()
        key = (
            page.book.version,
            page.effective_at,
            place.market,
            place.channel,
            place.jurisdiction_code,
            place.rule.reference_strategy,
            place.language,
            kid,
            now_ms // (SHARED_MINUTES * 60_000),
        )
        shelf = self._shelves.get(key)
        if shelf is None:
            # Replaced, not changed: other threads may be reading the old dict.
            kept = list(self._shelves.items())[-KEEP_SHELVES:]
            shelf = {}
            self._shelves = {**dict(kept), key: shelf}
        return shelf

    def clear(self) -> None:
        """Forget all views (tests)."""
        self._shelves = {}


public_views = PublicViews()


def make_public_view(
    book: Book, position: int, place: SalesContext, policy: Policy, now: datetime
) -> PriceView:
    """Return the view of one variant's public price, with the token that promises it."""
    terms = book.terms
    names = ("variant_id", "public_minor", "list_minor")
    variant_id, public, listed = (int(getattr(terms, name)[position]) for name in names)
    issued = _shared_since(now)
    code = PUBLIC_TEST if book.is_test[position] else ""
    quote = replace(
        blank_quote(book, place, policy),
        label_code=code,
        variant_id=variant_id,
        list_minor=listed,
        public_minor=public,
        quoted_minor=public,
        issued_at=issued,
        expires_at=issued + timedelta(minutes=policy.quote_minutes + SHARED_MINUTES),
    )
    unit = _find_unit(book, position, place.market)
    token = _remember_unit(_sign(quote), unit)
    reference, name, note = legal_reference(book, position, public, place)
    return PriceView(
        variant_id=variant_id,
        currency=book.currency,
        list_minor=listed,
        public_minor=public,
        quoted_minor=public,
        is_personal=False,
        reference_minor=reference,
        reference_name=name,
        reference_note=note,
        label_code=code,
        label=label_text(place.rule, code, place.language),
        token=token,
        expires_at=quote.expires_at,
        reasons=(Reason("public", public, say("public", place.language)),),
        unit_minor=_per_unit(book, position, public, unit),
        unit_label="" if unit is None else unit.label(place.language),
        units=0.0 if unit is None else float(book.measure_amount[position]) / unit.size,
    )


def _remember_unit(token: str, unit: Unit | None) -> str:
    """Keep the unit of a public view by its token, and return the token."""
    if len(_units) > MOST_VIEWS:
        _units.clear()
    _units[token] = unit
    return token


def _sign(quote: VerifiedQuote) -> str:
    """Return the token of a public price, with the id that it has in every process."""
    kid, key = signing_key()
    where = f"{quote.market}/{quote.channel}"
    ids = (quote.issued_at, quote.book_version, quote.variant_id, quote.public_minor)
    return encode_token(replace(quote, quote_id=shared_id(*ids, where), kid=kid), key=key)


def _shared_since(now: datetime) -> datetime:
    bucket = epoch_ms(now) // (SHARED_MINUTES * 60_000) * SHARED_MINUTES
    return EPOCH + timedelta(minutes=bucket)


def blank_quote(book: Book, place: SalesContext, policy: Policy) -> VerifiedQuote:
    """Return what all quotes of a book and place share; ids, amounts, owner and moments to come."""
    return VerifiedQuote(
        quote_id=UUID(int=0),
        variant_id=0,
        market=place.market,
        channel=place.channel,
        currency=book.currency,
        list_minor=0,
        public_minor=0,
        quoted_minor=0,
        is_personal=False,
        rung="public",
        label_code="",
        jurisdiction_code=place.jurisdiction_code,
        policy_version=policy.version,
        model_version=book.model_version,
        book_version=book.version,
        arm="none",
        owner=NOBODY,
        issued_at=EPOCH,
        expires_at=EPOCH,
        kid=0,
    )


def _find_unit(book: Book, position: int, market: str) -> Unit | None:
    """Return the unit of the market that a variant is compared by; None if that is unknown."""
    return choose_unit(
        float(book.measure_amount[position]),
        int(book.measure_unit[position]),
        minor=int(book.terms.public_minor[position]),
        country=get_market(market).country,
        is_bulk=int(book.terms.variant_id[position]) in list_bulk_variants(),
    )


def _per_unit(book: Book, position: int, minor: int, unit: Unit | None) -> int | None:
    return price_per_unit(minor, float(book.measure_amount[position]), unit)


def legal_reference(
    book: Book, position: int, public_minor: int, place: SalesContext
) -> tuple[int | None, str, str]:
    """Return the "was" amount the law allows here, its short name and its note, or none."""
    strategy = place.rule.reference_strategy
    amount = int(book.references[strategy][position])
    if amount <= public_minor:
        return None, "", ""
    name = say(f"reference_name:{strategy}", place.language)
    if place.rule.code == "DE":
        name = GERMAN_LOWEST
    return amount, name, say(f"reference:{strategy}", place.language)


def shared_id(
    issued: datetime, version: int, variant_id: int, public_minor: int, place: str
) -> UUID:
    """Return the id of a public price's quote: the same in every process, timed like a UUIDv7.

    A switch may take a price back while its book holds: two prices have two ids.
    """
    name = f"{version}|{variant_id}|{public_minor}|{place}".encode()
    digest = int.from_bytes(hashlib.blake2b(name, digest_size=10).digest())
    value = (epoch_ms(issued) & (2**48 - 1)) << 80 | digest
    value = value & ~(0xF << 76) | 0x7 << 76
    return UUID(int=value & ~(0x3 << 62) | 0x2 << 62)


# Pages show the same quotes again and again; ten minutes share one public view.
MOST_VIEWS = 20_000
_views: dict[str, tuple[PriceView, PriceView]] = {}
# The units of public views by their tokens: personal prices are compared by the same.
_units: dict[str, Unit | None] = {}


def recall_view(
    quote: HeldQuote, base: PriceView, *, book: Book, place: SalesContext, rung: QuoteSource
) -> PriceView:
    """Return the view of a quote: the one made before, as long as the public view is the same."""
    known = _views.get(quote.token)
    if known is not None and known[0] is base:
        return known[1]
    if len(_views) > MOST_VIEWS:
        _views.clear()
    view = _view(quote, base, book=book, place=place, rung=rung)
    _views[quote.token] = (base, view)
    return view


def _view(
    quote: HeldQuote, base: PriceView, *, book: Book, place: SalesContext, rung: QuoteSource
) -> PriceView:
    """Return the shopper's view of a variant; what is the same for everybody comes from `base`."""
    public, language, rule = base.public_minor, place.language, place.rule
    quoted = min(quote.quoted_minor, public)
    is_lower = quoted < public
    # What was promised at the public price of then is no personal price once that price rises.
    is_personal = is_lower and quote.quoted_minor < quote.public_minor
    reasons, code = base.reasons, base.label_code
    if is_lower:
        code = label_code(rule, is_test=quote.is_test) if is_personal else ""
        part = "personal" if is_personal else "kept"
        reasons = (base.reasons[0], Reason(part, quoted - public, say(part, language)))
    return PriceView(
        variant_id=base.variant_id,
        currency=base.currency,
        list_minor=base.list_minor,
        public_minor=public,
        quoted_minor=quoted,
        is_personal=is_personal,
        reference_minor=base.reference_minor,
        reference_name=base.reference_name,
        reference_note=base.reference_note,
        label_code=code,
        label=label_text(rule, code, language) if is_lower else base.label,
        quote_id=quote.quote_id,
        token=quote.token,
        expires_at=quote.expires_at,
        rung=rung if is_personal else "public",
        reasons=reasons,
        unit_minor=None if base.unit_minor is None else _rescale(book, base, quoted, place.market),
        unit_label=base.unit_label,
        units=base.units,
    )


def _rescale(book: Book, base: PriceView, quoted: int, market: str) -> int | None:
    if quoted == base.public_minor:
        return base.unit_minor
    position = int(np.searchsorted(book.terms.variant_id, base.variant_id))
    token = base.token or ""
    unit = _units[token] if token in _units else _find_unit(book, position, market)
    return _per_unit(book, position, quoted, unit)


def price_unpriced_variants(variant_ids: IntArray, market: str) -> IntArray:
    """Return the list price of each variant (0 if it is not sold). No query once cached."""
    arrays = load_variant_arrays(market)
    at, is_there = _find(arrays, variant_ids)
    if not len(arrays.variant_id):
        return np.zeros(len(variant_ids), dtype=np.int64)
    return np.where(is_there, arrays.list_minor[at], 0)


def view_unpriced_variants(
    context: QuoteContext, serving: Serving, variant_ids: Sequence[int]
) -> dict[int, PriceView]:
    """Return views at the list price, without a token: nothing has been published to promise."""
    arrays = load_variant_arrays(context.market)
    ids = np.array(variant_ids, dtype=np.int64)
    at, is_there = _find(arrays, ids)
    market = get_market(context.market)
    return {
        int(arrays.variant_id[position]): _view_unpriced(arrays, position, market, context.language)
        for position in at[is_there].tolist()
    }


def _find(arrays: VariantArrays, ids: IntArray) -> tuple[IntArray, np.ndarray]:
    if not len(arrays.variant_id):
        return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
    at = np.minimum(np.searchsorted(arrays.variant_id, ids), len(arrays.variant_id) - 1)
    return at, arrays.variant_id[at] == ids


def _view_unpriced(
    arrays: VariantArrays, position: int, market: MarketValue, language: str
) -> PriceView:
    price, variant_id = int(arrays.list_minor[position]), int(arrays.variant_id[position])
    amount = float(arrays.measure_amount[position])
    unit = choose_unit(
        amount,
        int(arrays.measure_unit[position]),
        minor=price,
        country=market.country,
        is_bulk=variant_id in list_bulk_variants(),
    )
    return PriceView(
        variant_id=variant_id,
        currency=market.currency,
        list_minor=price,
        public_minor=price,
        quoted_minor=price,
        is_personal=False,
        reasons=(Reason("public", price, say("public", language)),),
        unit_minor=price_per_unit(price, amount, unit),
        unit_label="" if unit is None else unit.label(language),
        units=0.0 if unit is None else amount / unit.size,
    )
