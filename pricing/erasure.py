"""Forget a person: quotes lose their shopper; their prices and questions are deleted."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from django.db import transaction

from pricing.ledger.core.held_quotes import HELD_PLACES, held_key
from pricing.ledger.models.books import PriceBookEntry
from pricing.ledger.models.contests import PriceContest
from pricing.ledger.models.quotes import Quote
from profiles.shoppers.api import list_pseudonyms
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker


def erase_shopper(shopper_id: int, now: datetime) -> None:
    """Take the shopper, and the guests they were, out of every quote; delete their prices and
    what they asked about prices.

    Safe to run twice.
    The amounts, reasons and versions of a quote stay: they are what the law and the seals need,
    and say nothing of a person once nobody is named. Quotes still on the stream are stored without
    their shopper, because the shopper is gone by then. Held prices end by themselves within hours
    if Redis is down now.
    """
    pseudonyms = list_pseudonyms(shopper_id)
    with transaction.atomic():
        Quote.objects.filter(shopper_id__in=[shopper_id, *pseudonyms]).update(shopper_id=None)
        PriceBookEntry.objects.filter(pk__in=[shopper_id, *pseudonyms]).delete()
        PriceContest.objects.filter(shopper_id__in=[shopper_id, *pseudonyms]).delete()
    for pseudonym in pseudonyms.values():
        forget_held(pseudonym)


def forget_held(pseudonym: str) -> None:
    """Delete the held quotes of a pseudonym in every market and channel."""
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        places: Any = client.smembers(HELD_PLACES)
        for place in places:
            market, _, channel = place.decode().partition(":")
            client.delete(held_key(market, channel, pseudonym))
