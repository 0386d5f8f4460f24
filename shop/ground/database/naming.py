"""Names that rows keep in two languages."""

from __future__ import annotations

from django.utils.translation import get_language


def name_for_reader(name: str, name_zh: str) -> str:
    """Return the name in the language of the request; the English one where there is no other.

    >>> name_for_reader("Butter", "黄油"), name_for_reader("Butter", "")
    ('Butter', 'Butter')
    """
    return (name_zh if (get_language() or "").startswith("zh") else "") or name
