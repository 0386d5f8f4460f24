"""Tags that draw prices and cards, as stencils of their templates."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.template import Context
from django.templatetags.static import static
from django.utils.formats import date_format, time_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from orders.core.values import OrderLineView
from pricing.core.values import PriceView
from shop.kernel.money import format_money
from shop.pages.values import ProductCard
from shop.storefront.prices import price_fields, price_words
from shop.storefront.stencils import draw_stencil

register = template.Library()
FEW_LEFT = 5


@register.simple_tag(takes_context=True)
def price(context: Context, view: PriceView, shape: str = "", about: str = "") -> SafeString:
    """Draw a price: the only way a template may show one."""
    shop = context["shop"]
    fields = price_fields(
        view, language=shop["language"], locale=shop["locale"], about=about, shape=shape
    )
    return draw_stencil(
        "components/price.html", fields, language=shop["language"], frame=card_frame
    )


@register.simple_tag(takes_context=True)
def order_price(context: Context, line: OrderLineView) -> SafeString:
    """Draw the frozen price of an order line, with its label as it was shown."""
    view = PriceView(
        variant_id=line.variant_id,
        currency=context["shop"]["currency"],
        list_minor=line.list_minor,
        public_minor=line.public_minor,
        quoted_minor=line.quoted_minor,
        is_personal=line.is_personal,
        label_code=line.label_code,
        label=line.label,
        quote_id=line.quote_id,
    )
    return price(context, view, "line", line.name)


@register.simple_tag(takes_context=True)
def card(context: Context, item: ProductCard) -> SafeString:
    """Draw a product card."""
    return draw_card(item, context["shop"])


@register.simple_tag(takes_context=True)
def stencil(context: Context, name: str, **fields: object) -> SafeString:
    """Draw a part of the frame: a template that needs nothing but these fields."""
    flat = {key: each if isinstance(each, bool) else str(each) for key, each in fields.items()}
    return draw_stencil(name, flat, language=context["shop"]["language"], frame=bare_frame)


@register.simple_tag(takes_context=True)
def money(context: Context, minor: int) -> str:
    """Write an amount that is no price of a product: a sum, a fee, a saving."""
    shop = context["shop"]
    # A true minus sign: the hyphen that CLDR writes is hard to see before a currency sign.
    return format_money(minor, shop["currency"], shop["locale"]).replace("-", "\u2212")


@register.filter
def moment(at: datetime) -> str:
    """Tell day, time and zone, so that nobody has to guess whose clock is meant."""
    local = localtime(at)
    return f"{date_format(local, 'DATETIME_FORMAT')} {local.tzname()}"


@register.filter
def hour(at: datetime) -> str:
    """Tell the time of a day and its zone."""
    local = localtime(at)
    return f"{time_format(local, 'TIME_FORMAT')} {local.tzname()}"


@register.filter
def last_day(ends_at: datetime) -> str:
    """Tell the last day of what is over at `ends_at`, or the moment if that is within a day."""
    local = localtime(ends_at)
    if local.time() == time.min:
        return date_format(local - timedelta(days=1), "DATE_FORMAT")
    return moment(ends_at)


@register.simple_tag
@lru_cache(maxsize=8192)
def picture(path: str) -> str:
    """Return the address of a picture; remembered, for looking up a hashed name costs 30 us."""
    return static(path) if path else ""


def draw_card(item: ProductCard, shop: dict[str, Any]) -> SafeString:
    """Return the HTML of one card."""
    language, locale = shop["language"], shop["locale"]
    shown, view = item.card, item.price
    fields = price_fields(view, language=language, locale=locale, about=shown.name)
    few = 0 < shown.available <= FEW_LEFT
    return draw_stencil(
        "components/card.html",
        {
            "price": draw_stencil(
                "components/price.html", fields, language=language, frame=card_frame
            ),
            "name": shown.name,
            "detail": " · ".join(filter(None, (shown.brand, shown.size_label))),
            "url": f"{shop['product_root']}{shown.slug}/",
            "picture": picture(shown.picture),
            "line": f"{shown.variant_id}:{view.token or ''}",
            **offer_fields(item, language, locale),
            "is_available": shown.available > 0,
            "few": price_words(language)["few_left"].format(n=shown.available) if few else "",
        },
        language=language,
        frame=card_frame,
    )


def offer_fields(item: ProductCard, language: str, locale: str) -> dict[str, str]:
    """Return what a card says of offers: what the shopper pays and why, or what members pay."""
    words, offer, currency = price_words(language), item.offer, item.price.currency
    fields = {"offer": "", "offer_why": "", "members": ""}
    if offer is not None:
        amount = format_money(offer.adjusted_minor, currency, locale)
        fields["offer"] = words["in_cart"].format(amount=amount)
        fields["offer_why"] = words.get(offer.audience) or offer.labels[0]
    if item.members_minor is not None:
        amount = format_money(item.members_minor, currency, locale)
        fields["members"] = words["members_pay"].format(amount=amount)
    return fields


def card_frame(language: str) -> dict[str, object]:
    """Return what cards and prices of a language share."""
    return {"words": price_words(language)}


def bare_frame(_language: str) -> dict[str, object]:
    """Return what parts of the frame share: nothing, they translate their own words."""
    return {}
