"""Ask for the decision of a second person, and make it. Called inside a room's own transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.forms.models import model_to_dict
from django.utils.translation import gettext as _

from shop.ground.approvals.core.values import Kind, NeedsSecondPerson, NotWaiting
from shop.ground.approvals.models import ApprovalEvent, ApprovalRequest

Act, State = ApprovalEvent.Act, ApprovalRequest.State
# What the next version of a policy does not take over from the active one.
NOT_COPIED = {"id", "version", "is_active", "reason", "created_at", "created_by", "approved_by"}


@transaction.atomic
def ask_approval(  # one column of a request each
    kind: Kind,
    object_id: int,
    *,
    name: str,
    reason: str,
    by_id: int | None,
    now: datetime,
    authors: Iterable[int | None] = (),
    deadline: datetime | None = None,
) -> None:
    """Ask for a decision about a row; a request that waits for it already is withdrawn.

    `authors` wrote what is decided about: like `by_id` (None: a job asked) they cannot approve it.
    The caller holds the row's lock.
    """
    withdraw_request(kind, object_id, by_id=by_id, now=now)
    request = ApprovalRequest.objects.create(
        kind=kind.label,
        object_id=object_id,
        name=name[:200],
        permission=kind.permission,
        page=kind.url_name,
        reason=reason,
        asked_by_id=by_id,
        asked_at=now,
        deadline=deadline,
    )
    wrote = sorted({one for one in authors if one is not None} - {by_id})
    ApprovalEvent.objects.bulk_create(
        [
            *(ApprovalEvent(request=request, act=Act.WROTE, by_id=one, at=now) for one in wrote),
            ApprovalEvent(request=request, act=Act.ASKED, by_id=by_id, at=now, reason=reason),
        ]
    )


@transaction.atomic
def require_second_person(
    kind: Kind, object_id: int, *, by_id: int | None, now: datetime
) -> ApprovalRequest:
    """Let somebody agree to a first step towards a decision, which still waits after it.

    Returns the request, locked. Raises NotWaiting, NeedsSecondPerson.
    """
    request = _lock(kind, object_id)
    _refuse_involved(request, by_id)
    _note(request, Act.AGREED, by_id, now)
    return request


@transaction.atomic
def approve_request(
    kind: Kind, object_id: int, *, by_id: int | None, now: datetime, reason: str = ""
) -> ApprovalRequest:
    """Approve what waits. Raises NotWaiting, NeedsSecondPerson for whoever asked or wrote it."""
    request = _lock(kind, object_id)
    _refuse_involved(request, by_id)
    _close(request, State.APPROVED, by_id, now, reason)
    return request


@transaction.atomic
def send_back_request(
    kind: Kind, object_id: int, *, by_id: int | None, now: datetime, reason: str
) -> ApprovalRequest:
    """Send back what waits, with a reason. Whoever asked or wrote it withdraws it by that.

    Raises NotWaiting.
    """
    request = _lock(kind, object_id)
    own = by_id is None or by_id in list_involved(request)
    _close(request, State.WITHDRAWN if own else State.SENT_BACK, by_id, now, reason)
    return request


@transaction.atomic
def withdraw_request(
    kind: Kind, object_id: int, *, by_id: int | None, now: datetime, reason: str = ""
) -> bool:
    """Withdraw what waits, if anything does: it changed, or is not wanted any more."""
    request = _find_waiting(kind, object_id)
    if request is not None:
        _close(request, State.WITHDRAWN, by_id, now, reason)
    return request is not None


def refuse_same(involved: Iterable[int | None], by_id: int | None, said: str) -> None:
    """Raise NeedsSecondPerson with `said` for anybody involved, and where nobody is named."""
    if by_id is None or by_id in set(involved):
        raise NeedsSecondPerson(said)


def list_involved(request: ApprovalRequest) -> frozenset[int]:
    """Return the accounts that asked or wrote what a request is about. One query."""
    events = request.events.filter(act__in=[Act.WROTE, Act.ASKED], by__isnull=False)
    return frozenset(events.values_list("by_id", flat=True))


def _find_waiting(kind: Kind, object_id: int) -> ApprovalRequest | None:
    rows = ApprovalRequest.objects.select_for_update(of=("self",))
    return rows.filter(kind=kind.label, object_id=object_id, state=State.WAITING).first()


def _lock(kind: Kind, object_id: int) -> ApprovalRequest:
    request = _find_waiting(kind, object_id)
    if request is None:
        raise NotWaiting(_("Nobody has asked for this decision, or it was made already."))
    return request


def _refuse_involved(request: ApprovalRequest, by_id: int | None) -> None:
    said = _("You asked for this or wrote it: somebody else must approve it.")
    refuse_same(list_involved(request), by_id, said)


def _close(
    request: ApprovalRequest, state: str, by_id: int | None, now: datetime, reason: str
) -> None:
    request.state, request.decided_by_id, request.decided_at = state, by_id, now
    request.save(update_fields=["state", "decided_by", "decided_at"])
    _note(request, Act(state), by_id, now, reason)


def _note(
    request: ApprovalRequest, act: str, by_id: int | None, now: datetime, reason: str = ""
) -> None:
    ApprovalEvent.objects.create(request=request, act=act, by_id=by_id, at=now, reason=reason)


@transaction.atomic
def propose_version(
    kind: Kind,
    model: Any,
    *,
    changes: Mapping[str, Any],
    reason: str,
    by_id: int | None,
    now: datetime,
) -> int:
    """Store a draft of a policy's next version and ask for its approval; return the version.

    `model` is a table of versions: `version`, `is_active`, `reason`, `created_*`, `approved_by`. A
    draft says what the active version says, with `changes`. Raises ValidationError for what the
    table's constraints refuse.
    """
    rows = model.objects.select_for_update().order_by("-version")
    newest = rows.first()
    active = rows.filter(is_active=True).first() or newest
    kept = {} if active is None else model_to_dict(active, exclude=NOT_COPIED)
    draft = model(
        **{**kept, **changes},
        version=1 if newest is None else newest.version + 1,
        reason=reason,
        created_at=now,
        created_by_id=by_id,
    )
    draft.full_clean(exclude=["created_by", "approved_by"])
    draft.save()
    ask_approval(kind, draft.pk, name=str(draft), reason=reason, by_id=by_id, now=now)
    return int(draft.version)


@transaction.atomic
def approve_version(kind: Kind, model: Any, *, pk: int, by_id: int, now: datetime) -> Any:
    """Make a draft the active version and return it. Raises NotWaiting, NeedsSecondPerson.

    Locks all versions in primary-key order, so that two approvals cannot both win.
    """
    rows = {row.pk: row for row in model.objects.select_for_update().order_by("pk")}
    approve_request(kind, pk, by_id=by_id, now=now)
    model.objects.filter(is_active=True).update(is_active=False)
    draft = rows[pk]
    draft.is_active, draft.approved_by_id = True, by_id
    draft.save(update_fields=["is_active", "approved_by"])
    return draft
