"""Files of pictures, under names that say what is in them: a browser may keep them for good."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from shop.ground.catalog.selectors.drawings import draw_variant, make_png

# Only files that the worker made: a name holds no way out of the folder, and no upload.
_NAME = re.compile(r"([0-9a-f]{2})[0-9a-f]{30}-[0-9]{2,4}\.webp", re.ASCII)


@require_safe
def serve_picture(request: HttpRequest, folder: str, name: str) -> HttpResponse:
    """Return a picture's file, the same for everybody."""
    match = _NAME.fullmatch(name)
    path = Path(settings.MEDIA_ROOT) / "products" / folder / name
    if match is None or match[1] != folder or not path.is_file():
        raise Http404("There is no such picture.")
    return _answer(path.read_bytes(), "image/webp")


@require_safe
def serve_pack(request: HttpRequest, variant_id: int, digest: str, kind: str) -> HttpResponse:
    """Return the drawn pack of a variant as SVG, or as PNG for programs that show none.

    The digest of a PNG is followed by its width; without one it is the widest. An address of
    before a change leads to the one of now.
    """
    found = draw_variant(variant_id)
    if found is None:
        raise Http404("There is no such picture.")
    picture, drawn = found
    files = {f"-{width}.png": address for width, address in picture.rasters}
    files |= {".png": picture.raster, ".svg": picture.sizes[0][1]}
    width = digest.partition("-")[2]
    address = files.get(f"-{width}.{kind}" if width else f".{kind}")
    if address is None:
        raise Http404("There is no such picture.")
    if request.path != address:
        return HttpResponseRedirect(address)
    if kind == "png":
        return _answer(make_png(drawn, int(width)), "image/png")
    return _answer(drawn.encode(), "image/svg+xml")


def _answer(body: bytes, content_type: str) -> HttpResponse:
    answer = HttpResponse(body, content_type=content_type)
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
