"""Prices written as JSON text at once: a page of 48 is asked for so often that dicts cost too much.

The text is the very one that encoding `price_body` gives; a test compares them.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from pricing.base.core.values import PriceView, Reason
from shop.doors.api.responses import encode_json
from shop.doors.api.v1.bodies.prices import OPT_OUT_URL, moment, money, why_url

_OPT_OUT = encode_json(OPT_OUT_URL)


# A page is asked for again and again, and pricing hands out the same view as long as it holds.
MOST_TEXTS = 20_000
_texts: dict[tuple[str | None, str], tuple[PriceView, str]] = {}


def price_text(price: PriceView, locale: str) -> str:
    """Return `price_body` of a price as compact JSON; the same view is written once."""
    key = (price.token, locale)
    known = _texts.get(key)
    if known is not None and known[0] is price:
        return known[1]
    if len(_texts) > MOST_TEXTS:
        _texts.clear()
    text = _write(price, locale)
    _texts[key] = (price, text)
    return text


def _write(price: PriceView, locale: str) -> str:
    currency = price.currency
    quote_id = None if price.quote_id is None else str(price.quote_id)
    reasons = ",".join([_reason(reason, currency, locale) for reason in price.reasons])
    return (
        f'{{"variant_id":{price.variant_id}'
        f',"list_price":{_money(price.list_minor, currency, locale)}'
        f',"public_price":{_money(price.public_minor, currency, locale)}'
        f',"quoted_price":{_money(price.quoted_minor, currency, locale)}'
        f',"is_personal":{"true" if price.is_personal else "false"}'
        f',"label_code":{_word(price.label_code)}'
        f',"label":{_word(price.label)}'
        f',"reference_price":{_money(price.reference_minor, currency, locale)}'
        f',"reference_note":{_word(price.reference_note)}'
        f',"unit_price":{_money(price.unit_minor, currency, locale)}'
        f',"unit_label":{_word(price.unit_label)}'
        f',"rung":{_word(price.rung)}'
        f',"reasons":[{reasons}]'
        f',"quote_id":{encode_json(quote_id)}'
        f',"quote_token":{encode_json(price.token)}'
        f',"expires_at":{_moment(price.expires_at)}'
        f',"why_url":{encode_json(why_url(quote_id))}'
        f',"opt_out_url":{_OPT_OUT}}}'
    )


def _reason(reason: Reason, currency: str, locale: str) -> str:
    amount = _money(reason.amount_minor, currency, locale)
    return f'{{"code":{_word(reason.code)},"amount":{amount},"text":{_word(reason.text)}}}'


@lru_cache(maxsize=65_536)
def _money(minor: int | None, currency: str, locale: str) -> str:
    return "null" if minor is None else encode_json(money(minor, currency, locale))


@lru_cache(maxsize=4_096)
def _word(text: str) -> str:
    """Return the JSON of a text that many prices share."""
    return encode_json(text)


@lru_cache(maxsize=4_096)
def _moment(at: datetime | None) -> str:
    return encode_json(moment(at))
