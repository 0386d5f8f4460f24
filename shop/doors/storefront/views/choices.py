"""Region, language, light and dark, and the age that some products ask for."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_POST

from shop.doors.pages.regions import is_region
from shop.doors.storefront.rendering import go_back
from shop.doors.storefront.visitors import (
    AGE_COOKIE,
    AGE_SECONDS,
    REGION_COOKIE,
    SHOPPER_SECONDS,
    THEME_COOKIE,
    get_visit,
    in_language,
    list_languages,
)
from shop.ground.catalog.selectors import get_market
from shop.ground.staff.keys import read_number

OLDEST = 99


@require_POST
def region(request: HttpRequest) -> HttpResponse:
    """Set the region whose price law holds, and go to the page in the language asked for."""
    code = request.POST.get("region", "")
    language = request.POST.get("language", "")
    visit = get_visit(request)
    market = get_market(visit.ctx.market)
    if is_region(code, market):
        visit.cookies[REGION_COOKIE] = (code, SHOPPER_SECONDS, False)
    back = go_back(request)
    if language in list_languages(market):
        visit.cookies[settings.LANGUAGE_COOKIE_NAME] = (language, SHOPPER_SECONDS, False)
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
    """Remember for a day how old the visitor is at least, and go back to the page that asked."""
    visit = get_visit(request)
    asked = read_number(request.POST.get("age", "")) or get_market(visit.ctx.market).minimum_age
    years = max(visit.confirmed_age, min(asked, OLDEST))
    visit.cookies[AGE_COOKIE] = (str(years), AGE_SECONDS, False)
    return go_back(request)


def needs_age(request: HttpRequest, own: int | None = None) -> int:
    """Return the age to ask for before something age-restricted is shown, 0 if it is confirmed.

    `own` is a product's own limit, which counts instead of the market's.
    """
    visit = get_visit(request)
    asked = own or get_market(visit.ctx.market).minimum_age
    return 0 if visit.confirmed_age >= asked else asked


def ask_age(request: HttpRequest, name: str, minimum_age: int) -> HttpResponse:
    """Return the page that asks for the age before it shows `name`."""
    context = {"name": name, "minimum_age": minimum_age}
    return render(request, "storefront/age.html", context)
