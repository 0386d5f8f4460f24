"""`robots.txt` and the sitemap. The same for everybody, so any cache may store them."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from shop.doors.pages.sitemap import count_products, list_product_slugs
from shop.doors.storefront.visitors import (
    LANGUAGE_NAMES,
    LANGUAGE_TAGS,
    in_language,
    list_languages,
)
from shop.ground.catalog.selectors import get_market, list_categories

PER_FILE = 10_000
HIDDEN = ("cart", "checkout", "search", "suggest", "account", "events", "track", "choices")


@require_safe
@cache_control(public=True, max_age=86_400)
def robots(request: HttpRequest) -> HttpResponse:
    """Keep crawlers out of carts, searches and personal explanations."""
    lines = ["User-agent: *"]
    for code, _name in LANGUAGE_NAMES:
        lines += [f"Disallow: {in_language(reverse(name), code)}" for name in HIDDEN]
    lines += ["Disallow: /why/", "Disallow: /orders/", "Disallow: /*?sort=", "Disallow: /*?brand="]
    lines.append(f"Sitemap: {settings.SITE_URL.rstrip('/')}{reverse('sitemap')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=3_600)
def sitemap(request: HttpRequest, part: int | None = None) -> HttpResponse:
    """List all pages that are the same for everybody; beyond one file an index comes first."""
    parts = -(-count_products(settings.MARKET_CODE) // PER_FILE)
    if part is None:
        root = settings.SITE_URL.rstrip("/")
        files = [root + reverse("sitemap_part", args=[number]) for number in range(parts + 1)]
        return _xml(request, "storefront/sitemap_index.xml", {"files": files})
    if part > parts:
        raise Http404("no such part")
    paths = _fixed_paths() if part == 0 else _product_paths(part)
    return _xml(request, "storefront/sitemap.xml", {"entries": [_twins(path) for path in paths]})


def _fixed_paths() -> list[str]:
    tree = list_categories("en", settings.MARKET_CODE)
    fixed = [reverse("home"), reverse("pricing_rules"), reverse("privacy")]
    return fixed + [reverse("category", args=[node.path]) for node in tree.nodes.values()]


def _product_paths(part: int) -> list[str]:
    slugs = list_product_slugs(
        market=settings.MARKET_CODE, start=(part - 1) * PER_FILE, count=PER_FILE
    )
    return [reverse("product", args=[slug]) for slug in slugs]


def _twins(path: str) -> list[tuple[str, str]]:
    root = settings.SITE_URL.rstrip("/")
    offered = list_languages(get_market(settings.MARKET_CODE))
    return [(LANGUAGE_TAGS[code], root + in_language(path, code)) for code in offered]


def _xml(request: HttpRequest, template: str, context: dict[str, object]) -> HttpResponse:
    return render(request, template, context, content_type="application/xml")
