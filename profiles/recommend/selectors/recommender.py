"""The fitted recommender in memory, and the purchases it learns from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings

from profiles.fitted import Fitted
from profiles.recommend.core.fitting import recommender_from_arrays
from profiles.recommend.core.products import Purchases
from profiles.recommend.core.scores import Recommender
from profiles.recommend.core.similarity import SimilarityModel
from profiles.recommend.models import SimilarityVersion
from shop.ground.database.packed import Packed, fetch_packed

YEAR = timedelta(days=365)
_LINES = """
FROM profiles_event
WHERE kind = 'purchase' AND occurred_at > %(start)s AND occurred_at <= %(end)s
    AND variant_id IS NOT NULL AND (%(shopper)s::int8 IS NULL OR shopper_id = %(shopper)s)
"""
_LINE_COLUMNS = (
    Packed("shopper", ">i8", "int8send(shopper_id)"),
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed(
        "at", ">f8", "float8send(extract(epoch FROM occurred_at AT TIME ZONE %(zone)s)::float8)"
    ),
)

_recommender = Fitted(SimilarityVersion, recommender_from_arrays)


def get_recommender() -> Recommender | None:
    """Return what recommends, None before the first fit (of this form). One query every 5 s."""
    return _recommender.get()


def get_similarity_model() -> SimilarityModel | None:
    """Return what is bought by the same shoppers, None before the first fit. No query of its own
    beyond that of `get_recommender`."""
    recommender = get_recommender()
    return None if recommender is None else recommender.similar


def forget_recommender() -> None:
    """Drop what is in memory: the next read sees what was just activated."""
    _recommender.forget()


def load_purchases(as_of: datetime, *, shopper_id: int | None = None) -> Purchases:
    """Return the lines that everybody, or one shopper, bought in the year before `as_of`, sorted,
    in local time. One query."""
    parameters = {
        "start": as_of - YEAR,
        "end": as_of,
        "shopper": shopper_id,
        "zone": settings.BUSINESS_TIME_ZONE,
    }
    rows = fetch_packed(_LINE_COLUMNS, _LINES, parameters)
    return Purchases(
        rows["shopper"].astype(np.int64),
        rows["variant"].astype(np.int64),
        rows["at"].astype(np.float64),
    ).sort()


def local_seconds(moment: datetime) -> float:
    """Return a moment as `Purchases.at` has it: what the clocks of the business show, in seconds.

    >>> from datetime import UTC
    >>> local_seconds(datetime(1970, 1, 2, 12, tzinfo=UTC)) % 3_600
    0.0
    """
    local = moment.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE))
    return local.replace(tzinfo=UTC).timestamp()
