"""Campaigns written by staff systems: the documents of files, the services of the back office."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from promotions.campaigns.api import find_campaign, find_campaign_id, refuse_value
from promotions.planning.api import (
    Writer,
    find_version,
    read_documents,
    require_version,
    write_document,
)
from promotions.release.api import move_campaign
from promotions.tokens.api import StaffScope
from shop.doors.api.conditions import IDEMPOTENCY_KEY
from shop.doors.api.language import page_language
from shop.doors.api.parsers import read_json
from shop.doors.api.responses import json_response
from shop.doors.api.schema import describe
from shop.doors.api.staff import StaffView, read_version
from shop.doors.api.v1 import staff_examples as examples
from shop.doors.api.v1.serializers.staff import (
    CampaignDocumentSerializer,
    CampaignSerializer,
    CampaignStateSerializer,
    CampaignStepSerializer,
    CampaignWrittenSerializer,
)

TAG = "staff"
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The campaign's ETag: needed for one that exists; 412 if it has changed since.",
)
VIEW, ADD, CHANGE = (f"promotions.{verb}_campaign" for verb in ("view", "add", "change"))
OFFERS = ("promotions.add_offer", "promotions.change_offer")
SEES_CODES = "promotions.view_coupon"
CODES = ("promotions.add_coupon", "promotions.change_coupon", "promotions.add_codebatch")
WRITING = ("document_refused", "campaign_refused", "law_broken", "public_under_experiment")
CHANGED = ("campaign_changed", "version_needed", "if_match_malformed")


class StaffCampaignBase(StaffView):
    """What addresses of one campaign share."""

    def show(
        self, campaign_id: int, answer: type[CampaignStateSerializer], **given: Any
    ) -> dict[str, Any]:
        """Return what the campaign is now. Six queries."""
        found = find_campaign(campaign_id, now=self.now)
        if found is None:
            raise Http404
        return answer.to_dict(found, version=find_version(campaign_id), **given)

    def act_on_campaign(self, body: Any, act: Callable[[], dict[str, Any]]) -> HttpResponse:
        """Run `act` once per key of this member of staff, and name the campaign's version."""

        def answer() -> HttpResponse:
            shown = act()
            return json_response(shown, headers={"ETag": f'"{shown["version"]}"'})

        return self.answer_once(body, answer, needs_key=True)


class StaffCampaignView(StaffCampaignBase):
    """One campaign, read and written as a document."""

    @describe(
        "getStaffCampaign",
        "Read a campaign as its document",
        tag=TAG,
        response=CampaignSerializer,
        example=examples.CAMPAIGN,
        refusals=("staff_forbidden",),
        audience="staff",
    )
    def get(self, request: Request, code: str) -> HttpResponse:
        """Codes are told only to those who may see them; those of batches to nobody."""
        self.require(StaffScope.READ, VIEW)
        campaign_id = find_campaign_id(code)
        if campaign_id is None:
            raise Http404
        with_codes = self.staff.account.has_perm(SEES_CODES)
        [document] = read_documents([campaign_id], with_codes=with_codes)
        shown = self.show(campaign_id, CampaignSerializer, campaign=document)
        return json_response(shown, headers={"ETag": f'"{shown["version"]}"'})

    @describe(
        "putStaffCampaign",
        "Create a draft campaign, or change one",
        tag=TAG,
        request=CampaignDocumentSerializer,
        request_example=examples.DOCUMENT,
        response=CampaignWrittenSerializer,
        example=examples.WRITTEN,
        headers=(IF_MATCH, IDEMPOTENCY_KEY),
        refusals=("staff_forbidden", *WRITING, *CHANGED),
        audience="staff",
    )
    def put(self, request: Request, code: str) -> HttpResponse:
        """Without If-Match it is created. Fields left out stay as they are; offers left out go.

        What is released changes by the rules of the back office: the law is asked, and what goes
        further than was agreed waits for a second person.
        """
        self.require(StaffScope.WRITE, VIEW)
        document = read_json(request._request)
        if not isinstance(document, dict):
            raise ValidationError({"non_field_errors": [_("The body must be an object.")]})
        expected = read_version(request._request)
        return self.act_on_campaign(document, lambda: self._write(code, document, expected))

    def _write(self, code: str, document: dict[str, Any], expected: str | None) -> dict[str, Any]:
        known = require_version(code, expected)
        self.require(StaffScope.WRITE, ADD if known is None else CHANGE, *OFFERS)
        if document.get("code") != code:
            why = _("expected %(code)s, as in the address") % {"code": code}
            raise refuse_value("code", document.get("code"), why)
        account, key = self.staff.account, self.staff.key
        writer = Writer(
            by_id=account.pk,
            reason=f"API: {key.name}",
            now=self.now,
            language=page_language(),
            may_change_codes=account.has_perms(CODES),
            source=f"token {key.token_id}",
        )
        written = write_document(document, writer)
        return self.show(
            written.saved.campaign_id,
            CampaignWrittenSerializer,
            is_new=written.is_new,
            is_waiting=written.saved.is_waiting,
            changes=written.sentences,
        )


class StaffCampaignStepsView(StaffCampaignBase):
    """What leads a campaign to shoppers, and back."""

    @describe(
        "moveStaffCampaign",
        "Hand a campaign in, take it back, pause, resume or end it",
        tag=TAG,
        request=CampaignStepSerializer,
        request_example=examples.STEP_REQUEST,
        response=CampaignStateSerializer,
        example=examples.STEPPED,
        headers=(IF_MATCH, IDEMPOTENCY_KEY),
        refusals=("staff_forbidden", *WRITING, *CHANGED),
        audience="staff",
    )
    def post(self, request: Request, code: str) -> HttpResponse:
        """`schedule` asks the law and releases, or asks for a second person: status `scheduled`.

        Nobody approves by token.
        """
        self.require(StaffScope.RELEASE, VIEW, CHANGE)
        body = self.read_body(CampaignStepSerializer)
        expected = read_version(request._request)
        return self.act_on_campaign(body, lambda: self._move(code, body, expected))

    def _move(self, code: str, body: dict[str, Any], expected: str | None) -> dict[str, Any]:
        campaign_id = require_version(code, expected)
        if campaign_id is None:
            raise Http404
        move_campaign(
            campaign_id=campaign_id,
            step=body["step"],
            reason=body["reason"],
            by_id=self.staff.pk,
            now=self.now,
        )
        return self.show(campaign_id, CampaignStateSerializer)
