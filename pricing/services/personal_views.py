"""What a shopper sees of their quotes: personal views made from the public ones."""

from __future__ import annotations

import numpy as np

from pricing.core.book import Book
from pricing.core.held import HeldQuote
from pricing.core.labels import label_code, label_text
from pricing.core.texts import say
from pricing.core.values import PriceView, Reason, Rung
from pricing.services.public_views import Place, unit_price

# Pages show the same quotes again and again; ten minutes share one public view.
MOST_VIEWS = 20_000
_views: dict[str, tuple[PriceView, PriceView]] = {}


def recall_view(
    quote: HeldQuote, base: PriceView, *, book: Book, place: Place, rung: Rung
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


def _view(quote: HeldQuote, base: PriceView, *, book: Book, place: Place, rung: Rung) -> PriceView:
    """Return the shopper's view of a variant; what is the same for everybody comes from `base`."""
    public, language, rule = base.public_minor, place.language, place.rule
    quoted = min(quote.quoted_minor, public)
    is_personal = quoted < public
    reasons = base.reasons
    code = base.label_code
    if is_personal:
        code = label_code(rule, is_test=quote.is_test)
        discount = Reason("personal", quoted - public, say("personal", language))
        reasons = (base.reasons[0], discount)
    return PriceView(
        variant_id=base.variant_id,
        currency=base.currency,
        list_minor=base.list_minor,
        public_minor=public,
        quoted_minor=quoted,
        is_personal=is_personal,
        reference_minor=base.reference_minor,
        reference_note=base.reference_note,
        label_code=code,
        label=label_text(rule, code, language) if is_personal else base.label,
        quote_id=quote.quote_id,
        token=quote.token,
        expires_at=quote.expires_at,
        rung=rung if is_personal else "public",
        reasons=reasons,
        unit_minor=None if base.unit_minor is None else _per_unit(book, base, quoted, place),
        unit_label=base.unit_label,
    )


def _per_unit(book: Book, base: PriceView, quoted: int, place: Place) -> int | None:
    if quoted == base.public_minor:
        return base.unit_minor
    position = int(np.searchsorted(book.terms.variant_id, base.variant_id))
    return unit_price(book, position, quoted, place.market, place.language)[0]
