"""Verified groups of a shopper. Read for offers only; never reaches a model."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Q

from promotions.coupons.core.verified_groups import MyGroup
from promotions.coupons.models import GroupClaim, VerifiedGroup

State = GroupClaim.State


def read_groups(*, shopper_id: int, now: datetime) -> frozenset[str]:
    """Return the codes of groups proven and not over at `now`, which may be past.

    One query. The reader of the groups fact.
    """
    valid = GroupClaim.objects.filter(
        Q(decided_at__isnull=True) | Q(decided_at__lte=now),
        shopper_id=shopper_id,
        state=State.ACCEPTED,
        valid_until__gt=now,
        group__is_active=True,
    )
    return frozenset(valid.values_list("group__code", flat=True))


def list_my_groups(*, shopper_id: int, now: datetime, language: str) -> list[MyGroup]:
    """Return all groups and where the shopper stands in each. Two queries."""
    latest: dict[int, GroupClaim] = {}
    claims = GroupClaim.objects.filter(shopper_id=shopper_id).defer("document").order_by("pk")
    for claim in claims:
        known = latest.get(claim.group_id)
        if known is None or not (known.state == State.ACCEPTED and _is_valid(known, now)):
            latest[claim.group_id] = claim
    groups = VerifiedGroup.objects.filter(is_active=True)
    return [_my_group(group, latest.get(group.pk), now, language) for group in groups]


def read_document(*, claim_id: int) -> tuple[bytes, str] | None:
    """Return a document that waits for review with its media type, or None. One query."""
    row = GroupClaim.objects.filter(pk=claim_id, document__isnull=False).first()
    return None if row is None else (bytes(row.document or b""), row.document_type)


def export_groups(shopper_id: int) -> list[Mapping[str, Any]]:
    """Return JSON values of the proofs; a document that waits for review whole. One query."""
    claims = GroupClaim.objects.filter(shopper_id=shopper_id).select_related("group")
    return [
        {
            "group": claim.group.code,
            "how": claim.how,
            "state": claim.state,
            "submitted_at": claim.submitted_at.isoformat(),
            "valid_until": None if claim.valid_until is None else claim.valid_until.isoformat(),
            "reason": claim.reason,
            "document": _export_document(claim),
        }
        for claim in claims
    ]


def _export_document(claim: GroupClaim) -> Mapping[str, str] | None:
    """Return the file a shopper handed in, while it is kept."""
    if claim.document is None:
        return None
    content = b64encode(bytes(claim.document)).decode()
    return {"media_type": claim.document_type, "base64": content}


def _is_valid(claim: GroupClaim, now: datetime) -> bool:
    return claim.valid_until is not None and claim.valid_until > now


def _my_group(
    group: VerifiedGroup, claim: GroupClaim | None, now: datetime, language: str
) -> MyGroup:
    state = "" if claim is None else claim.state
    if claim is not None and state == State.ACCEPTED and not _is_valid(claim, now):
        state = ""
    return MyGroup(
        code=group.code,
        name=(group.name_zh or group.name) if language.startswith("zh") else group.name,
        takes_documents=group.takes_documents,
        takes_codes=group.takes_codes,
        mail_domains=tuple(group.mail_domains),
        state=state,
        valid_until=None if claim is None else claim.valid_until,
        reason="" if claim is None else claim.reason,
    )
