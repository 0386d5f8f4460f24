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
    preview_points,
    read_standing,
    worth_of,
)
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import Visitor
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors import list_age_limited
from shop.ground.catalog.selectors.arrays import find_places
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


def earns(ctx: PageContext, card: CatalogCard, quoted_minor: int, visitor: Visitor) -> int:
    """Return what one piece earns this shopper, by their tier; 0 without a programme.

    No query for who is not signed in or where no tier earns more; else three, once for the page.
    """
    if card.variant_id in list_age_limited():
        return 0
    place = find_places([card.variant_id])[card.variant_id]
    return preview_points(
        market_code=ctx.market,
        minor=quoted_minor,
        category_ids=place.category_ids,
        now=ctx.now,
        find_tier=visitor.read_tier,
    )
