"""Region, language, light and dark, and the age that some products ask for."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST

from shop.catalog.selectors import get_market
from shop.storefront.languages import in_language
from shop.storefront.regions import REGIONS
from shop.storefront.rendering import go_back
from shop.storefront.visitors import (
    AGE_COOKIE,
    AGE_SECONDS,
    REGION_COOKIE,
    SHOPPER_SECONDS,
    THEME_COOKIE,
    get_visit,
)


@require_POST
def region(request: HttpRequest) -> HttpResponse:
    """Set the region whose price law holds, and go to the page in the language asked for."""
    code = request.POST.get("region", "")
    language = request.POST.get("language", "")
    if code in REGIONS:
        get_visit(request).cookies[REGION_COOKIE] = (code, SHOPPER_SECONDS, False)
    back = go_back(request)
    if language in dict(settings.LANGUAGES):
        return HttpResponseRedirect(in_language(back.url, language))
    return back


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Set light, dark or (empty) what the system says."""
    chosen = request.POST.get("theme", "")
    seconds = SHOPPER_SECONDS if chosen in ("light", "dark") else 0
    get_visit(request).cookies[THEME_COOKIE] = (chosen if seconds else "", seconds, True)
    return go_back(request)


@require_POST
def age(request: HttpRequest) -> HttpResponse:
    """Remember for a day that the visitor is old enough, and go back to the page that asked."""
    get_visit(request).cookies[AGE_COOKIE] = ("1", AGE_SECONDS, False)
    return go_back(request)


def ask_age(request: HttpRequest, name: str) -> HttpResponse:
    """Return the page that asks for the age before it shows `name`, an age-restricted thing."""
    market = get_market(get_visit(request).ctx.market)
    context = {"name": name, "minimum_age": market.minimum_age}
    return render(request, "storefront/age.html", context)
