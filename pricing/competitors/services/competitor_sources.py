"""Register sources of competitors' prices, and stop using them."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from pricing.competitors.models.competitors import CompetitorSource
from pricing.competitors.services.competitor_fetch import Fetcher
from shop.ground.catalog.selectors import get_market
from shop.ground.kernel.errors import FairtagError


class SourceRefused(FairtagError):
    """A source in another currency than its market's, or without a reason why it may be read."""

    code = "source_refused"


def check_source(*, kind: str, url: str, currency: str, market: str, basis: str) -> None:
    """Raise SourceRefused or FetchRefused for a source that could never be used."""
    expected = get_market(market).currency
    if currency != expected:
        raise SourceRefused(_("Prices must be in the market's currency."), currency=expected)
    if not basis.strip():
        raise SourceRefused(_("Say where these prices are public and why we may read them."))
    if kind == CompetitorSource.Kind.HTTP:
        Fetcher(settings.COMPETITOR_HOSTS).check(url)


def register_upload(
    *, code: str, name: str, basis: str, ttl_hours: int, market: str, now: datetime
) -> int:
    """Register a source whose lists are brought by a program, unless it is there; return its id."""
    known = CompetitorSource.objects.filter(code=code).values_list("pk", flat=True).first()
    if known is not None:
        return int(known)
    source = CompetitorSource(
        code=code,
        name=name,
        kind=CompetitorSource.Kind.UPLOAD,
        market_id=market,
        currency=get_market(market).currency,
        basis=basis,
        ttl_hours=ttl_hours,
    )
    return save_source(source=source, by_id=None, now=now)


def save_source(*, source: CompetitorSource, by_id: int | None, now: datetime) -> int:
    """Register a source or change it; return its id. Raises what `check_source` raises.

    A source out of use is not expected to say anything, and after it only once it has spoken again.
    """
    check_source(
        kind=source.kind,
        url=source.url,
        currency=source.currency,
        market=source.market_id,
        basis=source.basis,
    )
    if source._state.adding:
        source.created_at, source.created_by_id = now, by_id
    if not source.is_active:
        source.imported_at = None
    source.save()
    return int(source.pk)
