"""Prove that one belongs to a group: by document, by code, or by an address of an institution."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.core import signing
from django.db import IntegrityError, transaction

from promotions.coupons.core import (
    CODE_PATTERN,
    ClaimRefused,
    digest_code,
    draw_codes,
    find_document_type,
    find_domain,
)
from promotions.coupons.models import GroupClaim, GroupCode, VerifiedGroup
from shop.ground.kernel.translation import gettext_noop

SALT = "promotions.groups"
MAIL_SECONDS = 86_400
UNDECIDED_DAYS = 30
MAX_CODES_AT_ONCE = 10_000
State, How = GroupClaim.State, GroupClaim.How


def claim_by_document(*, shopper_id: int, group_code: str, content: bytes, now: datetime) -> None:
    """Hand in a document for review by staff. Raises ClaimRefused."""
    group = _find_group(group_code)
    if not group.takes_documents:
        raise ClaimRefused(gettext_noop("This group does not accept documents."), code="way_closed")
    media_type = find_document_type(content)
    try:
        with transaction.atomic():
            GroupClaim.objects.create(
                group=group,
                shopper_id=shopper_id,
                how=How.DOCUMENT,
                document=content,
                document_type=media_type,
                submitted_at=now,
            )
    except IntegrityError as error:
        raise ClaimRefused(
            gettext_noop("Your document waits for review."), code="claim_waits"
        ) from error


@transaction.atomic
def claim_by_code(*, shopper_id: int, group_code: str, code: str, now: datetime) -> None:
    """Prove it by a code, each of which works once. Raises ClaimRefused.

    The conditional update decides who of two that enter one code at once has it.
    """
    group = _find_group(group_code)
    claim = _accept(group, shopper_id, How.CODE, now)
    unused = GroupCode.objects.filter(group=group, digest=digest_code(code), used_at__isnull=True)
    if not group.takes_codes or not unused.update(claim=claim, used_at=now):
        raise ClaimRefused(
            gettext_noop("This code is not valid, or it was used."), code="code_invalid"
        )


def start_mail_claim(*, shopper_id: int, group_code: str, address: str) -> str:
    """Return the token to mail to `address`; when it comes back, it is proven. Raises ClaimRefused.

    The address itself is not kept: that its owner read the mail is all the proof there is.
    """
    group = _find_group(group_code)
    if not find_domain(address, tuple(group.mail_domains)):
        raise ClaimRefused(
            gettext_noop("Addresses of that domain do not prove it."), code="domain_unknown"
        )
    return signing.dumps({"group": group.code, "shopper": shopper_id}, salt=SALT)


@transaction.atomic
def confirm_mail_claim(*, shopper_id: int, token: str, now: datetime) -> None:
    """Take the token of a mail, by the shopper who asked for it. Raises ClaimRefused."""
    try:
        asked = signing.loads(token, salt=SALT, max_age=MAIL_SECONDS)
    except signing.BadSignature as error:
        raise ClaimRefused(
            gettext_noop("This link is not valid any more."), code="link_invalid"
        ) from error
    if asked["shopper"] != shopper_id:
        raise ClaimRefused("Sign in as the shopper who asked for it.", code="link_invalid")
    _accept(_find_group(asked["group"]), shopper_id, How.MAIL, now)


@transaction.atomic
def decide_claim(
    *, claim_id: int, is_accepted: bool, reason: str, account_id: int, now: datetime
) -> None:
    """Accept or refuse a document, which is deleted in the same statement. Raises ClaimRefused."""
    claim = GroupClaim.objects.select_for_update(of=("self",)).select_related("group")
    found = claim.defer("document").filter(pk=claim_id, state=State.PENDING).first()
    if found is None:
        raise ClaimRefused("This claim was decided already.", code="claim_decided")
    until = now + timedelta(days=found.group.valid_days)
    GroupClaim.objects.filter(pk=claim_id).update(
        state=State.ACCEPTED if is_accepted else State.REFUSED,
        document=None,
        decided_at=now,
        decided_by_id=account_id,
        reason="" if is_accepted else reason[:300],
        valid_until=until if is_accepted else None,
    )


def drop_undecided_documents(*, now: datetime) -> int:
    """Refuse what nobody reviewed in UNDECIDED_DAYS and delete the documents; return how many."""
    old = GroupClaim.objects.filter(
        state=State.PENDING, submitted_at__lte=now - timedelta(days=UNDECIDED_DAYS)
    )
    return old.update(state=State.REFUSED, document=None, decided_at=now, reason="not reviewed")


def make_group_codes(*, group_id: int, amount: int) -> list[str]:
    """Return `amount` new codes of a group, shown this once: only digests are kept."""
    if not 0 < amount <= MAX_CODES_AT_ONCE:
        raise ClaimRefused(f"Ask for 1 to {MAX_CODES_AT_ONCE:,} codes.", code="bad_amount")
    codes = sorted(set(draw_codes(CODE_PATTERN, amount, secrets.token_bytes)))
    GroupCode.objects.bulk_create(
        GroupCode(group_id=group_id, digest=digest_code(code)) for code in codes
    )
    return codes


def _find_group(code: str) -> VerifiedGroup:
    group = VerifiedGroup.objects.filter(code=code, is_active=True).first()
    if group is None:
        raise ClaimRefused(gettext_noop("There is no such group."), code="group_unknown")
    return group


def _accept(group: VerifiedGroup, shopper_id: int, how: str, now: datetime) -> GroupClaim:
    return GroupClaim.objects.create(
        group=group,
        shopper_id=shopper_id,
        how=how,
        state=State.ACCEPTED,
        submitted_at=now,
        decided_at=now,
        valid_until=now + timedelta(days=group.valid_days),
    )
