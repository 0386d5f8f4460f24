"""Words for points: what moved them, and why fewer are used than wanted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from promotions.loyalty.api import OPENING_NOTE, PointsMove


def describe_moves(moves: Sequence[PointsMove]) -> list[dict[str, Any]]:
    """Return one row per movement, in words."""
    names = {
        "earn": _("Earned, available after the return window"),
        "release": _("Now available"),
        "hold": _("Used for an order"),
        "unhold": _("Back from an order that was not paid"),
        "return": _("Back from a return"),
        "reverse": _("Taken back with a return"),
        "settle": _("Set against what a return left open"),
        "expire": _("Expired"),
        "adjust": _("Corrected by our team"),
        "refer": _("For a friend's first order"),
    }
    in_stores = {
        "hold": _("Used in a store"),
        "unhold": _("Back from a sale that was not made"),
    }
    return [
        {
            "text": _name_move(move, in_stores if move.store else {}, names),
            "points": f"{move.points:+d}".replace("-", "−"),
            "is_loss": move.points < 0,
            "is_pending": move.is_pending,
            "order": f"{move.store} {move.order_ref}".strip(),
            "note": "" if move.note == OPENING_NOTE else move.note,
            "at": move.at,
        }
        for move in moves
    ]


def _name_move(move: PointsMove, in_stores: dict[str, str], names: dict[str, str]) -> str:
    if move.note == OPENING_NOTE:
        return _("Opening balance")
    return in_stores.get(move.kind, names[move.kind])


def say_less(reason: str) -> str:
    """Return why fewer points are used than the shopper wanted, or ""."""
    return {
        "no_points": _("You have fewer points than that."),
        "below_minimum": _("That is below the smallest number of points an order takes."),
        "goods_covered": _("Your points cover all the products: the rest stays yours."),
        "share_reached": _("Points pay a part of the products only."),
        "not_in_steps": _("Points are used in whole steps."),
    }.get(reason, "")


def say_invitation(reason: str) -> str:
    """Return why an invitation did not count."""
    return {
        "unknown_invitation": _("We do not know this invitation."),
        "own_code": _("This is your own invitation."),
        "not_new": _("Invitations are for new shoppers: you have ordered before."),
        "loop": _("You invited this friend yourself: one invitation counts."),
    }.get(reason, _("This invitation does not count."))
