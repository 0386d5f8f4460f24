"""Groups a shopper proves to belong to."""

from __future__ import annotations

from rest_framework import serializers

from promotions.coupons.api import MyGroup
from shop.doors.api.answers import AnswerSerializer
from shop.doors.api.base import InputSerializer

# Base64 of a file of 5 MiB takes 6.67 MiB; a character more and the file is too large by itself
MAX_DOCUMENT_BODY = 7 * 1_048_576


class GroupSerializer(AnswerSerializer[MyGroup]):
    """A group, how it is proven, and where I stand."""

    code = serializers.CharField()
    name = serializers.CharField()
    takes_codes = serializers.BooleanField()
    takes_documents = serializers.BooleanField()
    mail_domains = serializers.ListField(
        child=serializers.CharField(), help_text="Addresses there prove it."
    )
    state = serializers.ChoiceField(
        choices=("", "pending", "accepted", "refused"),
        allow_blank=True,
        help_text="Empty: nothing proven, or it is over.",
    )
    valid_until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why a proof was refused.")


class GroupsSerializer(AnswerSerializer[None]):
    """All groups of the shop."""

    given = ("groups",)

    groups = GroupSerializer(many=True)


class GroupCodeSerializer(InputSerializer):
    """A code of the group; each works once."""

    code = serializers.CharField(max_length=40)


class GroupDocumentSerializer(InputSerializer):
    """A document: PDF, JPEG or PNG by what it begins with, not by a name."""

    document = serializers.CharField(
        max_length=MAX_DOCUMENT_BODY,
        help_text="Base64 of a file of 5 MiB at most; this body may have 7 MiB.",
    )


class GroupAddressSerializer(InputSerializer):
    """An address of an institution: a link of one day goes there, the address is not kept."""

    address = serializers.EmailField(max_length=254)


class GroupTokenSerializer(InputSerializer):
    """The token of the link that was mailed."""

    token = serializers.CharField(max_length=300)


class MailSentSerializer(AnswerSerializer[None]):
    """A link is on its way."""

    given = ("valid_seconds",)

    valid_seconds = serializers.IntegerField()
