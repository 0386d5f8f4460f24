"""Data inside a page's script element, where HTML escaping does not apply."""

from __future__ import annotations

import json
from typing import Any

from django.utils.safestring import SafeString, mark_safe

_ESCAPES = {ord("<"): "\\u003C", ord(">"): "\\u003E", ord("&"): "\\u0026"}


def script_json(value: Any) -> SafeString:
    """Return JSON that cannot end the script element it stands in.

    >>> script_json({"name": "</script>"})
    '{"name": "\\\\u003C/script\\\\u003E"}'
    """
    text = json.dumps(value, ensure_ascii=False).translate(_ESCAPES)
    return mark_safe(text)  # noqa: S308  # the characters that could leave the element are escaped
