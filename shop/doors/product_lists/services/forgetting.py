"""Delete uploaded lists that nobody needs any more."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Coalesce, Greatest

from shop.doors.product_lists.models import ProductImport
from shop.doors.product_lists.selectors.imports import find_file

KEEP_FILES = timedelta(days=30)
KEEP_STRAYS = timedelta(days=1)
AWAITED = (
    ProductImport.State.WAITING,
    ProductImport.State.CHECKING,
    ProductImport.State.APPLYING,
    ProductImport.State.UNDOING,
)


def delete_old_files(*, now: datetime) -> int:
    """Delete lists and pictures of imports that nothing was asked of for KEEP_FILES; return how
    many imports. Safe to run twice and at once.

    What an import did stays and can be undone: undoing reads its rows, not its file. One that was
    never taken over says that its file is gone. Files of uploads that were rolled back go, too.
    """
    deleted = 0
    with transaction.atomic():
        kept = ProductImport.objects.exclude(upload="").exclude(state__in=AWAITED)
        last = Greatest(
            "created_at", Coalesce("applied_at", "created_at"), Coalesce("undone_at", "created_at")
        )
        old = kept.annotate(last=last).filter(last__lt=now - KEEP_FILES)
        for item in old.order_by("pk").select_for_update(skip_locked=True):
            for name in (item.upload, f"{item.upload}.zip"):
                find_file(name).unlink(missing_ok=True)
            item.upload = ""
            item.save(update_fields=["upload"])
            deleted += 1
    _delete_strays(now)
    return deleted


def _delete_strays(now: datetime) -> None:
    folder = find_file("")
    if not folder.is_dir():
        return
    known = set(ProductImport.objects.exclude(upload="").values_list("upload", flat=True))
    for path in folder.iterdir():
        is_old = path.stat().st_mtime < (now - KEEP_STRAYS).timestamp()
        if is_old and path.name.removesuffix(".zip") not in known:
            path.unlink(missing_ok=True)
