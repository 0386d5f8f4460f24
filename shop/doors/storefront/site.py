"""Template context of every page: language, navigation, choices. Evaluated lazily."""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import override

from pricing.api import makes_personal_prices
from shop.doors.pages.regions import list_regions
from shop.doors.storefront.views.store import band_colour
from shop.doors.storefront.visitors import (
    LANGUAGE_TAGS,
    get_visit,
    in_language,
    list_languages,
    name_languages,
)
from shop.ground.catalog.selectors import catalog_version, list_categories
from shop.ground.storeinfo.core.values import StoreDetails
from shop.ground.storeinfo.selectors import get_store


def site(request: HttpRequest) -> dict[str, Any]:
    """Add `shop` to every template, lazily: the admin's pages never pay for it."""
    return {"shop": SimpleLazyObject(lambda: Site(request))}


class Site(dict[str, Any]):
    """Language, money and visitor of a page; its frame once a template asks for a part of it: what
    htmx puts into a page never does."""

    def __init__(self, request: HttpRequest) -> None:
        visit = get_visit(request)
        super().__init__(
            describe_language(visit.ctx.language),
            language=visit.ctx.language,
            locale=visit.ctx.locale,
            currency=visit.ctx.currency,
            theme=visit.theme,
            count=draw_count(visit.ctx.language, visit.cart_count),
            is_signed_in=visit.ctx.account_id is not None,
            region=visit.ctx.jurisdiction_code,
        )
        self._request = request

    def __missing__(self, key: str) -> Any:
        frame = describe_frame(self._request)
        self.update(frame)
        return frame[key]


def describe_frame(request: HttpRequest) -> dict[str, Any]:
    """Return the frame's facts. No query once the departments are cached."""
    visit = get_visit(request)
    language, version = visit.ctx.language, catalog_version()
    market = visit.market
    languages, regions = list_languages(market), tuple(list_regions(market, language))
    return {
        "languages": name_languages(languages),
        "regions": regions,
        **describe_store(language, version),
        "nav": draw_navigation(language, version, _department(request.path)),
        "departments": list_departments(language, version),
        "footer": draw_footer(
            language,
            version,
            (languages, regions),
            visit.ctx.jurisdiction_code,
            theme=visit.theme,
            is_signed_in=visit.ctx.account_id is not None,
        ),
        "notice": choose_notice(request),
        "may_lower": may_lower(request),
        "is_home": request.path == reverse("home"),
        "is_german": market.country == "DE",
        "are_prices_off": visit.choice == "off" and visit.rule.personal_allowed,
        "is_tracked": visit.default_consents().allows_tracking,
        "query": request.GET.get("q", "")[:120],
        "mail_folder": settings.EMAIL_FILE_PATH if settings.HAS_MAIL_PAGE else "",
        "is_mail_shown": visit.sees_mails,
        **describe_addresses(request.path, languages),
    }


@lru_cache(maxsize=8)
def describe_language(language: str) -> dict[str, Any]:
    """Return what depends on the language alone."""
    with override(language):
        return {
            "lang": LANGUAGE_TAGS[language],
            "themes": [("", _("Auto")), ("light", _("Light")), ("dark", _("Dark"))],
            "product_root": reverse("product_root"),
        }


@lru_cache(maxsize=8)
def describe_store(language: str, version: int) -> dict[str, Any]:
    """Return the shop's own face. `version` keys the memory of it: it moves with each change."""
    store = get_store()
    key = store.logo
    with override(language):
        return {
            "name": store.called(language),
            "tagline": store.motto(language),
            "band": band_colour(store),
            "colours": store.palette_key and reverse("store_colours", args=[store.palette_key]),
            "logo": key and reverse("store_picture", args=[key, "logo.webp"]),
            "icon": key and reverse("store_picture", args=[key, "icon.png"]),
            "logo_width": store.logo_size[0],
            "logo_height": store.logo_size[1],
            "email": store.email,
            "links": [(link, urlsplit(link).hostname) for link in store.links],
            "pages": _list_pages(store, language),
            "is_sandbox": settings.SANDBOX_PAYMENTS,
        }


def _list_pages(store: StoreDetails, language: str) -> list[tuple[str, str]]:
    """Return address and title of what staff have written; nothing else is linked."""
    has_rules = store.text("delivery", language) or store.text("returns", language)
    pages = (
        (store.has_imprint, "imprint", _("Imprint")),
        (store.text("terms", language), "terms", _("Terms of sale")),
        (has_rules, "delivery", _("Delivery and returns")),
    )
    return [(reverse(name), title) for is_there, name, title in pages if is_there]


@lru_cache(maxsize=4096)
def describe_addresses(path: str, languages: tuple[str, ...]) -> dict[str, Any]:
    """Return the canonical address of a page and its twins in the other languages."""
    root = settings.SITE_URL.rstrip("/")
    twins = [(LANGUAGE_TAGS[code], root + in_language(path, code)) for code in languages]
    return {"canonical": root + path, "alternates": [*twins, ("x-default", twins[0][1])]}


@lru_cache(maxsize=8)
def list_departments(language: str, version: int) -> list[dict[str, str]]:
    """Return name and address of the departments. `version` keys the memory of them."""
    tree = list_categories(language, settings.MARKET_CODE)
    with override(language):
        return [
            {
                "name": tree.nodes[root].name,
                "url": reverse("category", args=[tree.nodes[root].path]),
            }
            for root in tree.roots
        ]


@lru_cache(maxsize=256)
def draw_navigation(language: str, version: int, current: str) -> SafeString:
    """Return the navigation as HTML; the same for everybody, so drawn once per catalogue."""
    with override(language):
        departments = [
            {**entry, "is_current": f"/{current}/" in entry["url"] and bool(current)}
            for entry in list_departments(language, version)
        ]
        return render_to_string("components/nav.html", {"departments": departments})


@lru_cache(maxsize=256)
def draw_footer(
    language: str,
    version: int,
    choices: tuple[tuple[str, ...], tuple[tuple[str, str], ...]],
    region: str,
    *,
    theme: str,
    is_signed_in: bool,
) -> SafeString:
    """Return the footer as HTML. Nothing in it is personal: its controls belong to one small form
    of the page, which holds the token. `version` keys the memory of it; `choices` are the codes of
    languages, and codes and names of regions.
    """
    with override(language):
        frame = {
            **describe_language(language),
            **describe_store(language, version),
            "languages": name_languages(choices[0]),
            "regions": choices[1],
            "language": language,
            "region": region,
            "theme": theme,
            "is_signed_in": is_signed_in,
        }
        return render_to_string("components/footer.html", {"shop": frame})


@lru_cache(maxsize=512)
def draw_count(language: str, count: int) -> SafeString:
    """Return how many pieces are in the cart, as HTML."""
    with override(language):
        return render_to_string("components/cart_count.html", {"count": count})


def may_lower(request: HttpRequest) -> bool:
    """Return whether the shop may speak of personal prices: the law allows them here, and there is
    a model that makes some."""
    visit = get_visit(request)
    ctx = visit.ctx
    return visit.rule.personal_allowed and makes_personal_prices(
        market=ctx.market, channel=ctx.channel, now=ctx.now
    )


def choose_notice(request: HttpRequest) -> str:
    """Return which question about personal prices to ask: "opt_in", "opt_out" or "" (none)."""
    visit = get_visit(request)
    if visit.choice or visit.ctx.gpc or not may_lower(request):
        return ""
    return "opt_in" if visit.rule.opt_in_required else "opt_out"


def _department(path: str) -> str:
    _before, found, rest = path.partition("/c/")
    return rest.split("/", 1)[0] if found else ""
