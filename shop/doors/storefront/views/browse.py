"""Front page, categories, search, offers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from shop.doors.pages.category import category as category_page
from shop.doors.pages.category import search as search_page
from shop.doors.pages.home import home as home_page
from shop.doors.pages.members import list_category_offers
from shop.doors.pages.offers import offer as offer_page
from shop.doors.pages.offers import offers as offers_page
from shop.doors.pages.suggestions import complete
from shop.doors.pages.values import SORTS, Listing, ListingQuery
from shop.doors.storefront.recording import record_event, write_event
from shop.doors.storefront.rendering import is_fragment, may_be_missing
from shop.doors.storefront.views.choices import ask_age, needs_age
from shop.doors.storefront.visitors import get_visit
from shop.ground.catalog.core.values import Facet
from shop.ground.catalog.selectors import get_category
from shop.ground.kernel.money import Money, format_money, to_minor

MAX_CHOICES = 50
SHOWN_OPTIONS = 40
MAX_PRICE = Decimal(1_000_000)


@dataclass(frozen=True, slots=True)
class ListingUrl:
    """Where a listing lives: `path`, the search `words` if any and the category they are looked
    for in, and how money is written."""

    path: str
    words: str
    currency: str
    locale: str
    inside: str = ""

    def at(self, query: ListingQuery, *, page: int = 1) -> str:
        """Return the address of `query`; defaults are left out, so equal views have one address."""
        pairs: list[tuple[str, str]] = [("q", self.words)] if self.words else []
        pairs += [("in", self.inside)] if self.inside else []
        pairs += [("brand", str(brand)) for brand in sorted(query.brands)]
        pairs += [("size", size) for size in sorted(query.sizes)]
        if query.in_stock:
            pairs.append(("stock", "1"))
        if query.price_min is not None:
            pairs.append(("min", write_amount(query.price_min, self.currency)))
        if query.price_max is not None:
            pairs.append(("max", write_amount(query.price_max, self.currency)))
        if query.sort != "popular":
            pairs.append(("sort", query.sort))
        if page > 1:
            pairs.append(("page", str(page)))
        return f"{self.path}?{urlencode(pairs)}" if pairs else self.path


def read_listing_query(given: QueryDict, currency: str) -> ListingQuery:
    """Return the query in a URL. What makes no sense is left out: a link never ends in an error."""
    sort = given.get("sort", "popular")
    brands = [int(text) for text in given.getlist("brand")[:MAX_CHOICES] if _is_id(text)]
    page = given.get("page", "1")
    return ListingQuery(
        page=int(page) if _is_id(page) else 1,
        sort=sort if sort in SORTS else "popular",
        brands=frozenset(brands),
        sizes=frozenset(text[:80] for text in given.getlist("size")[:MAX_CHOICES]),
        in_stock=bool(given.get("stock")),
        price_min=read_amount(given.get("min", ""), currency),
        price_max=read_amount(given.get("max", ""), currency),
    )


def read_amount(text: str, currency: str) -> int | None:
    """Return typed money in minor units, or None: "3.50", "3,50" and "$3.5" are understood.

    >>> read_amount("$3,50", "USD"), read_amount("cheap", "USD")
    (350, None)
    """
    cleaned = "".join(
        c for c in text.replace(",", ".") if c.isascii() and (c.isdigit() or c == ".")
    )
    try:
        amount = Decimal(cleaned)
    except InvalidOperation:
        return None
    return to_minor(amount, currency) if 0 <= amount <= MAX_PRICE else None


def write_amount(minor: int, currency: str) -> str:
    """Return an amount as a number field holds it: "3.50"."""
    return str(Money(minor, currency).decimal())


def describe_listing(listing: Listing, url: ListingUrl) -> dict[str, Any]:
    """Return what the listing template shows around the cards."""
    query = listing.query
    chips = list_chips(listing, url)
    language = get_language() or ""
    return {
        "listing_url": url.path,
        "words": url.words,
        "inside": url.inside,
        "facets": draw_facets(listing.facets, language),
        "chips": chips,
        "clear_url": url.at(ListingQuery(sort=query.sort)),
        "sorts": draw_sorts(query.sort, language),
        "price_min": "" if query.price_min is None else write_amount(query.price_min, url.currency),
        "price_max": "" if query.price_max is None else write_amount(query.price_max, url.currency),
        "page_links": list_pages(listing, url),
        "previous_url": url.at(query, page=listing.page - 1) if listing.page > 1 else "",
        "next_url": url.at(query, page=listing.page + 1) if listing.page < listing.pages else "",
    }


@lru_cache(maxsize=512)
def draw_facets(facets: tuple[Facet, ...], language: str) -> SafeString:
    """Return the filters as HTML. They are the same for everybody, so they are drawn once.

    `language` is the active one; it is a part of the key.
    """
    shown = [describe_facet(facet) for facet in facets if facet.options]
    html = render_to_string("storefront/facets.html", {"facets": shown})
    return mark_safe(html)  # noqa: S308  # the template engine escaped the labels


@lru_cache(maxsize=64)
def draw_sorts(chosen: str, language: str) -> SafeString:
    """Return the orders a shopper may choose as HTML; `language` is a part of the key, as above."""
    names = [
        ("popular", _("Popular")),
        ("price", _("Price you pay, low first")),
        ("price_high", _("Price you pay, high first")),
        ("unit", _("Unit price")),
        ("name", _("Name")),
    ]
    return format_html_join(
        "",
        '<option value="{}"{}>{}</option>',
        ((code, " selected" if code == chosen else "", name) for code, name in names),
    )


def describe_facet(facet: Facet) -> dict[str, Any]:
    """Return a facet with its name: the most frequent options, and what is selected.

    A choice does not move within the list: whoever chooses several would hit the wrong one.
    """
    names = {"brand": _("Brand"), "size": _("Size")}
    options = [
        option
        for place, option in enumerate(facet.options)
        if place < SHOWN_OPTIONS or option.is_selected
    ]
    return {
        "field": facet.code,
        "name": names.get(facet.code, facet.code),
        "options": options,
        "is_open": facet.code != "size" or any(option.is_selected for option in options),
    }


def list_chips(listing: Listing, url: ListingUrl) -> list[dict[str, str]]:
    """Return one chip for each active filter, with the address without it."""
    query = listing.query
    chips = []
    for facet in listing.facets:
        for option in facet.options:
            if option.is_selected:
                rest = without_option(query, facet.code, option.value)
                chips.append({"label": option.label, "url": url.at(rest)})
    if query.in_stock:
        chips.append({"label": _("In stock"), "url": url.at(_change(query, in_stock=False))})
    bounds = {"price_min": _("From {amount}"), "price_max": _("Up to {amount}")}
    for name, text in bounds.items():
        minor = getattr(query, name)
        if minor is not None:
            label = text.format(amount=format_money(minor, url.currency, url.locale))
            chips.append({"label": label, "url": url.at(_change(query, **{name: None}))})
    return chips


def without_option(query: ListingQuery, code: str, value: str) -> ListingQuery:
    """Return the query with one facet option taken out."""
    if code == "brand":
        return _change(query, brands=frozenset(b for b in query.brands if str(b) != value))
    return _change(query, sizes=query.sizes - {value})


def list_pages(listing: Listing, url: ListingUrl) -> list[dict[str, Any]]:
    """Return first, last and neighboring pages; an entry without address is a gap."""
    links: list[dict[str, Any]] = []
    before = 0
    for number in pick_pages(listing.page, listing.pages):
        if number > before + 1:
            links.append({"number": 0, "url": ""})
        links.append({"number": number, "url": url.at(listing.query, page=number)})
        before = number
    return links


def pick_pages(page: int, pages: int) -> Sequence[int]:
    """Return the page numbers to link.

    >>> pick_pages(5, 20)
    [1, 4, 5, 6, 20]
    """
    return sorted({1, pages, page - 1, page, page + 1} & set(range(1, pages + 1)))


def _change(query: ListingQuery, **changes: Any) -> ListingQuery:
    kept = {name: getattr(query, name) for name in ListingQuery.__slots__}
    return ListingQuery(**{**kept, **changes, "page": 1})


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and 0 < len(text) < 10 and int(text) > 0


MAX_WORDS = 120
MAX_PATH = 200


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show offers and picks as they stand after the visitor's last act."""
    page = home_page(get_visit(request).ctx)
    return render(request, "storefront/home.html", {"page": page})


@require_safe
@may_be_missing
def category(request: HttpRequest, path: str) -> HttpResponse:
    """Show a category; htmx gets the listing alone."""
    visit = get_visit(request)
    node = get_category(path, visit.ctx.language, visit.ctx.market)
    if node.is_restricted and (years := needs_age(request)):
        return ask_age(request, node.name, years)
    query = read_listing_query(request.GET, visit.ctx.currency)
    page = category_page(visit.ctx, path, query, visit.visitor, confirmed_age=visit.confirmed_age)
    own_offers = (
        () if is_fragment(request) else list_category_offers(visit.ctx, page, visit.visitor)
    )
    return _render_listing(
        request,
        "storefront/category.html",
        page.listing,
        page=page,
        own_offers=own_offers,
        view_event=write_event(visit, "view", category_id=page.category.category_id),
        list_name="category",
    )


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Show what matches; an empty or unlucky search shows ways on."""
    visit = get_visit(request)
    words = " ".join(request.GET.get("q", "").split())[:MAX_WORDS]
    query = read_listing_query(request.GET, visit.ctx.currency)
    inside = request.GET.get("in", "")[:MAX_PATH]
    page = search_page(
        visit.ctx, words, query, visit.visitor, inside=inside, confirmed_age=visit.confirmed_age
    )
    if words and query == ListingQuery():
        record_event(request, "search", query=words)
    return _render_listing(
        request,
        "storefront/search.html",
        page.listing,
        words=words,
        inside="" if page.inside is None else page.inside.path,
        page=page,
        is_narrowed=query != ListingQuery(page=query.page, sort=query.sort),
        list_name="search",
    )


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Complete what is being typed."""
    words = request.GET.get("q", "").strip()[:MAX_WORDS]
    visit = get_visit(request)
    found = complete(visit.ctx, words, visit.confirmed_age) if words else ()
    response = render(request, "storefront/suggest.html", {"suggestions": found})
    if found:
        text = ngettext("{count} suggestion", "{count} suggestions", len(found))
        said = {"announce": {"value": text.format(count=len(found))}}
        response["HX-Trigger-After-Swap"] = json.dumps(said)
    return response


@require_safe
def offers(request: HttpRequest) -> HttpResponse:
    """Show all offers that the visitor may use now, flash sales with their end first."""
    page = offers_page(get_visit(request).ctx)
    return render(request, "storefront/offers.html", {"page": page})


@require_safe
@may_be_missing
def offer(request: HttpRequest, offer_id: int) -> HttpResponse:
    """Show what an offer covers."""
    visit = get_visit(request)
    query = read_listing_query(request.GET, visit.ctx.currency)
    page = offer_page(visit.ctx, offer_id, query)
    if query == ListingQuery():
        record_event(request, "offer_click", offer_ref=str(offer_id))
    return _render_listing(
        request, "storefront/offer.html", page.listing, page=page, list_name="offer"
    )


def _render_listing(
    request: HttpRequest,
    template: str,
    listing: Listing,
    *,
    words: str = "",
    inside: str = "",
    **context: object,
) -> HttpResponse:
    ctx = get_visit(request).ctx
    url = ListingUrl(request.path, words, ctx.currency, ctx.locale, inside)
    context |= describe_listing(listing, url)
    context["search_url"] = reverse("search")
    context["listing"] = listing
    context["is_swap"] = is_fragment(request)
    name = "storefront/listing_products.html" if is_fragment(request) else template
    context["page_suffix"] = f"?page={listing.page}" if listing.page > 1 else ""
    response = render(request, name, context)
    if is_fragment(request):
        # The form sends its empty fields, too; the address bar gets the short form.
        response["HX-Push-Url"] = url.at(listing.query, page=listing.page)
    return response
