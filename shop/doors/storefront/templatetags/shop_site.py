"""Tags that draw prices, cards and offers, as stencils of their templates.

A template that a page draws again and again, and whose only inputs are flat fields, gives the same
text around its holes whenever the same fields are empty. So each shape of it is rendered once, with
marks in the holes, cut at the marks, and from then on drawn by joining: a tenth of what the
template engine needs for a card. Such a template prints its fields as they are or asks for them
with `{% if %}`; filters and comparisons would see the marks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from functools import lru_cache
from html import escape
from typing import Any

from django import template
from django.template import Context, Engine
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.formats import date_format, time_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import get_current_timezone_name, localtime
from django.utils.translation import gettext as _
from django.utils.translation import override, pgettext

from orders.terms.api import write_address
from orders.values import CartLineView, Contact, OrderLineView
from promotions.engine.api import RemainingQuantity
from promotions.loyalty.api import group_number
from promotions.offers.api import LinePreview, PersonalOffer, PriceBlock, build_price_block
from shop.doors.pages.cards import card_block, page_block
from shop.doors.pages.values import ProductCard, ProductPage
from shop.doors.storefront.qr import draw_qr
from shop.ground.catalog.core.photos import Picture
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors.drawings import inline_pack
from shop.ground.kernel.money import format_money

Words = dict[str, str]
# Where the law's own sentence stands instead of the short tag.
SENTENCES = ("page", "checkout", "order")
# Where the total of the line is compared instead; these say "Before offers" alone.
LINES = ("line", "checkout")
# Kinds of price that offers make and no quote: explained by the product.
BY_OFFERS = ("members", "group")


@lru_cache(maxsize=8)
def price_words(language: str) -> Words:
    """Return the fixed words of cards and prices; once per language, not once per card."""
    with override(language):
        return {
            "switch_off": _("Switch personal prices off"),
            "off": pgettext("personal prices", "Off"),
            "choose": _("Choose"),
            "from": _("from"),
            "few_left": _("Only {n} left"),
            "sizes": _("{n} sizes"),
            "barred": _("{offer}: not with what is in your cart"),
            "exclusive": _("Not with some other offers"),
            "similar": _("Similar"),
            "until": _("until {day}"),
        }


def note_text(offer: LinePreview, language: str) -> str:
    """Return which offers do not count with this cart, or may end with other products."""
    words = price_words(language)
    if offer.barred:
        return words["barred"].format(offer=offer.barred[0])
    return words["exclusive"] if offer.is_exclusive else ""


@lru_cache(maxsize=8)
def why_prefix(language: str) -> str:
    """Return the address of the why page up to the quote's id; reversing it per card is slow."""
    with override(language):
        return reverse("why_root")


@lru_cache(maxsize=8)
def rules_url(language: str) -> str:
    """Return the address of "How our prices work"; reversing it per card is slow."""
    with override(language):
        return reverse("pricing_rules")


def price_fields(
    block: PriceBlock, *, language: str, about: str = "", shape: str = ""
) -> dict[str, str | bool]:
    """Return the template's fields: the four rows, what is spoken, and where the tag leads.

    `shape` is "" (card), "page", "bar", "line" (cart), "checkout" or "order"; `about` names the
    product for screen readers. Pages and orders say the law's sentence, which elsewhere the tag
    leads to.
    """
    compared = block.comparison
    if shape in LINES and compared is not None and compared.kind != "before":
        compared = None
    marks = ((block.is_personal, "mine"), (block.kind, block.kind), (shape, shape))
    return {
        "variant": str(block.variant_id),
        "classes": "".join(f" price--{name}" for is_so, name in marks if is_so),
        "spoken": block.spoken,
        "now": block.now,
        "cut": block.cut,
        "unit": block.unit,
        "unit_several": block.unit_several,
        "compared": "" if compared is None else compared.kind,
        "before": "" if compared is None else compared.before,
        "amount": "" if compared is None else compared.amount,
        "after": "" if compared is None else compared.after,
        "words_language": "" if compared is None else compared.language,
        "reached": "" if shape in LINES else block.reached,
        "is_reference": compared is not None and compared.kind == "reference",
        "tag": (shape in SENTENCES and block.label) or block.tag,
        "tag_url": tag_url(block, language) if block.tag else "",
        "is_sheet": block.quote_id is not None or block.kind in BY_OFFERS,
        "about": about,
        "is_switchable": block.can_switch_off,
        "tag_language": "en" if block.kind == "statutory" else "",
    }


def tag_url(block: PriceBlock, language: str) -> str:
    """Return where the nature of a price is explained: at its quote, its offer or its product, or
    among the rules."""
    if block.quote_id is not None:
        return f"{why_prefix(language)}{block.quote_id}/?variant={block.variant_id}"
    if block.own_offer_id is not None:
        return offer_url(language, block.own_offer_id)
    if block.kind in BY_OFFERS:
        return f"{why_prefix(language)}{block.variant_id}/"
    return f"{rules_url(language)}#tests" if block.kind == "test" else rules_url(language)


# Characters that no escaping changes and no text of ours holds.
_MARK = re.compile("\x02(\\w+)\x03")
REMEMBERED = 64
Fields = Mapping[str, str | bool]
Frame = Callable[[str], Mapping[str, object]]


def draw_stencil(name: str, fields: Fields, *, language: str, frame: Frame) -> SafeString:
    """Return the template `name` drawn with `fields`, escaped unless they are HTML already.

    True and False are for `{% if %}`: printed, they would be marks or nothing.
    `frame` gives what holds for a language, such as words, when a shape is rendered.
    """
    pieces, holes = _cut(name, language, frame, tuple(fields), tuple(map(bool, fields.values())))
    drawn = pieces.copy()
    drawn[1::2] = [_text(fields[hole]) for hole in holes]
    return mark_safe("".join(drawn))  # noqa: S308  # the engine or `_text` escaped every field


def _text(value: str | bool) -> str:
    if isinstance(value, SafeString):
        return value
    text = str(value)
    return _escape(text) if len(text) <= REMEMBERED else escape(text)


@lru_cache(maxsize=16_384)
def _escape(text: str) -> str:
    """Escape names, words and amounts, which come again; long texts hold tokens and do not."""
    return escape(text)


@lru_cache(maxsize=1024)
def _cut(
    name: str, language: str, frame: Frame, names: tuple[str, ...], is_full: tuple[bool, ...]
) -> tuple[list[str], tuple[str, ...]]:
    """Return the pieces of a shape, with a place for each hole, and the fields of the holes."""
    shape = zip(names, is_full, strict=True)
    marks = {field: f"\x02{field}\x03" if full else "" for field, full in shape}
    with override(language):
        context = Context({**frame(language), **marks})
        html = Engine.get_default().get_template(name).render(context)
    pieces = _MARK.split(html)
    return pieces, tuple(pieces[1::2])


register = template.Library()
FEW_LEFT = 5
SEEN_AT_ONCE = 4
FIRST_ROW = 2  # of a phone


@register.simple_tag(takes_context=True)
def line_price(
    context: Context, line: CartLineView | OrderLineView, shape: str, about: str
) -> SafeString:
    """Draw what one piece of a line costs, which says so where that is before offers."""
    language = context["shop"]["language"]
    is_lowered = bool(line.own_adjustments)
    block = build_price_block(line.price, language, is_before_offers=is_lowered)
    return draw_price(block, language, about=about, shape=shape)


@register.simple_tag(takes_context=True)
def product_price(context: Context, page: ProductPage, shape: str) -> SafeString:
    """Draw the price of a product on its own page, with what offers make of it."""
    language = context["shop"]["language"]
    return draw_price(
        page_block(page, language), language, about=page.detail.card.title, shape=shape
    )


def draw_price(block: PriceBlock, language: str, *, about: str, shape: str = "") -> SafeString:
    """Return the HTML of a price block: the only way a page may show a price."""
    fields = price_fields(block, language=language, about=about, shape=shape)
    return draw_stencil("components/price.html", fields, language=language, frame=card_frame)


@register.simple_tag(takes_context=True)
def card(context: Context, item: ProductCard, number: int = SEEN_AT_ONCE + 1) -> SafeString:
    """Draw a product card, the `number`th of its page, once for all who see the very same card."""
    shop, seen = context["shop"], (number <= FIRST_ROW, number <= SEEN_AT_ONCE)
    how = (shop["language"], shop["product_root"], get_current_timezone_name(), *seen)
    if how not in item.drawn:
        item.drawn[how] = draw_card(item, shop, number)
    return mark_safe(item.drawn[how])  # noqa: S308  # `draw_card` returned it


@register.simple_tag(takes_context=True)
def heart(context: Context, shown: CatalogCard, is_saved: bool) -> SafeString:
    """Draw the button that saves the variant of a product's page."""
    return draw_heart(shown, context["shop"]["language"], is_saved=is_saved)


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
def address_lines(contact: Contact) -> list[str]:
    """Tell a contact's address as its country writes it."""
    return write_address(contact, is_named=False)


@register.filter
def named(name: str, names: Mapping[str, str]) -> str:
    """Tell what is called `name` in an order by its name of today, where one is known."""
    return names.get(name, name)


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


@register.simple_tag
def first_photo(variant_id: int, shown: Picture, width: int) -> str:
    """Return the address of the picture that a page is judged by: a drawn pack is in it."""
    address = shown.at_least(width)
    return inline_pack(variant_id, address) if shown.is_illustration else address


def _card_picture(variant_id: int, shown: Picture, number: int) -> str:
    return shown.at_least(320) if number > FIRST_ROW else first_photo(variant_id, shown, 320)


def draw_card(item: ProductCard, shop: dict[str, Any], number: int) -> SafeString:
    """Return the HTML of one card: of a variant, or of a product with several to choose from."""
    language, available = shop["language"], item.available
    shown, view, choice = item.card, item.price, item.choice
    shot, block = shown.picture, card_block(item, language)
    is_one = choice is None or choice.is_size
    few = is_one and 0 < available <= FEW_LEFT
    asked = "" if choice is None else f"?variant={shown.variant_id}"
    return draw_stencil(
        "components/card.html",
        {
            "price": draw_price(block, language, about=shown.title),
            "ribbon": block.ribbon,
            "ribbon_url": ribbon_url(block, language),
            "until": until_text(block, language),
            "name": shown.title if is_one else shown.product_title,
            "url": f"{shop['product_root']}{shown.slug}/{asked}",
            "similar_url": "" if available else category_url(language, shown.category_path),
            "heart": draw_heart(shown, language, is_saved=item.is_saved),
            "picture": "" if shot is None else _card_picture(shown.variant_id, shot, number),
            "srcset": shot.srcset if shot else "",
            "add": ""
            if available <= 0
            else draw_add(shown, view.token or "", language, quantity=item.quantity),
            "is_first": number <= SEEN_AT_ONCE,
            "is_from": choice is not None and choice.is_from,
            "is_choice": not is_one and available > 0,
            "sizes": ""
            if choice is None or not choice.is_size
            else price_words(language)["sizes"].format(n=choice.count),
            "few": price_words(language)["few_left"].format(n=available) if few else "",
        },
        language=language,
        frame=card_frame,
    )


def ribbon_url(block: PriceBlock, language: str) -> str:
    """Return the address of the shopper's own offer, where the tag leads to the price itself."""
    if block.own_offer_id is None or block.quote_id is None:
        return ""
    return offer_url(language, block.own_offer_id)


def until_text(block: PriceBlock, language: str) -> str:
    """Return the last day of an announced reduction, "" where no end is announced."""
    if block.ends_at is None or not block.percent:
        return ""
    return price_words(language)["until"].format(day=last_day(block.ends_at))


def draw_add(
    card: CatalogCard, token: str, language: str, *, quantity: int, is_swap: bool = False
) -> SafeString:
    """Return the buttons of a card: add the variant, or change how many are in the cart.

    `token` is the quote that the card shows; `is_swap` puts them into a page that is there.
    """
    number = card.variant_id
    return draw_stencil(
        "components/card_add.html",
        {
            "variant": str(number),
            "name": card.title,
            "line": f"{number}:{token}",
            "quantity": str(quantity) if quantity else "",
            "less": f"{number}:{quantity - 1}:{quantity}:{token}" if quantity else "",
            "more": f"{number}:{quantity + 1}:{quantity}:{token}" if quantity else "",
            "is_swap": is_swap,
        },
        language=language,
        frame=bare_frame,
    )


def draw_heart(
    card: CatalogCard,
    language: str,
    *,
    is_saved: bool,
    is_swap: bool = False,
) -> SafeString:
    """Return the button that saves a variant, or takes it off the list.

    `is_swap` puts it into a page that is there.
    """
    return draw_stencil(
        "components/card_save.html",
        {
            "variant": str(card.variant_id),
            "name": card.title,
            "change": f"{card.variant_id}:{0 if is_saved else 1}",
            "is_saved": is_saved,
            "is_swap": is_swap,
        },
        language=language,
        frame=bare_frame,
    )


def card_frame(language: str) -> dict[str, object]:
    """Return what cards and prices of a language share."""
    return {"words": price_words(language)}


def bare_frame(_language: str) -> dict[str, object]:
    """Return what parts of the frame share: nothing, they translate their own words."""
    return {}


def offer_url(language: str, offer_id: int) -> str:
    """Return the address of an offer's page, where its reason stands."""
    return _offer_root(language).replace("/0/", f"/{offer_id}/")


@lru_cache(maxsize=1024)
def category_url(language: str, path: str) -> str:
    """Return the address of a category; reversing it per card is slow."""
    with override(language):
        return reverse("category", args=[path])


@lru_cache(maxsize=8)
def _offer_root(language: str) -> str:
    """Return the address of the page of an offer 0; reversing it for each offer is slow."""
    with override(language):
        return reverse("offer", args=[0])


@lru_cache(maxsize=1024)
def _draw_left(language: str, left: RemainingQuantity | None) -> SafeString:
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
