"""Guest tokens, consent, and what we know about a shopper."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from rest_framework.request import Request

from pricing.api import resolve_jurisdiction
from profiles.accounts.api import get_or_create_guest
from profiles.consent.api import set_consent
from profiles.shoppers.api import ShopperNotFound, find_shopper, get_shopper
from profiles.values import Consents
from shop.doors.api.authentication import GUEST_TOKEN_SECONDS, sign_guest_token
from shop.doors.api.base import ApiView
from shop.doors.api.context import default_consents
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import examples
from shop.doors.api.v1.serializers.shopper import (
    AccountSerializer,
    ConsentStateSerializer,
    ErasedSerializer,
    GuestSerializer,
    IndexSerializer,
    OwnDataSerializer,
    SetConsentSerializer,
)
from shop.doors.pages.account import account
from shop.doors.pages.context import PageContext
from shop.doors.pages.privacy import erase_own, export_own
from shop.ground.jobs.limits import GUEST

TAG = "shopper"
ACCOUNT_API = "/_allauth/app/v1/"


class IndexView(ApiView):
    """The entry."""

    public_seconds = 3600

    @describe(
        "getIndex",
        "Say where things are",
        tag=TAG,
        response=IndexSerializer,
        example=examples.INDEX,
    )
    def get(self, request: Request) -> HttpResponse:
        """Addresses of the documentation, the schema and the account API."""
        body = IndexSerializer.to_json(
            None,
            name="Fairtag API",
            version="1",
            docs=reverse("api:docs"),
            schema=reverse("api:schema"),
            account_api=ACCOUNT_API,
        )
        return text_response(body)


class GuestView(ApiView):
    """Guest tokens."""

    policies = (GUEST,)
    refuses_joined = False

    @describe(
        "createGuest",
        "Get a guest token",
        tag=TAG,
        response=GuestSerializer,
        example=examples.GUEST,
        status=201,
    )
    def post(self, request: Request) -> HttpResponse:
        """Once per device. Sent with a valid token, the same shopper gets a fresh one; whoever has
        signed in gets a new guest, for after the sign-out.

        Consent starts as the law of the place has it: off where silence means no.
        """
        ctx = self.context
        shopper = get_or_create_guest(
            pseudonym=None if self.caller.account_id else self.caller.pseudonym,
            defaults=default_consents(ctx),
            market_code=ctx.market,
            now=self.now,
        )
        body = GuestSerializer.to_json(
            None,
            shopper_token=sign_guest_token(shopper.pseudonym),
            expires_in=GUEST_TOKEN_SECONDS,
            consents=shopper.consents,
        )
        return text_response(body, status=201)


class ConsentsView(ApiView):
    """Consent."""

    @describe(
        "getConsents",
        "Show what I agreed to",
        tag=TAG,
        response=ConsentStateSerializer,
        example=examples.CONSENTS,
        audience="anyone",
    )
    def get(self, request: Request) -> HttpResponse:
        """The current answers and the rule of the place. Unknown shoppers agreed to nothing."""
        pseudonym = self.caller.pseudonym
        shopper = find_shopper(pseudonym) if pseudonym else None
        consents = Consents() if shopper is None else shopper.consents
        return text_response(_show_consents(self.context, consents))


class ConsentView(ApiView):
    """One purpose."""

    @describe(
        "setConsent",
        "Agree or refuse, per purpose",
        tag=TAG,
        request=SetConsentSerializer,
        request_example={"granted": False},
        response=ConsentStateSerializer,
        example=examples.CONSENTS,
        refusals=("unknown_purpose", "shopper_not_found"),
        audience="shopper",
    )
    def put(self, request: Request, purpose: str) -> HttpResponse:
        """Purposes: price, recommendations, marketing, analytics. Holds from the next quote on,
        on all devices; refusing is exactly as easy as agreeing."""
        body = self.read_body(SetConsentSerializer)
        shopper = get_shopper(self.require_shopper())
        ctx = self.context
        shopper = set_consent(
            shopper_id=shopper.id,
            purpose=purpose,
            granted=body["granted"],
            how="api",
            locale=ctx.locale,
            text_version=body["text_version"],
            now=self.now,
        )
        return text_response(_show_consents(ctx, shopper.consents))


class AccountView(ApiView):
    """What we know about a shopper."""

    @describe(
        "getAccount",
        "Show what the store knows about me",
        tag=TAG,
        response=AccountSerializer,
        example=examples.ACCOUNT,
        audience="shopper",
    )
    def get(self, request: Request) -> HttpResponse:
        """Segment, tags, interests, answers; for guests too. Signing in, e-mail addresses,
        passwords and devices belong to the account API."""
        self.require_shopper()
        page = account(self.context)
        if page.shopper is None:
            raise ShopperNotFound("Nothing is known about this shopper.")
        return text_response(AccountSerializer.to_json(page))

    @describe(
        "deleteAccount",
        "Delete me",
        tag=TAG,
        response=ErasedSerializer,
        example={"is_erased": True},
        refusals=("reauthentication_required", "staff_account"),
        audience="shopper",
    )
    def delete(self, request: Request) -> HttpResponse:
        """Forgets everything that leads to the shopper, at once and for good, the login included.

        What the law wants kept of orders stays without a name. An account confirms its password or
        second factor first. The tokens are no use afterwards.
        """
        self.require_owner()
        return text_response(ErasedSerializer.to_json(None, is_erased=erase_own(self.context)))


class OwnDataView(ApiView):
    """All personal data."""

    @describe(
        "exportAccount",
        "Take my data along",
        tag=TAG,
        response=OwnDataSerializer,
        example=examples.OWN_DATA,
        refusals=("reauthentication_required",),
        audience="shopper",
    )
    def get(self, request: Request) -> HttpResponse:
        """Everything the store keeps about the shopper, by room: the file of the privacy page.

        An account confirms its password or second factor first.
        """
        self.require_owner()
        return text_response(OwnDataSerializer.to_json(None, rooms=export_own(self.context)))


def _show_consents(ctx: PageContext, consents: Consents) -> str:
    rule = resolve_jurisdiction(code=ctx.jurisdiction_code, now=ctx.now)
    return ConsentStateSerializer.to_json(rule, consents=consents, is_gpc=ctx.gpc)
