"""The product page."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from shop.doors.pages.members import list_product_offers
from shop.doors.pages.product import product as product_page
from shop.doors.pages.reviews import opinions
from shop.doors.pages.values import ProductPage
from shop.doors.pages.wishes import is_awaited
from shop.doors.storefront.recording import record_event, write_event
from shop.doors.storefront.rendering import may_be_missing
from shop.doors.storefront.views.choices import ask_age, needs_age
from shop.doors.storefront.visitors import get_visit
from shop.ground.kernel.money import Money
from shop.ground.staff.keys import read_number

_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def script_json(value: Any) -> SafeString:
    """Return JSON that cannot end the script element it stands in.

    >>> script_json({"name": "</script>"})
    '{"name": "\\\\u003C/script\\\\u003E"}'
    """
    text = json.dumps(value, ensure_ascii=False).translate(_ESCAPES)
    return mark_safe(text)  # noqa: S308  # the characters that could leave the element are escaped


@require_safe
@may_be_missing
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a product. The view counts at once; if it did not (a prefetch), the page reports it."""
    visit = get_visit(request)
    asked = read_number(request.GET["variant"]) if "variant" in request.GET else None
    page = product_page(visit.ctx, slug, visit.visitor, variant_id=asked)
    if page.detail.is_restricted and (years := needs_age(request, page.detail.minimum_age)):
        return ask_age(request, page.detail.card.title, years)
    # Before the view makes a stranger known
    own_offers = list_product_offers(visit.ctx, page, visit.visitor)
    variant_id = page.detail.card.variant_id
    is_recorded = record_event(request, "view", variant_id=variant_id)
    described = describe_product(page, request.path)
    context = {
        "page": page,
        "opinions": opinions(page.detail),
        "own_offers": own_offers,
        "is_saved": variant_id in visit.visitor.read_saved(),
        "is_awaited": is_awaited(visit.ctx, page.detail.card),
        "view_event": "" if is_recorded else write_event(visit, "view", variant_id=variant_id),
        "structured": script_json(described),
        "social_image": next(iter(described["image"]), ""),
    }
    return render(request, "storefront/product.html", context)


def describe_product(page: ProductPage, path: str) -> dict[str, Any]:
    """Return schema.org data, with the price that an anonymous visitor pays, offers included."""
    card = page.detail.card
    root = settings.SITE_URL.rstrip("/")
    described: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": card.title,
        "sku": card.sku,
        "image": [root + one.raster for one in page.pictures],
        "description": page.detail.description,
        "offers": {
            "@type": "Offer",
            "url": root + path + (f"?variant={card.variant_id}" if page.choices else ""),
            "price": str(Money(page.everyone_minor, page.price.currency).decimal()),
            "priceCurrency": page.price.currency,
            "availability": "https://schema.org/"
            + ("InStock" if card.available > 0 else "OutOfStock"),
            "itemCondition": "https://schema.org/NewCondition",
        },
    }
    if card.brand:
        described["brand"] = {"@type": "Brand", "name": card.brand}
    return described
