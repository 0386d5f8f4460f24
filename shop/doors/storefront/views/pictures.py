"""Files of pictures, under names that say what is in them: a browser may keep them for good."""

from __future__ import annotations

import re
from pathlib import Path

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

# Only files that the worker made: a name holds no way out of the folder, and no upload.
_NAME = re.compile(r"([0-9a-f]{2})[0-9a-f]{30}-[0-9]{2,4}\.webp", re.ASCII)


@require_safe
def serve_picture(request: HttpRequest, folder: str, name: str) -> HttpResponse:
    """Return a picture's file, the same for everybody."""
    match = _NAME.fullmatch(name)
    path = Path(settings.MEDIA_ROOT) / "products" / folder / name
    if match is None or match[1] != folder or not path.is_file():
        raise Http404("There is no such picture.")
    answer = HttpResponse(path.read_bytes(), content_type="image/webp")
    answer["Cache-Control"] = "public, max-age=31536000, immutable"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
