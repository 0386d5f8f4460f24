"""Imprint, terms, delivery, and the shop's own colors and pictures."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from orders.terms.api import list_served, load_terms, price_options
from shop.doors.storefront.visitors import get_visit
from shop.ground.catalog.selectors import get_market
from shop.ground.storeinfo.core.texts import read_blocks
from shop.ground.storeinfo.core.values import StoreDetails
from shop.ground.storeinfo.selectors import find_picture, get_store

FOREVER = 31_536_000
PAPER = "#fbf7ee"
BAND = "#174d33"
TYPES = {"logo.webp": "image/webp", "icon.png": "image/png"}


@require_safe
def imprint(request: HttpRequest) -> HttpResponse:
    """Show who sells, once somebody said so."""
    store = get_store()
    if not store.has_imprint:
        raise Http404
    return render(request, "storefront/imprint.html", {"store": store})


@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Show the terms of sale, once somebody wrote them."""
    text = get_store().text("terms", get_visit(request).ctx.language)
    if not text:
        raise Http404
    return render(request, "storefront/terms.html", {"blocks": read_blocks(text)})


@require_safe
def delivery(request: HttpRequest) -> HttpResponse:
    """Show how and at what price products are delivered, and how they go back."""
    ctx = get_visit(request).ctx
    store = get_store()
    served = list_served(
        market_code=ctx.market,
        country=get_market(ctx.market).country,
        day=ctx.now.date(),
        language=ctx.language,
    )
    known = load_terms(market_code=ctx.market, day=ctx.now.date())
    context = {
        "options": price_options(known.methods, 0, known.taxes, ctx.language),
        "countries": [name for _code, name in served],
        "about": read_blocks(store.text("delivery", ctx.language)),
        "returns": read_blocks(store.text("returns", ctx.language)),
    }
    return render(request, "storefront/delivery.html", context)


@require_safe
@cache_control(public=True, max_age=FOREVER, immutable=True)
def picture(request: HttpRequest, key: str, name: str) -> HttpResponse:
    """Send the logo or the icon; its address names its bytes."""
    found = find_picture(name, key)
    if found is None:
        raise Http404
    return HttpResponse(found, content_type=TYPES[name])


@require_safe
@cache_control(public=True, max_age=FOREVER, immutable=True)
def colours(request: HttpRequest, key: str) -> HttpResponse:
    """Send the style sheet of the shop's own colours."""
    store = get_store()
    if not key or key != store.palette_key:
        raise Http404
    tokens = (
        f"--{name}:light-dark({light},{dark})" for name, (light, dark) in store.palette.items()
    )
    return HttpResponse(f"@layer tokens{{:root{{{';'.join(tokens)}}}}}\n", content_type="text/css")


@require_safe
@cache_control(public=True, max_age=300)
def manifest(request: HttpRequest) -> HttpResponse:
    """Send what a device shows for the shop on its home screen."""
    store = get_store()
    name = store.called(get_language() or "en")  # by address; a visit would read whose it is
    body = {
        "name": name,
        "short_name": name,
        "start_url": reverse("home"),
        "display": "browser",
        "background_color": PAPER,
        "theme_color": band_colour(store),
        "icons": [_icon(store)],
    }
    return JsonResponse(body, content_type="application/manifest+json")


def band_colour(store: StoreDetails) -> str:
    """Return the colour of the band above each page, which browsers take for their own frame."""
    return store.palette["band"][0] if store.palette else BAND


def _icon(store: StoreDetails) -> dict[str, str]:
    if not store.logo:
        return {"src": static("img/icon.svg"), "sizes": "any", "type": "image/svg+xml"}
    address = reverse("store_picture", args=[store.logo, "icon.png"])
    return {"src": address, "sizes": "512x512", "type": "image/png"}
