"""Front page, categories, search, offers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shop.catalog.selectors import get_category
from shop.catalog.selectors import suggest as suggest_words
from shop.pages.category import category as category_page
from shop.pages.category import search as search_page
from shop.pages.home import home as home_page
from shop.pages.members import Visitor
from shop.pages.offers import offer as offer_page
from shop.pages.offers import offers as offers_page
from shop.pages.own_offers import list_category_offers
from shop.pages.values import Listing, ListingQuery
from shop.storefront.listings import ListingUrl, describe_listing, read_listing_query
from shop.storefront.recording import record_event, write_event
from shop.storefront.rendering import is_fragment, may_be_missing
from shop.storefront.views.choices import ask_age, needs_age
from shop.storefront.visitors import get_visit

MAX_WORDS = 120


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
    visitor = Visitor(visit.ctx)
    page = category_page(visit.ctx, path, query, visitor)
    own_offers = () if is_fragment(request) else list_category_offers(visit.ctx, page, visitor)
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
    visitor = Visitor(visit.ctx)
    page = search_page(visit.ctx, words, query, visitor)
    if words and query == ListingQuery():
        record_event(request, "search", visitor, query=words)
    return _render_listing(
        request,
        "storefront/search.html",
        page.listing,
        words=words,
        page=page,
        is_narrowed=query != ListingQuery(page=query.page, sort=query.sort),
        list_name="search",
    )


@require_safe
def suggest(request: HttpRequest) -> HttpResponse:
    """Complete what is being typed."""
    words = request.GET.get("q", "").strip()[:MAX_WORDS]
    ctx = get_visit(request).ctx
    found = suggest_words(words, ctx.language, market=ctx.market) if words else []
    return render(request, "storefront/suggest.html", {"suggestions": found, "words": words})


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
    request: HttpRequest, template: str, listing: Listing, *, words: str = "", **context: object
) -> HttpResponse:
    ctx = get_visit(request).ctx
    url = ListingUrl(path=request.path, words=words, currency=ctx.currency, locale=ctx.locale)
    context |= describe_listing(listing, url)
    context["search_url"] = reverse("search")
    context["listing"] = listing
    context["is_open"] = is_fragment(request)
    name = "storefront/listing.html" if is_fragment(request) else template
    context["page_suffix"] = f"?page={listing.page}" if listing.page > 1 else ""
    response = render(request, name, context)
    if is_fragment(request):
        # The form sends its empty fields, too; the address bar gets the short form.
        response["HX-Push-Url"] = url.at(listing.query, page=listing.page)
    return response
