"""Points as JSON."""

from __future__ import annotations

from orders.values import CartPoints
from promotions.loyalty.api import PointsMove, Tier
from shop.doors.api.v1.bodies.prices import Json, moment, money
from shop.doors.pages.context import PageContext
from shop.doors.pages.points import PointsPage


def cart_points_body(points: CartPoints | None, currency: str, locale: str) -> Json | None:
    """Return what a cart earns and what points pay, or None without a programme."""
    if points is None:
        return None
    return {
        "is_member": points.is_member,
        "earns": points.earns,
        "available": points.available,
        "least": points.least,
        "usable": points.usable,
        "usable_worth": money(points.usable_minor, currency, locale),
        "used": points.used,
        "used_worth": money(points.used_minor, currency, locale),
        "reason": points.reason,
    }


def points_body(page: PointsPage, ctx: PageContext) -> Json:
    """Return a member's points."""
    balance, standing, referrals = page.balance, page.standing, page.referrals
    return {
        "is_member": balance is not None,
        "earn_rate": f"{page.terms.earn_rate:f}",
        "available": balance.available if balance else 0,
        "worth": money(page.worth_minor, ctx.currency, ctx.locale),
        "pending": balance.pending if balance else 0,
        "owed": balance.owed if balance else 0,
        "expiring": balance.expiring if balance else 0,
        "expires_at": moment(balance.expires_at if balance else None),
        "tier": tier_body(standing.tier if standing else None, ctx.language),
        "tier_kept_until": moment(standing.kept_until if standing else None),
        "next_tier": tier_body(standing.next_tier if standing else None, ctx.language),
        "missing": money(standing.missing_minor if standing else 0, ctx.currency, ctx.locale),
        "progress": round(standing.progress, 4) if standing else 0.0,
        "invite_code": balance.invite_code if balance else "",
        "member_number": balance.member_number if balance else "",
        "friends_joined": referrals.joined if referrals else 0,
        "friends_rewarded": referrals.rewarded if referrals else 0,
    }


def tier_body(tier: Tier | None, language: str) -> Json | None:
    """Return a tier, or None."""
    return None if tier is None else {"code": tier.code, "name": tier.label(language)}


def move_body(move: PointsMove) -> Json:
    """Return one movement."""
    return {
        "kind": move.kind,
        "points": move.points,
        "is_pending": move.is_pending,
        "order": move.order_ref,
        "store": move.store,
        "at": moment(move.at),
    }
