"""Pending approvals, and who may decide them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Prefetch
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from shop.ground.approvals.core.values import Kind
from shop.ground.approvals.models import ApprovalEvent, ApprovalRequest

Act = ApprovalEvent.Act
MOST = 50


@dataclass(frozen=True, slots=True)
class Waiting:
    """A decision that waits, as its reader sees it.

    `roles` may decide; `is_mine` says that this reader may: has the right and is not involved.
    """

    request_id: int
    kind: str
    object_id: int
    title: str
    name: str
    url: str
    reason: str
    asked_by: str
    asked_at: datetime
    deadline: datetime | None
    is_late: bool
    roles: tuple[str, ...]
    is_mine: bool


def list_waiting(
    account: Any, *, now: datetime, only_mine: bool = False, limit: int = MOST
) -> list[Waiting]:
    """Return what waits, the next deadline first, of the tables the account may see.

    With `only_mine` what this account may decide. Three queries beside the account's rights.
    """
    rows = ApprovalRequest.objects.filter(state=ApprovalRequest.State.WAITING)
    involved = ApprovalEvent.objects.filter(act__in=[Act.WROTE, Act.ASKED])
    rows = rows.select_related("asked_by").prefetch_related(Prefetch("events", involved))
    roles, found = _list_roles(), []
    for row in rows:
        is_mine = account.has_perm(row.permission) and account.pk not in {
            event.by_id for event in row.events.all()
        }
        if is_mine or (not only_mine and _may_see(account, row)):
            found.append(_describe(row, now, roles, is_mine=is_mine))
    return found[:limit]


@dataclass(frozen=True, slots=True)
class Change:
    """A column that a new version says differently."""

    name: str
    column: str
    before: Any
    after: Any


# Columns of every version that say nothing of what it changes.
ABOUT_VERSION = {"id", "version", "is_active", "reason", "created_at"}


def list_version_changes(kind: str, object_id: int) -> tuple[Change, ...]:
    """Return what a draft of a policy's next version says differently from the active one; nothing
    for tables without versions. Two queries.
    """
    model = apps.get_model(kind)
    names = {field.name for field in model._meta.fields}
    if not {"version", "is_active"} <= names:
        return ()
    draft = model._default_manager.filter(pk=object_id).first()
    active = model._default_manager.filter(is_active=True).first()
    if draft is None or active is None:
        return ()
    pairs = (
        (field, getattr(active, field.attname), getattr(draft, field.attname))
        for field in model._meta.fields
        if not field.is_relation and field.name not in ABOUT_VERSION
    )
    return tuple(
        Change(capfirst(str(field.verbose_name)), field.name, before, after)
        for field, before, after in pairs
        if before != after
    )


def list_waiting_ids(kind: Kind) -> list[int]:
    """Return the rows of a kind that wait for a decision. One query."""
    rows = ApprovalRequest.objects.filter(kind=kind.label, state=ApprovalRequest.State.WAITING)
    return list(rows.values_list("object_id", flat=True))


def find_waiting(kind: Kind, object_id: int) -> ApprovalRequest | None:
    """Return the request that waits for a decision about a row. One query."""
    rows = ApprovalRequest.objects.filter(kind=kind.label, object_id=object_id)
    return rows.filter(state=ApprovalRequest.State.WAITING).select_related("asked_by").first()


def waits_now(kind: Kind) -> Exists:
    """Return the condition, for the rows of a kind, that they wait for a decision."""
    rows = ApprovalRequest.objects.filter(kind=kind.label, state=ApprovalRequest.State.WAITING)
    return Exists(rows.filter(object_id=OuterRef("pk")))


def list_trail(kind: Kind, object_id: int) -> list[str]:
    """Return the trail of a row's newest request, a line for each event. Two queries."""
    rows = ApprovalRequest.objects.filter(kind=kind.label, object_id=object_id).order_by("-id")
    newest = rows.first()
    events = () if newest is None else newest.events.select_related("by")
    return [" · ".join(filter(None, (_say_event(one), one.reason))) for one in events]


def _say_event(event: ApprovalEvent) -> str:
    """Return an act with who and when."""
    said = {
        Act.WROTE: _("Written by %(who)s"),
        Act.ASKED: _("Asked by %(who)s, %(when)s"),
        Act.AGREED: _("First step agreed to by %(who)s, %(when)s"),
        Act.APPROVED: _("Approved by %(who)s, %(when)s"),
        Act.SENT_BACK: _("Sent back by %(who)s, %(when)s"),
        Act.WITHDRAWN: _("Withdrawn by %(who)s, %(when)s"),
    }
    when = date_format(event.at, "DATETIME_FORMAT")
    return said[Act(event.act)] % {"who": event.by or _("the shop itself"), "when": when}


def _may_see(account: Any, row: ApprovalRequest) -> bool:
    return bool(account.has_perm(row.kind.replace(".", ".view_", 1)))


def _list_roles() -> dict[str, tuple[str, ...]]:
    """Return the names of the roles that have each right. One query."""
    pairs = Group.objects.order_by("name").values_list(
        "name", "permissions__content_type__app_label", "permissions__codename"
    )
    found: dict[str, list[str]] = defaultdict(list)
    for name, app, codename in pairs:
        found[f"{app}.{codename}"].append(name)
    return {right: tuple(names) for right, names in found.items()}


def _describe(
    row: ApprovalRequest, now: datetime, roles: dict[str, tuple[str, ...]], *, is_mine: bool
) -> Waiting:
    return Waiting(
        request_id=row.pk,
        kind=row.kind,
        object_id=row.object_id,
        title=capfirst(str(apps.get_model(row.kind)._meta.verbose_name)),
        name=row.name,
        url=reverse(row.page, args=[row.object_id]),
        reason=row.reason,
        asked_by="" if row.asked_by is None else str(row.asked_by),
        asked_at=row.asked_at,
        deadline=row.deadline,
        is_late=row.deadline is not None and row.deadline <= now,
        roles=roles.get(row.permission, ()),
        is_mine=is_mine,
    )
