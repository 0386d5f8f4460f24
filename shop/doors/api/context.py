"""From a request to what a page may know: who, where, in which language, at what moment."""

from __future__ import annotations

import re
from datetime import datetime

from django.conf import settings
from django.http import HttpRequest

from pricing.api import resolve_jurisdiction
from pricing.base.core.values import candidate_codes
from profiles.events.api import is_crawler
from profiles.values import Consents
from shop.doors.api.authentication import Caller
from shop.doors.api.language import page_language
from shop.doors.pages.context import PageContext
from shop.ground.catalog.selectors import get_market
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import locale_of

REGION_HEADER = "X-Region"
CHANNEL = "online"
UNKNOWN_REGION = "unknown"
_REGION = re.compile(r"[A-Za-z]{2}(?:-[A-Za-z0-9]{1,3})?")
_POSTAL_CODE = re.compile(r"[A-Z0-9]{1,3}")


class RegionMalformed(FairtagError):
    """X-Region is no ISO 3166 code."""

    code = "region_malformed"


def build_context(request: HttpRequest, caller: Caller, now: datetime) -> PageContext:
    """Return the visit behind an API request. No query once the market is cached."""
    market = get_market(settings.MARKET_CODE)
    language = page_language()
    region = request.headers.get(REGION_HEADER, "")
    return PageContext(
        shopper_pseudonym=caller.pseudonym,
        account_id=caller.account_id,
        language=language,
        locale=locale_of(language),
        market=market.code,
        currency=market.currency,
        jurisdiction_code=(find_jurisdiction(region, now) if region else market.jurisdiction_code),
        channel=CHANNEL,
        gpc=request.headers.get("Sec-GPC") == "1",
        now=now,
        is_counted=not is_crawler(request.headers.get("User-Agent", "")),
        address=caller.address,
    )


def default_consents(ctx: PageContext) -> Consents:
    """Return the answers that hold while a new guest is silent: nothing where silence means no.

    Marketing always needs a yes; Sec-GPC is a no to personal prices and rankings.
    """
    rule = resolve_jurisdiction(code=ctx.jurisdiction_code, now=ctx.now)
    if rule.opt_in_required:
        return Consents()
    return Consents(price=not ctx.gpc, recommendations=not ctx.gpc, analytics=True)


def read_region(country: str, region: str) -> str:
    """Return the region of an address as the country's post writes it: NY for US-NY."""
    return region.removeprefix(f"{country.upper()}-")


def write_region(country: str, region: str) -> str:
    """Return the region of an address as ISO 3166-2 has it; a name stays a name.

    >>> write_region("US", "NY"), write_region("JP", "Hokkaido"), write_region("DE", "")
    ('US-NY', 'Hokkaido', '')
    """
    return f"{country}-{region}" if _POSTAL_CODE.fullmatch(region) else region


def find_jurisdiction(region: str, now: datetime) -> str:
    """Return the jurisdiction row for an ISO 3166 `region` such as "US-NY", "US" (the state is not
    known), "DE" or "CN".

    A place without a row gets "unknown", the strictest. A client may say what it likes: personal
    prices are discounts only, so a false place never costs it anything. Raises RegionMalformed.
    """
    if not _REGION.fullmatch(region):
        raise RegionMalformed("X-Region must look like US-NY or DE (ISO 3166).")
    for code in candidate_codes(region.upper()):
        if resolve_jurisdiction(code=code, now=now).code == code:
            return code
    return UNKNOWN_REGION
