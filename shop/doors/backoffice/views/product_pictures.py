"""Pictures on the page of a product: upload, order, words, remove."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from shop.doors.backoffice.frame import needs
from shop.doors.backoffice.products.product_pictures import (
    SENTENCES,
    describe_pictures,
    describe_progress,
    move,
)
from shop.doors.backoffice.views.products import SEE, log_act, require_product
from shop.ground.catalog.core.pictures import MOST_BYTES
from shop.ground.catalog.selectors.pictures import EditedPicture, list_edited_pictures
from shop.ground.catalog.services.pictures import (
    PictureNotTaken,
    PictureWords,
    add_picture,
    arrange_pictures,
    remove_picture,
)
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.keys import read_number
from shop.ground.staff.log import write_act
from shop.ground.staff.phrases import name_value

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
        messages.success(
            request, _("The pictures are being processed; each appears here when it is ready.")
        )
    elif not request.FILES:
        messages.error(request, _("Choose a file first."))
    return _back(product_id)


def _refuse(request: HttpRequest, name: str, code: str) -> None:
    messages.error(request, name_value(name, SENTENCES[code]))


@needs(SEE)
def show_progress(request: HttpRequest, product_id: int) -> HttpResponse:
    """Return how far a worker is with the pictures, and those of `?waits=1,2` that it made."""
    known = require_product(product_id)
    waited = [read_number(one) or 0 for one in request.GET.get("waits", "").split(",")]
    pictures = describe_pictures(known, utc_now())
    context = {"known": known, "progress": describe_progress(pictures, waited)}
    return render(request, "admin/parts/product_pictures_progress.html", context)


@require_POST
@needs(CHANGE_PICTURES)
def set_pictures(request: HttpRequest, product_id: int) -> HttpResponse:
    """Put the pictures in the order in which the form lists them, one moved up or down if that
    was asked; keep their words and variants, remove what is ticked."""
    known, sent = require_product(product_id), request.POST
    rows = {one.picture_id: one for one in list_edited_pictures(product_id)}
    for pk in [pk for pk in rows if sent.get(f"remove-{pk}")]:
        remove_picture(product_id=product_id, picture_id=pk)
        del rows[pk]
    listed = [pk for pk in map(read_number, sent.getlist("order")) if pk in rows]
    order = list(dict.fromkeys([*listed, *rows]))
    moved = 0
    for name, by in (("up", -1), ("down", 1)):
        if wanted := read_number(sent.get(name, "")):
            moved, order = wanted, move(order, wanted, by)
    arrange_pictures(
        product_id=product_id,
        order=order,
        words={pk: _read_words(sent, one) for pk, one in rows.items()},
    )
    log_act(request, known.product_id, write_act(gettext_lazy("Changed the pictures.")))
    messages.success(request, _("The pictures are saved."))
    return _back(product_id, f"?moved={moved}" if moved in rows else "#ft-pictures")


def _read_words(sent: QueryDict, one: EditedPicture) -> PictureWords:
    pk, kept = one.picture_id, one.variant_id or ""
    return PictureWords(
        alt=sent.get(f"alt-{pk}", one.alt),
        alt_zh=sent.get(f"alt_zh-{pk}", one.alt_zh),
        variant_id=read_number(sent.get(f"variant-{pk}", str(kept))) or None,
    )


def _back(product_id: int, ending: str = "#ft-pictures") -> HttpResponse:
    """Lead back to the pictures: a picture that was moved keeps the focus, which an address with a
    fragment would take from it."""
    address = reverse("admin:product_change", args=[product_id])
    return HttpResponseRedirect(f"{address}{ending}")
