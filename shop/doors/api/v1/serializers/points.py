"""Loyalty points: in carts, and of a member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from orders.values import CartPoints
from promotions.loyalty.api import PointsMove, ShownCode, Tier
from shop.doors.api.answers import AnswerSerializer, MoneySerializer, computed
from shop.doors.api.base import InputSerializer
from shop.doors.api.language import page_language
from shop.doors.pages.points import PointsPage

MAX_POINTS = 10_000_000


class CartPointsSerializer(AnswerSerializer[CartPoints]):
    """What the cart earns, and what points pay of it; part of the discount."""

    is_member = serializers.BooleanField()
    earns = serializers.IntegerField(help_text="Available after the return window.")
    available = serializers.IntegerField()
    least = serializers.IntegerField(help_text="The smallest number an order takes.")
    usable = serializers.IntegerField(help_text="The most this cart takes.")
    usable_worth = MoneySerializer(source="usable_minor")
    used = serializers.IntegerField()
    used_worth = MoneySerializer(source="used_minor")
    reason = serializers.CharField(
        allow_blank=True, help_text="Why fewer are used than wanted: no_points, below_minimum, ..."
    )


class UsePointsSerializer(InputSerializer):
    """How many points to pay with, at most; 0 pays without."""

    points = serializers.IntegerField(min_value=0, max_value=MAX_POINTS)


class TierSerializer(AnswerSerializer[Tier]):
    """A membership tier."""

    code = serializers.CharField()
    name = computed(lambda tier: tier.label(page_language()), serializers.CharField())


class PointsMoveSerializer(AnswerSerializer[PointsMove]):
    """One movement of points; `points` is signed."""

    kind = serializers.CharField()
    points = serializers.IntegerField()
    is_pending = serializers.BooleanField()
    order = serializers.CharField(
        source="order_ref",
        allow_blank=True,
        help_text="Of a sale in a store the till's own reference.",
    )
    store = serializers.CharField(allow_blank=True, help_text="Where it was; online nothing.")
    at = serializers.DateTimeField()


def _of(part: str, name: str, absent: object = None) -> Callable[[PointsPage], Any]:
    """Read `name` of a part of the page that only members have."""
    return lambda page: getattr(getattr(page, part), name, absent)


class PointsSerializer(AnswerSerializer[PointsPage]):
    """A member's points; everything but the programme is null for who has not joined."""

    is_member = computed(lambda page: page.balance is not None, serializers.BooleanField())
    earn_rate = computed(
        lambda page: f"{page.terms.earn_rate:f}",
        serializers.CharField(help_text="Points for one unit of the currency."),
    )
    available = computed(_of("balance", "available", 0), serializers.IntegerField())
    worth = MoneySerializer()
    pending = computed(_of("balance", "pending", 0), serializers.IntegerField())
    owed = computed(
        _of("balance", "owed", 0),
        serializers.IntegerField(help_text="Set against what is earned next."),
    )
    expiring = computed(_of("balance", "expiring", 0), serializers.IntegerField())
    expires_at = computed(_of("balance", "expires_at"), serializers.DateTimeField(allow_null=True))
    tier = computed(_of("standing", "tier"), TierSerializer(allow_null=True))
    tier_kept_until = computed(
        _of("standing", "kept_until"), serializers.DateTimeField(allow_null=True)
    )
    next_tier = computed(_of("standing", "next_tier"), TierSerializer(allow_null=True))
    missing = computed(
        _of("standing", "missing_minor", 0),
        MoneySerializer(help_text="More goods until the next tier."),
    )
    progress = computed(
        lambda page: round(page.standing.progress, 4) if page.standing else 0.0,
        serializers.FloatField(),
    )
    invite_code = computed(
        _of("balance", "invite_code", ""), serializers.CharField(allow_blank=True)
    )
    member_number = computed(
        _of("balance", "member_number", ""),
        serializers.CharField(
            allow_blank=True, help_text="To be shown at a till: it earns and cannot pay."
        ),
    )
    friends_joined = computed(_of("referrals", "joined", 0), serializers.IntegerField())
    friends_rewarded = computed(_of("referrals", "rewarded", 0), serializers.IntegerField())


class PointsCodeSerializer(AnswerSerializer[ShownCode]):
    """What to show at the till."""

    code = serializers.CharField()
    expires_at = serializers.DateTimeField()


class PointsPageSerializer(AnswerSerializer[PointsPage]):
    """Movements, newest first."""

    given = ("next_cursor",)

    moves = PointsMoveSerializer(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` for the next page."
    )


class PointsPageQuerySerializer(InputSerializer):
    """Which page of the movements."""

    cursor = serializers.CharField(max_length=300, default="", allow_blank=True)


class JoinPointsSerializer(InputSerializer):
    """Join, with a friend's invitation if there is one."""

    invitation = serializers.CharField(max_length=16, default="", allow_blank=True)


class JoinedSerializer(AnswerSerializer[None]):
    """The member's points, and why an invitation did not count ("" if it did or there is none)."""

    given = ("points", "invitation_refused")

    points = PointsSerializer()
    invitation_refused = serializers.CharField(allow_blank=True)
