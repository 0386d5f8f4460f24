"""The log of what staff did: a sentence with its figures, said in the reader's language."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext, override

SHORTEST_REASON = 5


def write_act(
    said: str | Promise, *, reason: str = "", token: str = "", **figures: str | Promise
) -> list[dict[str, Any]]:
    """Return what the log keeps of an act: the sentence to be translated, its figures, why.

    `token` is the name of the token by which a system acted for somebody. Texts that are
    translated lazily are kept in English, to be said to whoever reads.

    >>> write_act("Refunded.", reason="broken")
    [{'said': 'Refunded.', 'figures': {}, 'reason': 'broken'}]
    """
    with override(None):
        kept = {name: str(told) for name, told in figures.items()}
        by_token = {"token": token} if token else {}
        return [{"said": str(said), "figures": kept, "reason": reason, **by_token}]


def record_act(
    *, table: str, object_id: int, by_id: int, act: list[dict[str, Any]], is_new: bool = False
) -> None:
    """Log an act that no admin page did with its row of `table`, such as "orders.order".

    Three queries, two once the table's type is in memory.
    """
    kind = ContentType.objects.get_by_natural_key(*table.split("."))
    row = kind.get_object_for_this_type(pk=object_id)
    LogEntry.objects.log_actions(by_id, [row], ADDITION if is_new else CHANGE, act)


def about_rights() -> Q:
    """Return the condition, for recorded acts, that they are about who may do what."""
    tables = (
        *(("profiles", "account"), ("auth", "group")),
        *(("promotions", "stafftoken"), ("promotions", "tilltoken")),
    )
    found = Q()
    for app, model in tables:
        found |= Q(content_type__app_label=app, content_type__model=model)
    return found


def count_acts_on_rights(*, since: datetime) -> int:
    """Return how often staff changed accounts, roles and tokens since then. One query."""
    return LogEntry.objects.filter(about_rights(), action_time__gte=since).count()


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
    token = gettext("By token: %(name)s.") % {"name": act["token"]} if "token" in act else ""
    return " ".join(filter(None, (said, reason, token)))
