"""The front page: offers, picks, shelves."""

from __future__ import annotations

from promotions.offers.api import PersonalOffer
from shop.doors.api.v1.bodies.catalog import card_bodies, category_bodies, category_body
from shop.doors.api.v1.bodies.prices import Json, moment, optional_money
from shop.doors.pages.values import HomePage, Shelf


def home_body(page: HomePage, currency: str, locale: str) -> Json:
    """Return the front page."""
    return {
        "flash_sales": [offer_body(offer, currency, locale) for offer in page.flash_sales],
        "offers": [offer_body(offer, currency, locale) for offer in page.offers],
        "picks": shelf_body(page.picks, locale),
        "shelves": [shelf_body(shelf, locale) for shelf in page.shelves],
        "departments": category_bodies(page.departments),
    }


def shelf_body(shelf: Shelf, locale: str) -> Json:
    """Return a row of cards and why it is there."""
    return {
        "code": shelf.code,
        "category": None if shelf.category is None else category_body(shelf.category),
        "is_personal": shelf.is_personal,
        "items": card_bodies(shelf.cards, locale),
    }


def offer_body(offer: PersonalOffer, currency: str, locale: str) -> Json:
    """Return an offer with what it gives and until when."""
    return {
        "offer_id": offer.offer_id,
        "campaign_id": offer.campaign_id,
        "label": offer.label,
        "reason": offer.reason,
        "law_label": offer.law_label,
        "coupon_code": offer.coupon_code,
        "audience": offer.audience,
        "ends_at": moment(offer.ends_at),
        "left": None if offer.left is None else offer.left.count,
        "left_counted": "" if offer.left is None else offer.left.counted.value,
        "percent": offer.percent,
        "amount": optional_money(offer.amount_minor, currency, locale),
        "variant_ids": list(offer.variant_ids),
        "category_ids": list(offer.category_ids),
    }
