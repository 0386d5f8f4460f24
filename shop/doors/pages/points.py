"""My points: balance, tier, history, invitations; joining the programme."""

from __future__ import annotations

from dataclasses import dataclass

from orders.order.api import list_orders
from profiles.shoppers.api import find_shopper
from promotions.loyalty.api import (
    Balance,
    PointsMove,
    PointsRefused,
    ReferralCount,
    ShownCode,
    Standing,
    Terms,
    accept_invitation,
    count_referrals,
    find_balance,
    find_programme,
    join_programme,
    list_moves,
    make_points_code,
    read_standing,
    worth_of,
)
from shop.doors.pages.context import PageContext
from shop.ground.kernel.translation import gettext_noop

MOVES = 20


@dataclass(frozen=True, slots=True)
class PointsPage:
    """A member's points, or how to become one (`balance` None).

    `next_before` leads to older movements.
    """

    terms: Terms
    balance: Balance | None = None
    worth_minor: int = 0
    standing: Standing | None = None
    moves: tuple[PointsMove, ...] = ()
    next_before: int | None = None
    referrals: ReferralCount | None = None


def my_points(ctx: PageContext, before: int | None = None) -> PointsPage:
    """Return the signed-in shopper's points. Raises PointsRefused (no_programme).

    Seven queries, eight where tills are in the history.
    """
    programme = find_programme(market_code=ctx.market, now=ctx.now)
    if programme is None:
        raise PointsRefused(gettext_noop("There is no points programme here."), code="no_programme")
    shopper = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    balance = None
    if shopper is not None and ctx.account_id is not None:
        balance = find_balance(shopper_id=shopper.id, now=ctx.now)
    if balance is None:
        return PointsPage(terms=programme.terms)
    found = list_moves(account_id=balance.account_id, limit=MOVES + 1, before=before)
    return PointsPage(
        terms=programme.terms,
        balance=balance,
        worth_minor=worth_of(programme.terms, balance.available),
        standing=read_standing(account_id=balance.account_id, programme=programme, now=ctx.now),
        moves=tuple(found[:MOVES]),
        next_before=found[MOVES - 1].entry_id if len(found) > MOVES else None,
        referrals=count_referrals(account_id=balance.account_id),
    )


def join_points(ctx: PageContext, invitation: str = "") -> str:
    """Make the signed-in shopper a member; return why an invitation did not count, or "".

    Raises PointsRefused: not_a_member (no account holder), no_programme.
    """
    shopper = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    if shopper is None or ctx.account_id is None:
        raise PointsRefused("Sign in to join.", code="not_a_member")
    account_id = join_programme(shopper_id=shopper.id, market_code=ctx.market, now=ctx.now)
    if not invitation:
        return ""
    try:
        accept_invitation(
            account_id=account_id,
            code=invitation,
            has_ordered=bool(list_orders(shopper_id=shopper.id, limit=1)),
            now=ctx.now,
        )
    except PointsRefused as refusal:
        return refusal.code
    return ""


def make_code(ctx: PageContext) -> ShownCode:
    """Make the code with which the signed-in member pays at a till.

    Raises PointsRefused (not_a_member).
    """
    shopper = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    if shopper is None or ctx.account_id is None:
        raise PointsRefused(gettext_noop("Join the points programme first."), code="not_a_member")
    return make_points_code(shopper_id=shopper.id, now=ctx.now)
