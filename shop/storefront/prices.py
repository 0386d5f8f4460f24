"""From a PriceView to what templates/components/price.html draws: flat, formatted, translated."""

from __future__ import annotations

from functools import lru_cache

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from pricing.core.values import PriceView
from promotions.selectors import LinePreview
from shop.kernel.money import format_money

Words = dict[str, str]


@lru_cache(maxsize=8)
def price_words(language: str) -> Words:
    """Return the fixed words of the price component; once per language, not once per card."""
    with override(language):
        return {
            "your_price": _("Your price"),
            "for_everyone": _("Price for everyone"),
            "was": _("Was"),
            "why": _("Why this price?"),
            "why_short": _("Why?"),
            "switch_off": _("Switch off"),
            "add": _("Add to cart"),
            "choose": _("Choose"),
            "from": _("from"),
            "sold_out": _("Sold out"),
            "few_left": _("Only {n} left"),
            "in_cart": _("{amount} in the cart"),
            "free_in_cart": _("Free in the cart"),
            "lowers_cart": _("Makes your cart {amount} cheaper"),
            "barred": _("{offer}: not with what is in your cart"),
            "exclusive": _("Not with some other offers"),
            "members_pay": _("Members pay {amount}"),
            "members": _("Member price"),
            "group": _("Offer for your group"),
            "personal": _("Personal offer"),
            "why_offer": _("Why this offer"),
        }


def in_cart_text(amount_minor: int, currency: str, *, language: str, locale: str) -> str:
    """Return what one more unit does to the price of the cart, in words."""
    words = price_words(language)
    if amount_minor == 0:
        return words["free_in_cart"]
    amount = format_money(abs(amount_minor), currency, locale)
    return words["in_cart" if amount_minor > 0 else "lowers_cart"].format(amount=amount)


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


def price_fields(
    price: PriceView, *, language: str, locale: str, about: str = "", shape: str = ""
) -> dict[str, str | bool]:
    """Return the template's fields. A personal price always has its label, why and switch-off, a
    price for everybody that a price test moved its label.

    `shape` is "" (card), "page" or "line"; `about` names the product for screen readers.
    """
    currency = price.currency
    is_mine = price.is_personal
    classes = (" price--mine" if is_mine else "") + (f" price--{shape}" if shape else "")
    fields: dict[str, str | bool] = {
        "variant": str(price.variant_id),
        "classes": classes,
        "is_mine": is_mine,
        "now": format_money(price.quoted_minor, currency, locale),
        "everyone": format_money(price.public_minor, currency, locale),
        "unit": unit_text(price, locale),
        "was": "",
        "label": price.label,
    }
    if is_mine:
        fields["about"] = about
    if is_mine and price.quote_id:
        fields["why"] = price_words(language)["why" if shape else "why_short"]
        fields["why_url"] = f"{why_prefix(language)}{price.quote_id}/"
    if price.reference_minor is not None and price.reference_minor > price.public_minor:
        fields["was"] = format_money(price.reference_minor, currency, locale)
        fields["cut"] = cut_text(price.reference_minor, price.public_minor)
        fields["was_note"] = price.reference_note
    return fields


def unit_text(price: PriceView, locale: str) -> str:
    """Return "$2.36 / lb", or "" where the content is not known."""
    if price.unit_minor is None:
        return ""
    return f"{format_money(price.unit_minor, price.currency, locale)} / {price.unit_label}"


def cut_text(reference_minor: int, public_minor: int) -> str:
    """Return the reduction as text, rounded down so that it never claims more than it is.

    >>> cut_text(1000, 801)
    '−19 %'
    """
    percent = (reference_minor - public_minor) * 100 // reference_minor
    return f"−{percent} %" if percent else ""
