"""What roles read on their first page after what they do: verdicts, and what others did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.urls import reverse

from profiles.experiments.api import list_experiments
from shop.doors.backoffice.experiments.experiments import judge, name_of
from shop.ground.staff.log import say_entry

MOST = 6


@dataclass(frozen=True, slots=True)
class Verdict:
    """An experiment with what it says now."""

    name: str
    link: str
    words: str
    tone: str


def list_verdicts(now: datetime) -> list[Verdict]:
    """Return the newest experiments that were read, each with its verdict. Three queries."""
    read = [row for row in list_experiments() if row.newest is not None][:MOST]
    return [
        Verdict(name_of(row), reverse("admin:experiment", args=[row.id]), *judge(row, now))
        for row in read
    ]


@dataclass(frozen=True, slots=True)
class Act:
    """What a member of staff did."""

    at: datetime
    by: str
    what: str
    said: str


def list_acts() -> list[Act]:
    """Return what staff did last. One query."""
    entries: Any = LogEntry.objects.select_related("user", "content_type").order_by("-pk")[:MOST]
    return [Act(one.action_time, str(one.user), one.object_repr, say_entry(one)) for one in entries]
