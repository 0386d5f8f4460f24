"""Campaigns as staff systems send and get them."""

from __future__ import annotations

from rest_framework import serializers

from promotions.campaigns.api import CampaignView, Step
from shop.doors.api.answers import AnswerSerializer
from shop.doors.api.base import InputSerializer

STEPS = [step.value for step in Step if step is not Step.APPROVE]


class CampaignDocumentSerializer(InputSerializer):
    """A campaign with its offers; /api/v1/schemas/campaign-2.json describes all of it."""

    format = serializers.IntegerField(help_text="The version of the schema: 2.")
    code = serializers.CharField(help_text="As in the address.")
    name = serializers.CharField(required=False)
    kind = serializers.CharField(required=False)
    audience = serializers.CharField(required=False)
    starts_at = serializers.DateTimeField(required=False)
    ends_at = serializers.DateTimeField(required=False)
    offers = serializers.ListField(
        child=serializers.DictField(), help_text="Offers with conditions, benefits and codes."
    )


class CampaignStateSerializer(AnswerSerializer[CampaignView]):
    """What a campaign is now."""

    given = ("version",)

    code = serializers.CharField()
    status = serializers.CharField(help_text="draft, scheduled, live, paused or ended.")
    phase = serializers.CharField(help_text="The status and the dates together.")
    revision = serializers.IntegerField(help_text="The version that holds.")
    pending_revision = serializers.IntegerField(
        allow_null=True, help_text="The version that waits for a second person."
    )
    version = serializers.CharField(help_text="The ETag: send it as If-Match.")


class CampaignSerializer(CampaignStateSerializer):
    """What a campaign is now, and what it says."""

    given = ("version", "campaign")

    campaign = serializers.DictField(help_text="As the schema of campaigns says: send it back.")


class CampaignWrittenSerializer(CampaignStateSerializer):
    """What a campaign is after it was written."""

    given = ("version", "is_new", "is_waiting", "changes")

    is_new = serializers.BooleanField()
    is_waiting = serializers.BooleanField(help_text="The change waits for a second person.")
    changes = serializers.ListField(child=serializers.CharField(), help_text="In sentences.")


class CampaignStepSerializer(InputSerializer):
    """A step and why. No step approves: a second person does, in the back office."""

    step = serializers.ChoiceField(choices=STEPS)
    reason = serializers.CharField(min_length=5, max_length=300)
