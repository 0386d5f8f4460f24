"""Loyalty points: in carts, and of a member."""

from __future__ import annotations

from rest_framework import serializers

from shop.doors.api.v1.serializers.prices import MoneySerializer

MAX_POINTS = 10_000_000


class CartPointsSerializer(serializers.Serializer[object]):
    """What the cart earns, and what points pay of it; part of the discount."""

    is_member = serializers.BooleanField()
    earns = serializers.IntegerField(help_text="Available after the return window.")
    available = serializers.IntegerField()
    least = serializers.IntegerField(help_text="The smallest number an order takes.")
    usable = serializers.IntegerField(help_text="The most this cart takes.")
    usable_worth = MoneySerializer()
    used = serializers.IntegerField()
    used_worth = MoneySerializer()
    reason = serializers.CharField(
        allow_blank=True, help_text="Why fewer are used than wanted: no_points, below_minimum, ..."
    )


class UsePointsSerializer(serializers.Serializer[object]):
    """How many points to pay with, at most; 0 pays without."""

    points = serializers.IntegerField(min_value=0, max_value=MAX_POINTS)


class TierSerializer(serializers.Serializer[object]):
    """A membership tier."""

    code = serializers.CharField()
    name = serializers.CharField()


class PointsMoveSerializer(serializers.Serializer[object]):
    """One movement of points; `points` is signed."""

    kind = serializers.CharField()
    points = serializers.IntegerField()
    is_pending = serializers.BooleanField()
    order = serializers.CharField(
        allow_blank=True, help_text="Of a sale in a store the till's own reference."
    )
    store = serializers.CharField(allow_blank=True, help_text="Where it was; online nothing.")
    at = serializers.DateTimeField()


class PointsSerializer(serializers.Serializer[object]):
    """A member's points; everything but the programme is null for who has not joined."""

    is_member = serializers.BooleanField()
    earn_rate = serializers.CharField(help_text="Points for one unit of the currency.")
    available = serializers.IntegerField()
    worth = MoneySerializer()
    pending = serializers.IntegerField()
    owed = serializers.IntegerField(help_text="Set against what is earned next.")
    expiring = serializers.IntegerField()
    expires_at = serializers.DateTimeField(allow_null=True)
    tier = TierSerializer(allow_null=True)
    tier_kept_until = serializers.DateTimeField(allow_null=True)
    next_tier = TierSerializer(allow_null=True)
    missing = MoneySerializer(help_text="More goods until the next tier.")
    progress = serializers.FloatField()
    invite_code = serializers.CharField(allow_blank=True)
    member_number = serializers.CharField(
        allow_blank=True, help_text="To be shown at a till: it earns and cannot pay."
    )
    friends_joined = serializers.IntegerField()
    friends_rewarded = serializers.IntegerField()


class PointsCodeSerializer(serializers.Serializer[object]):
    """What to show at the till."""

    code = serializers.CharField()
    expires_at = serializers.DateTimeField()


class PointsPageSerializer(serializers.Serializer[object]):
    """Movements, newest first."""

    moves = PointsMoveSerializer(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor` for the next page."
    )


class PointsPageQuerySerializer(serializers.Serializer[object]):
    """Which page of the movements."""

    cursor = serializers.CharField(max_length=300, default="", allow_blank=True)


class JoinPointsSerializer(serializers.Serializer[object]):
    """Join, with a friend's invitation if there is one."""

    invitation = serializers.CharField(max_length=16, default="", allow_blank=True)


class JoinedSerializer(serializers.Serializer[object]):
    """The member's points, and why an invitation did not count ("" if it did or there is none)."""

    points = PointsSerializer()
    invitation_refused = serializers.CharField(allow_blank=True)
