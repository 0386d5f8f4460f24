"""My groups: prove to be a student, teacher or senior, and see where a proof stands."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from promotions.coupons.api import (
    MAIL_SECONDS,
    claim_by_code,
    claim_by_document,
    confirm_mail_claim,
)
from shop.doors.api.base import ApiView
from shop.doors.api.conditions import MAY_HAVE_KEY
from shop.doors.api.parsers import MAX_BODY_BYTES
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import shopper_examples as examples
from shop.doors.api.v1.serializers.groups import (
    MAX_DOCUMENT_BODY,
    GroupAddressSerializer,
    GroupCodeSerializer,
    GroupDocumentSerializer,
    GroupsSerializer,
    GroupTokenSerializer,
    MailSentSerializer,
)
from shop.doors.pages.groups import mail_link, member_id, my_groups
from shop.ground.jobs.limits import CHANGE, CODES, GUESS

TAG = "groups"
PROVING = ("group_unknown", "too_many_tries")


class GroupsBase(ApiView):
    """What all proofs share."""

    @property
    def member_id(self) -> int:
        """The shopper of the account. Raises SignInRequired, ClaimRefused."""
        self.require_account()
        return member_id(self.context)

    def answer(self) -> HttpResponse:
        """Return the groups as they now stand."""
        return text_response(GroupsSerializer.to_json(None, groups=my_groups(self.context)))


class ProofBase(GroupsBase):
    """A proof: each try counts as a change and as a guess at a code."""

    policies = (CHANGE, GUESS, CODES)

    def prove_once(self, body: Any, act: Callable[[], object]) -> HttpResponse:
        """Take a proof once per Idempotency-Key, if there is one, and return the groups."""

        def prove() -> HttpResponse:
            act()
            return self.answer()

        return self.answer_once(body, prove)


class GroupsView(GroupsBase):
    """My groups."""

    @describe(
        "listGroups",
        "List the groups, and what I have proven",
        tag=TAG,
        response=GroupsSerializer,
        example=examples.GROUPS,
        audience="account",
    )
    def get(self, request: Request) -> HttpResponse:
        """Belonging to a group is declared and proven, never guessed; it opens the group's offers
        and does nothing else."""
        self.require_account()
        return self.answer()


class GroupCodeView(ProofBase):
    """Proof by code."""

    @describe(
        "proveGroupByCode",
        "Prove it by a code",
        tag=TAG,
        request=GroupCodeSerializer,
        request_example={"code": "AB2C-9XYZ-4KMN"},
        response=GroupsSerializer,
        example=examples.GROUPS,
        headers=[MAY_HAVE_KEY],
        refusals=("code_invalid", *PROVING),
        audience="account",
    )
    def post(self, request: Request, group: str) -> HttpResponse:
        """Each code works once. Guessing is limited."""
        body = self.read_body(GroupCodeSerializer)
        member_id = self.member_id
        return self.prove_once(
            body,
            lambda: claim_by_code(
                shopper_id=member_id, group_code=group, code=body["code"], now=self.now
            ),
        )


class GroupDocumentView(ProofBase):
    """Proof by document."""

    @describe(
        "proveGroupByDocument",
        "Prove it by a document",
        tag=TAG,
        request=GroupDocumentSerializer,
        request_example={"document": "JVBERi0xLjcK"},
        response=GroupsSerializer,
        example=examples.GROUPS,
        headers=[MAY_HAVE_KEY],
        refusals=("way_closed", "document_type", "document_too_large", "claim_waits", *PROVING),
        audience="account",
    )
    def post(self, request: Request, group: str) -> HttpResponse:
        """People look at it; it is deleted with their decision, after 30 days at the latest.

        The file may have 5 MiB, the body 7 MiB; above that the answer is 413.
        """
        # Nobody's large body is read before it is known that an account sends it
        is_known = self.caller.account_id is not None
        limit = MAX_DOCUMENT_BODY if is_known else MAX_BODY_BYTES
        body = self.read_body(GroupDocumentSerializer, limit=limit)
        content = _read_base64(body["document"])
        member_id = self.member_id
        return self.prove_once(
            body,
            lambda: claim_by_document(
                shopper_id=member_id, group_code=group, content=content, now=self.now
            ),
        )


class GroupAddressView(ProofBase):
    """Proof by an address."""

    @describe(
        "mailGroupLink",
        "Have a link sent to an address that proves it",
        tag=TAG,
        request=GroupAddressSerializer,
        request_example={"address": "alice@cs.uni.example"},
        response=MailSentSerializer,
        example={"valid_seconds": MAIL_SECONDS},
        headers=[MAY_HAVE_KEY],
        refusals=("domain_unknown", *PROVING),
        audience="account",
    )
    def post(self, request: Request, group: str) -> HttpResponse:
        """The link leads to the web page; its token may as well be sent to /groups/confirm."""
        body = self.read_body(GroupAddressSerializer)
        page = settings.SITE_URL.rstrip("/") + reverse("account_groups")
        member_id = self.member_id

        def act() -> HttpResponse:
            mail_link(member_id, group, body["address"], page)
            return text_response(MailSentSerializer.to_json(None, valid_seconds=MAIL_SECONDS))

        return self.answer_once(body, act)


class GroupConfirmView(ProofBase):
    """The token of a mailed link."""

    @describe(
        "confirmGroupAddress",
        "Confirm the address by the token that was mailed",
        tag=TAG,
        request=GroupTokenSerializer,
        request_example={"token": "eyJncm91cCI6InN0dWRlbnQifQ:1vP:sig"},
        response=GroupsSerializer,
        example=examples.GROUPS,
        headers=[MAY_HAVE_KEY],
        refusals=("link_invalid", *PROVING),
        audience="account",
    )
    def post(self, request: Request) -> HttpResponse:
        """Only by the account that asked for it."""
        body = self.read_body(GroupTokenSerializer)
        member_id = self.member_id
        return self.prove_once(
            body,
            lambda: confirm_mail_claim(shopper_id=member_id, token=body["token"], now=self.now),
        )


def _read_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ValidationError({"document": ["This is not base64."]}) from error
