"""Error messages for contact fields, the same in all doors."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _


def say_fault(fault: Mapping[str, str]) -> str:
    """Return what is wrong with a field, and a right one where there is an example."""
    words = {
        "missing": _("Please fill this in."),
        "bad": _("This is not valid there."),
        "unknown": _("We do not know this one."),
        "too_long": _("This is too long."),
        "not_served": _("We do not deliver there with this method."),
    }
    if not fault["example"]:
        return words[fault["code"]]
    example = _("For example: %(example)s") % {"example": fault["example"]}
    return f"{words[fault['code']]} {example}"
