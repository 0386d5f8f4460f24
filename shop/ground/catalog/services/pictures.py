"""Pictures of products: taken in at once, made by a worker, ordered and described by staff."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from celery import signature
from django.conf import settings
from django.db import transaction
from django.db.models import Max

from shop.ground.catalog.core.pictures import (
    MOST_BYTES,
    MadePicture,
    PictureRefused,
    looks_like_picture,
    make_picture,
)
from shop.ground.catalog.models import Product, ProductPicture, Variant
from shop.ground.catalog.selectors.pictures import picture_file
from shop.ground.jobs.selectors import PICTURES
from shop.ground.jobs.tasks import wake
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.ids import uuid7

MOST_PICTURES = 20
# The job that makes what waits: no fact for each of hundreds, which others would wait behind.
MAKING = "shop.ground.catalog.tasks.make_pictures"
KEEP_UPLOADS = timedelta(days=1)
READY, REFUSED, PENDING = (
    ProductPicture.State.READY,
    ProductPicture.State.REFUSED,
    ProductPicture.State.PENDING,
)


class PictureNotTaken(FairtagError):
    """The file cannot be taken in; `code` says why: no_picture, too_big, too_many, same."""

    code = "no_picture"


def add_picture(
    *,
    product_id: int,
    file_name: str,
    upload: bytes,
    now: datetime,
    alt: str = "",
    alt_zh: str = "",
    variant_id: int | None = None,
) -> int:
    """Take in a file and return the picture's id; a worker makes it soon after the commit.

    A file that cannot be a picture is refused at once. The same file again changes the words of
    the picture that there is. Raises PictureNotTaken.
    """
    _require_picture(upload)
    digest, name = hashlib.sha256(upload).hexdigest(), uuid7().hex
    with transaction.atomic():
        Product.objects.select_for_update(of=("self",)).get(pk=product_id)
        rows = ProductPicture.objects.filter(product_id=product_id)
        known = rows.filter(source_digest=digest).first()
        if known is not None and known.state != REFUSED:
            rows.filter(pk=known.pk).update(alt=alt or known.alt, alt_zh=alt_zh or known.alt_zh)
            return known.pk
        if rows.count() >= MOST_PICTURES:
            raise PictureNotTaken("The product has too many pictures.", code="too_many")
        _keep(_uploads() / name, upload)
        last = rows.aggregate(last=Max("position", default=-1))["last"]
        row, _is_new = ProductPicture.objects.update_or_create(
            product_id=product_id,
            source_digest=digest,
            defaults={
                "variant_id": variant_id,
                "position": last + 1,
                "alt": alt[:200],
                "alt_zh": alt_zh[:200],
                "state": PENDING,
                "refusal": "",
                "file_name": Path(file_name).name[:120],
                "upload": name,
                "created_at": now,
            },
        )
        transaction.on_commit(lambda: wake(signature(MAKING, queue=PICTURES)), robust=True)
    return row.pk


def _require_picture(upload: bytes) -> None:
    if len(upload) > MOST_BYTES:
        raise PictureNotTaken("The file is too big.", code="too_big")
    if not looks_like_picture(upload[:12]):
        raise PictureNotTaken("The file is no picture.", code="no_picture")


def make_pending_pictures(*, now: datetime, gives_way: Callable[[], bool] = lambda: False) -> int:
    """Make the pictures that wait, until it `gives_way`; return how many. Safe to run twice and at
    once.

    One transaction each, so that a killed worker loses at most the one it was at, which waits on.
    Files are written before the row says so; the upload goes after it did.
    """
    made = 0
    while _make_next(now):
        made += 1
        if gives_way():
            return made
    _sweep(now)
    return made


def _make_next(now: datetime) -> bool:
    with transaction.atomic():
        rows = ProductPicture.objects.select_for_update(of=("self",), skip_locked=True)
        row = rows.filter(state=PENDING).order_by("pk").first()
        if row is None:
            return False
        source = _uploads() / row.upload
        try:
            made = make_picture(source.read_bytes())
        except FileNotFoundError:
            row.state, row.refusal = REFUSED, "lost"
        except PictureRefused as refusal:
            row.state, row.refusal = REFUSED, refusal.code
        else:
            _write_files(made)
            row.state, row.digest, row.widths = READY, made.digest, made.widths
            row.width, row.height, row.made_at = made.width, made.height, now
        row.upload = ""
        row.save()
        transaction.on_commit(lambda: source.unlink(missing_ok=True))
    return True


@dataclass(frozen=True, slots=True)
class PictureWords:
    """What staff say of a picture; `variant_id` is the one variant it shows, None for all."""

    alt: str
    alt_zh: str
    variant_id: int | None


def arrange_pictures(
    *, product_id: int, order: Sequence[int], words: Mapping[int, PictureWords]
) -> None:
    """Put a product's pictures in this order, describe them, and give them to its variants.

    A variant of another product is none of its own: the picture then shows all variants.
    """
    with transaction.atomic():
        rows = ProductPicture.objects.select_for_update().filter(product_id=product_id)
        place = {pk: at for at, pk in enumerate(order)}
        own = set(Variant.objects.filter(product_id=product_id).values_list("pk", flat=True))
        for row in rows.order_by("pk"):
            row.position = place.get(row.pk, len(order))
            if said := words.get(row.pk):
                row.alt, row.alt_zh = said.alt[:200], said.alt_zh[:200]
                row.variant_id = said.variant_id if said.variant_id in own else None
            row.save(update_fields=["position", "alt", "alt_zh", "variant"])


def remove_picture(*, product_id: int, picture_id: int) -> bool:
    """Take a picture off a product. Its files stay: pages and mails that are out show them."""
    removed, _ = ProductPicture.objects.filter(pk=picture_id, product_id=product_id).delete()
    return bool(removed)


def _uploads() -> Path:
    folder = Path(settings.MEDIA_ROOT) / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _write_files(made: MadePicture) -> None:
    folder = Path(settings.MEDIA_ROOT)
    for width, content in made.files:
        _keep(folder / picture_file(made.digest, width), content)


def _keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all: who reads it never sees a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(path)


def _sweep(now: datetime) -> None:
    """Remove uploads that no row waits for: of transactions that were rolled back."""
    waiting = set(ProductPicture.objects.exclude(upload="").values_list("upload", flat=True))
    for path in _uploads().iterdir():
        if path.name not in waiting and path.stat().st_mtime < (now - KEEP_UPLOADS).timestamp():
            path.unlink(missing_ok=True)
