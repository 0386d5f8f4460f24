"""The log of what staff did: a sentence with its figures, said in the reader's language."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.admin.models import LogEntry
from django.utils.functional import Promise
from django.utils.translation import gettext, override


def write_act(
    said: str | Promise, *, reason: str = "", **figures: str | Promise
) -> list[dict[str, Any]]:
    """Return what the log keeps of an act: the sentence to be translated, its figures, why.

    Texts that are translated lazily are kept in English, to be said to whoever reads.

    >>> write_act("Refunded.", reason="broken")
    [{'said': 'Refunded.', 'figures': {}, 'reason': 'broken'}]
    """
    with override(None):
        kept = {name: str(told) for name, told in figures.items()}
        return [{"said": str(said), "figures": kept, "reason": reason}]


def say_entry(entry: LogEntry) -> str:
    """Return what an entry tells: an act of ours, or fields that a form changed."""
    try:
        kept = json.loads(entry.change_message)
    except json.JSONDecodeError:
        return entry.change_message
    if not (isinstance(kept, list) and kept and "said" in kept[0]):
        return entry.get_change_message()
    act = kept[0]
    figures = {name: gettext(told) for name, told in act["figures"].items() if told}
    said = gettext(act["said"]) % figures if figures else gettext(act["said"])
    reason = gettext("Reason: %(reason)s") % {"reason": act["reason"]} if act["reason"] else ""
    return f"{said} {reason}".strip()
