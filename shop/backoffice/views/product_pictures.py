"""Pictures on the page of a product: upload, order, words, remove."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from shop.backoffice.frame import needs
from shop.backoffice.product_pictures import SENTENCES
from shop.backoffice.views.products import log_act, require_product
from shop.catalog.core.pictures import MOST_BYTES
from shop.catalog.selectors.pictures import list_edited_pictures
from shop.catalog.services.pictures import (
    PictureNotTaken,
    add_picture,
    arrange_pictures,
    remove_picture,
)
from shop.kernel.clock import utc_now
from shop.staff.keys import read_number
from shop.staff.log import write_act

CHANGE_PICTURES = "shop.change_productpicture"


@require_POST
@needs(CHANGE_PICTURES)
def upload_pictures(request: HttpRequest, product_id: int) -> HttpResponse:
    """Take in the files that were chosen; each that is refused is named with the reason."""
    require_product(product_id)
    taken = []
    for file in request.FILES.getlist("pictures"):
        if file.size is None or file.size > MOST_BYTES:
            _refuse(request, file.name or "", "too_big")
            continue
        try:
            add_picture(
                product_id=product_id,
                file_name=file.name or "picture",
                upload=file.read(),
                now=utc_now(),
            )
        except PictureNotTaken as refusal:
            _refuse(request, file.name or "", refusal.code)
        else:
            taken.append(file.name or "picture")
    if taken:
        act = write_act(gettext_lazy("Uploaded pictures: %(names)s."), names=", ".join(taken))
        log_act(request, product_id, act)
        messages.success(request, _("The pictures are being made. Reload the page in a moment."))
    elif not request.FILES:
        messages.error(request, _("Choose a file first."))
    return _back(product_id)


def _refuse(request: HttpRequest, name: str, code: str) -> None:
    messages.error(request, f"{name}: {SENTENCES[code]}")


@require_POST
@needs(CHANGE_PICTURES)
def set_pictures(request: HttpRequest, product_id: int) -> HttpResponse:
    """Put the pictures in the order of their numbers, keep their words, remove what is ticked."""
    known, sent = require_product(product_id), request.POST
    rows = list_edited_pictures(product_id)
    removed = [one for one in rows if sent.get(f"remove-{one.picture_id}")]
    for one in removed:
        remove_picture(product_id=product_id, picture_id=one.picture_id)
    kept = [one for one in rows if one not in removed]
    at = {one.picture_id: place for place, one in enumerate(kept, start=1)}
    for one in kept:
        at[one.picture_id] = (
            read_number(sent.get(f"place-{one.picture_id}", "")) or at[one.picture_id]
        )
    arrange_pictures(
        product_id=product_id,
        order=sorted(at, key=lambda pk: at[pk]),
        words={
            one.picture_id: (
                sent.get(f"alt-{one.picture_id}", one.alt)[:200],
                sent.get(f"alt_zh-{one.picture_id}", one.alt_zh)[:200],
            )
            for one in kept
        },
    )
    log_act(request, known.product_id, write_act(gettext_lazy("Changed the pictures.")))
    messages.success(request, _("The pictures are saved."))
    return _back(product_id)


def _back(product_id: int) -> HttpResponse:
    address = reverse("admin:product_change", args=[product_id])
    return HttpResponseRedirect(f"{address}#ft-pictures")
