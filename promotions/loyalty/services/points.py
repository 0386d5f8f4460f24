"""Move points. Every movement is a conditional update of the account row and one ledger entry.

The account row is locked first, by its own update or by SELECT FOR UPDATE, and lots only under
it. In an order's transaction it comes last: stock -> coupons -> budgets -> points.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from promotions.coupons.api import TooManyWrongCodes, draw_codes
from promotions.engine.api import normalize_code
from promotions.loyalty.core.points import Terms, add_months
from promotions.loyalty.core.pos import (
    CODE_LASTS,
    CODE_PATTERN,
    PosRefused,
    PosTerminal,
    read_member_number,
)
from promotions.loyalty.models import (
    Bucket,
    PointsAccount,
    PointsCode,
    PointsEntry,
    PointsLot,
    PointsOrder,
)
from promotions.loyalty.selectors.points import expired_lots
from shop.ground.jobs.limits import Policy, peek, take
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.hashing import sign
from shop.ground.kernel.translation import gettext_noop

RETURNED_LAST = timedelta(days=30)
Kind = PointsEntry.Kind


class PointsRefused(FairtagError):
    """The points are not there, or may not be used so.

    Codes: points_gone (used elsewhere meanwhile), not_a_member, no_programme; of invitations
    unknown_invitation, own_code, not_new, loop.
    """

    code = "points_refused"


def lock_account(account_id: int) -> PointsAccount:
    """Return an account, its row locked until the caller's transaction ends."""
    rows = PointsAccount.objects.select_for_update(no_key=True, of=("self",))
    return rows.get(pk=account_id)


@dataclass(frozen=True, slots=True)
class Act:
    """What moves points and why. `key` makes it happen once: a second entry with it is refused."""

    kind: Kind
    key: str
    now: datetime
    order_ref: str = ""
    note: str = ""


def post(*, account_id: int, act: Act, source: Bucket, target: Bucket, points: int) -> bool:
    """Move `points`, or nothing if the source holds fewer; return whether they moved.

    Only inside a transaction. A key used before raises IntegrityError.
    """
    signs = _signs(source, target)
    enough = {f"{name}__gte": points for name, sign in signs if sign < 0}
    rows = PointsAccount.objects.filter(pk=account_id, **enough)
    if not rows.update(**{name: F(name) + sign * points for name, sign in signs}):
        return False
    PointsEntry.objects.create(
        account_id=account_id,
        kind=act.kind,
        source=source,
        target=target,
        points=points,
        order_ref=act.order_ref,
        note=act.note[:300],
        key=act.key,
        at=act.now,
    )
    return True


@transaction.atomic
def make_available(
    *, account_id: int, act: Act, source: Bucket, points: int, expires_at: datetime | None
) -> None:
    """Move points from `source` to the member: first to what is owed, the rest into a new lot."""
    account = lock_account(account_id)
    owed = min(account.owed, points)
    if owed:
        settle = replace(act, kind=Kind.SETTLE, key=f"{act.key}:owed", note="")
        _must_post(account_id, settle, source, Bucket.OWED, owed)
    if points > owed:
        _must_post(account_id, act, source, Bucket.AVAILABLE, points - owed)
        PointsLot.objects.create(
            account_id=account_id,
            points=points - owed,
            left=points - owed,
            since=act.now,
            expires_at=expires_at,
        )


@transaction.atomic
def take_available(*, account_id: int, act: Act, target: Bucket, points: int) -> datetime | None:
    """Take points that expire first; return when the longest-lived of them would have expired.

    Raises PointsRefused (points_gone) when there are fewer; then nothing has happened.
    """
    book_expiry(account_id=account_id, now=act.now)
    source = Bucket.AVAILABLE
    if not post(account_id=account_id, act=act, source=source, target=target, points=points):
        raise PointsRefused("There are not enough points any more.", code="points_gone")
    return _use_lots(account_id, points)


@transaction.atomic
def reverse_available(*, account_id: int, act: Act, points: int) -> None:
    """Take back points that were given: what is left of them, the rest is owed from now on."""
    book_expiry(account_id=account_id, now=act.now)
    there = min(lock_account(account_id).available, points)
    if there:
        take_available(account_id=account_id, act=act, target=Bucket.ISSUED, points=there)
    if points > there:
        owing = replace(act, key=f"{act.key}:owed")
        _must_post(account_id, owing, Bucket.OWED, Bucket.ISSUED, points - there)


@transaction.atomic
def book_expiry(*, account_id: int, now: datetime) -> int:
    """Book what has expired by `now`; return how many points. Locks the account."""
    lock_account(account_id)
    lots = PointsLot.objects.filter(expired_lots(now), account_id=account_id, left__gt=0)
    expired = 0
    for lot in lots.order_by("expires_at", "id"):
        act = Act(Kind.EXPIRE, f"expire:{lot.pk}", now)
        _must_post(account_id, act, Bucket.AVAILABLE, Bucket.EXPIRED, lot.left)
        expired += lot.left
        PointsLot.objects.filter(pk=lot.pk).update(left=0)
    return expired


def _must_post(account_id: int, act: Act, source: Bucket, target: Bucket, points: int) -> None:
    """Move points that must be there: the books would be wrong otherwise, so nothing goes on."""
    if not post(account_id=account_id, act=act, source=source, target=target, points=points):
        raise RuntimeError(f"account {account_id}: {source} holds fewer than {points} ({act.key})")


def expiry_of(terms: Terms, now: datetime) -> datetime | None:
    """Return when points that become available at `now` expire: whole months later, or never."""
    if terms.expiry_months is None:
        return None
    return add_months(now, terms.expiry_months)


def _use_lots(account_id: int, points: int) -> datetime | None:
    """Empty lots in the order they expire; the account's own update holds the lock."""
    lots = PointsLot.objects.filter(account_id=account_id, left__gt=0)
    last: datetime | None = None
    for lot in lots.order_by(F("expires_at").asc(nulls_last=True), "id"):
        used = min(lot.left, points)
        PointsLot.objects.filter(pk=lot.pk).update(left=F("left") - used)
        points -= used
        last = lot.expires_at
        if not points:
            break
    return last


def _signs(source: Bucket, target: Bucket) -> list[tuple[str, int]]:
    """Return by how much (times the points) each own balance changes. What is owed counts down."""
    own = {Bucket.PENDING: 1, Bucket.AVAILABLE: 1, Bucket.HELD: 1, Bucket.OWED: -1}
    sides = ((source, -1), (target, 1))
    return [(bucket.value, own[bucket] * way) for bucket, way in sides if bucket in own]


@transaction.atomic
def forget_points(*, shopper_id: int, now: datetime) -> None:
    """Give up a member's points and take the member off the account. Safe to run twice.

    The ledger closes: every balance goes to zero by entries of its own. Later returns of the
    orders move no points any more.
    """
    account = PointsAccount.objects.filter(shopper_id=shopper_id).first()
    if account is None:
        return
    # Before the account is locked: a till takes a code first and locks the account then
    PointsCode.objects.filter(account=account).delete()
    account = lock_account(account.pk)
    moves = (
        (Bucket.PENDING, Bucket.ISSUED, account.pending),
        (Bucket.AVAILABLE, Bucket.EXPIRED, account.available),
        (Bucket.HELD, Bucket.EXPIRED, account.held),
        (Bucket.ISSUED, Bucket.OWED, account.owed),
    )
    for source, target, points in moves:
        if points:
            act = Act(PointsEntry.Kind.ERASE, f"erase:{account.pk}:{source.value}", now)
            post(account_id=account.pk, act=act, source=source, target=target, points=points)
    PointsLot.objects.filter(account=account).update(left=0)
    PointsOrder.objects.filter(account=account).update(
        state=PointsOrder.State.VOID, identity=[], due_at=None
    )
    PointsAccount.objects.filter(pk=account.pk).update(
        shopper=None, invite_code=None, member_number=None
    )


WRONG_AT_TILL = Policy("wrong_at_till", 20, 600, by="till")


@dataclass(frozen=True, slots=True)
class ShownCode:
    """A code as its member sees it, this once."""

    code: str
    expires_at: datetime


def make_points_code(*, shopper_id: int, now: datetime) -> ShownCode:
    """Make a member's code; the one before is no use any more.

    Raises PointsRefused (not_a_member).
    """
    account_id = (
        PointsAccount.objects.filter(shopper_id=shopper_id).values_list("pk", flat=True).first()
    )
    if account_id is None:
        raise PointsRefused(gettext_noop("Join the points programme first."), code="not_a_member")
    [code] = draw_codes(CODE_PATTERN, 1, secrets.token_bytes)
    shown = ShownCode(code, now + CODE_LASTS)
    PointsCode.objects.update_or_create(
        account_id=account_id,
        defaults={
            "digest": digest_points_code(code),
            "expires_at": shown.expires_at,
            "used_at": None,
        },
    )
    return shown


def use_points_code(*, till: PosTerminal, code: str, now: datetime) -> int:
    """Use a code up and return its member's account; only inside a transaction.

    The conditional update decides who of two tills has it. Raises PosRefused (code_unknown,
    code_expired, code_used), TooManyWrongCodes.
    """
    check_tries(till)
    codes = PointsCode.objects.filter(digest=digest_points_code(code))
    found = codes.select_related("account").first()
    if found is not None and found.account.market_code == till.market_code:
        # No join in here: who waited for the row's lock would judge a subquery by the old row
        if codes.filter(used_at__isnull=True, expires_at__gt=now).update(used_at=now):
            return found.account_id
        count_wrong(till)
        if found.expires_at > now:
            raise PosRefused(
                gettext_noop("This code was used. Ask for a new one."), code="code_used"
            )
        raise PosRefused(
            gettext_noop("This code has expired. Ask for a new one."), code="code_expired"
        )
    count_wrong(till)
    raise PosRefused(
        gettext_noop("Nobody has this code. Check it with the shopper."), code="code_unknown"
    )


def find_member(*, till: PosTerminal, number: str) -> PointsAccount:
    """Return the account behind a member number. Raises PosRefused (member_unknown),
    TooManyWrongCodes.
    """
    check_tries(till)
    read = read_member_number(number)
    found = None
    if read is not None:
        rows = PointsAccount.objects.filter(member_number=read, market_code=till.market_code)
        found = rows.filter(shopper__isnull=False).first()
    if found is None:
        count_wrong(till)
        raise PosRefused(gettext_noop("Nobody has this member number."), code="member_unknown")
    return found


def check_tries(till: PosTerminal) -> None:
    """Refuse a till that entered too many wrong codes and numbers. Raises TooManyWrongCodes."""
    verdict = peek(WRONG_AT_TILL, str(till.token_id))
    if not verdict.is_allowed:
        raise TooManyWrongCodes(
            "Too many wrong codes were entered. Please try again in a few minutes.",
            retry_after_seconds=verdict.retry_seconds,
        )


def count_wrong(till: PosTerminal) -> None:
    """Count a code or number that is no good. One Redis call."""
    take(WRONG_AT_TILL, str(till.token_id))


def digest_points_code(code: str) -> str:
    """Return what is kept of a code: keyed, since eight signs alone could be tried out."""
    text = normalize_code(code).replace("-", "")
    return sign(f"points-code:{text}".encode(), key=settings.SECRET_KEY.encode()).hex()
