"""Pictures on the page of a product, and the state of each upload."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from shop.doors.backoffice.live_since import LiveSince, tell_pictures
from shop.ground.catalog.selectors.editing import EditedProduct
from shop.ground.catalog.selectors.pictures import EditedPicture, list_edited_pictures

SENTENCES: dict[str, Promise] = {
    "no_picture": gettext_lazy(
        "The file is no JPEG, PNG, WebP or AVIF picture, whatever it is called."
    ),
    "broken": gettext_lazy("The picture is damaged or ends too soon. Export it again."),
    "too_big": gettext_lazy("The file is larger than 15 MB. Save it smaller."),
    "too_many_pixels": gettext_lazy(
        "The picture has more than 40 million pixels. Save it smaller."
    ),
    "too_small": gettext_lazy("The picture is narrower or lower than 40 pixels."),
    "too_many": gettext_lazy("A product has at most 20 pictures. Remove one first."),
    "lost": gettext_lazy("The upload was lost. Upload the picture again."),
}


def describe_pictures(known: EditedProduct, now: datetime) -> list[dict[str, Any]]:
    """Return a product's pictures with what became of each upload. One query, two where one waits
    for longer than it should."""
    pictures = list_edited_pictures(known.product_id)
    live = tell_pictures(pictures, now)
    return [_describe(one, live.get(one.picture_id)) for one in pictures]


def describe_progress(pictures: list[dict[str, Any]], waited: Collection[int]) -> dict[str, Any]:
    """Return how far a worker is with a product's pictures; `made` are those of the `waited` ones
    that it has finished."""
    told = [one for one in pictures if one["state"] != "refused"]
    pending = [one["id"] for one in told if one["state"] == "pending"]
    return {
        "ready_count": len(told) - len(pending),
        "picture_count": len(told),
        "waits": ",".join(map(str, pending)),
        "made": [one for one in pictures if one["id"] in waited and one["state"] != "pending"],
    }


def move(order: list[int], picture_id: int, by: int) -> list[int]:
    """Return the order with one picture moved up (-1) or down (1); at the end it stays.

    >>> move([1, 2, 3], 3, -1), move([1, 2, 3], 1, -1), move([1, 2], 1, 1), move([1, 2], 9, 1)
    ([1, 3, 2], [1, 2, 3], [2, 1], [1, 2])
    """
    if picture_id not in order:
        return order
    rest = [one for one in order if one != picture_id]
    at = max(0, order.index(picture_id) + by)
    return [*rest[:at], picture_id, *rest[at:]]


def _describe(one: EditedPicture, live: LiveSince | None) -> dict[str, Any]:
    return {
        "id": one.picture_id,
        "file_name": one.file_name,
        "state": one.state,
        "live": live,
        "said": SENTENCES.get(one.refusal, "") if one.state == "refused" else "",
        "alt": one.alt,
        "alt_zh": one.alt_zh,
        "variant_id": one.variant_id,
        "picture": one.picture,
        "address": "" if one.picture is None else one.picture.at_least(320),
    }
