"""Tags that draw prices, cards and offers, as stencils of their templates."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.template import Context
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.formats import date_format, time_format
from django.utils.safestring import SafeString
from django.utils.timezone import get_current_timezone_name, localtime
from django.utils.translation import override

from orders.core.values import OrderLineView
from pricing.core.values import PriceView
from promotions.core.limits import Left
from promotions.core.tills import group_number
from promotions.selectors import LinePreview, PersonalOffer
from shop.catalog.core.photos import Picture
from shop.kernel.money import format_money
from shop.pages.values import ProductCard
from shop.storefront.prices import in_cart_text, note_text, price_fields, price_words
from shop.storefront.qr import draw_qr
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
def offer_card(context: Context, offer: PersonalOffer) -> SafeString:
    """Draw an offer with its reason, the label of the law, what is left and its code."""
    language = context["shop"]["language"]
    cut = f"{offer.percent} %" if offer.percent else ""
    if not cut and offer.amount_minor:
        cut = money(context, offer.amount_minor)
    fields: dict[str, str | bool] = {
        "offer_id": str(offer.offer_id),
        "cut": cut,
        "label": offer.label,
        "reason": offer.reason,
        "law_label": offer.law_label,
        "left": _draw_left(language, offer.left),
        "coupon_code": offer.coupon_code or "",
        "csrf": str(context.get("csrf_token", "")) if offer.coupon_code else "",
        "url": offer_url(language, offer.offer_id),
        "ends": _draw_end(
            language,
            get_current_timezone_name(),
            offer.ends_at,
            offer.has_clock,
            offer.left is not None,
        ),
    }
    return draw_stencil("components/offer.html", fields, language=language, frame=bare_frame)


@register.simple_tag(takes_context=True)
def stencil(context: Context, part: str, **fields: object) -> SafeString:
    """Draw a part of the frame: a template that needs nothing but these fields."""
    flat = {key: each if isinstance(each, bool) else str(each) for key, each in fields.items()}
    return draw_stencil(part, flat, language=context["shop"]["language"], frame=bare_frame)


@register.simple_tag(takes_context=True)
def in_cart(context: Context, offer: LinePreview) -> str:
    """Write what one more unit does to the price of the cart."""
    shop = context["shop"]
    return in_cart_text(
        offer.adjusted_minor, shop["currency"], language=shop["language"], locale=shop["locale"]
    )


@register.simple_tag(takes_context=True)
def offer_note(context: Context, offer: LinePreview) -> str:
    """Write which offers do not count with this cart, or may end with other products."""
    return note_text(offer, context["shop"]["language"])


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


@register.simple_tag
def photo(shown: Picture, width: int) -> str:
    """Return the address of a photograph's file that is at least so wide."""
    return shown.at_least(width)


def draw_card(item: ProductCard, shop: dict[str, Any]) -> SafeString:
    """Return the HTML of one card: of a variant, or of a product with several to choose from."""
    language, locale = shop["language"], shop["locale"]
    shown, view, choice = item.card, item.price, item.choice
    own = shown.photo
    fields = price_fields(view, language=language, locale=locale, about=shown.name)
    available = shown.available if choice is None else choice.available
    few = choice is None and 0 < available <= FEW_LEFT
    asked = "" if choice is None else f"?variant={shown.variant_id}"
    return draw_stencil(
        "components/card.html",
        {
            "price": draw_stencil(
                "components/price.html", fields, language=language, frame=card_frame
            ),
            "name": shown.name,
            "detail": shown.detail if choice is None else shown.brand,
            "url": f"{shop['product_root']}{shown.slug}/{asked}",
            "picture": own.at_least(320) if own else picture(shown.picture),
            "srcset": own.srcset if own else "",
            "line": f"{shown.variant_id}:{view.token or ''}",
            **offer_fields(item, language, locale),
            "is_from": choice is not None and choice.is_from,
            "is_choice": choice is not None and available > 0,
            "is_available": available > 0,
            "few": price_words(language)["few_left"].format(n=available) if few else "",
        },
        language=language,
        frame=card_frame,
    )


def offer_fields(item: ProductCard, language: str, locale: str) -> dict[str, str]:
    """Return what a card says of offers: what the shopper pays and why, or what members pay."""
    words, offer, currency = price_words(language), item.offer, item.price.currency
    names = ("offer", "offer_why", "offer_note", "deal", "offer_law", "offer_url", "members")
    fields = dict.fromkeys(names, "")
    if offer is not None:
        fields["offer_note"] = note_text(offer, language)
        fields["deal"] = offer.deals[0].text if offer.deals else ""
        if offer.is_priced:
            fields["offer"] = in_cart_text(
                offer.adjusted_minor, currency, language=language, locale=locale
            )
        if offer.labels:
            fields["offer_why"] = words.get(offer.audience) or offer.labels[0]
        if offer.own_offer_id is not None:
            fields["offer_law"] = offer.law_label
            fields["offer_url"] = offer_url(language, offer.own_offer_id)
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


def offer_url(language: str, offer_id: int) -> str:
    """Return the address of an offer's page, where its reason stands."""
    return _offer_root(language).replace("/0/", f"/{offer_id}/")


@lru_cache(maxsize=8)
def _offer_root(language: str) -> str:
    """Return the address of the page of an offer 0; reversing it for each offer is slow."""
    with override(language):
        return reverse("offer", args=[0])


@lru_cache(maxsize=1024)
def _draw_left(language: str, left: Left | None) -> SafeString:
    with override(language):
        return render_to_string("components/offer_left.html", {"left": left})


@lru_cache(maxsize=1024)
def _draw_end(
    language: str, zone: str, ends_at: datetime, has_clock: bool, is_counted: bool
) -> SafeString:
    """Return when an offer ends, told by the clock of `zone`, which is the current one.

    Only whether pieces are counted matters to it, not how many.
    """
    with override(language):
        shown = {"ends_at": ends_at, "has_clock": has_clock, "left": is_counted}
        return render_to_string("components/offer_end.html", shown)


@register.simple_tag
def qr(text: str) -> str:
    """Return a QR code as the address of a picture."""
    return draw_qr(text)


@register.filter
def grouped(number: str) -> str:
    """Return a member number as people read it out."""
    return group_number(number)
