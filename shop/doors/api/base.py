"""The base of every API view: who calls, how often, and headers that keep answers private."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext
from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from shop.doors.api.authentication import (
    GUEST_HEADER,
    Caller,
    CallerAuthentication,
    GuestTokenRequired,
    ReauthenticationRequired,
    SignInRequired,
    TokenRefused,
    proved_lately,
)
from shop.doors.api.conditions import answer_once
from shop.doors.api.context import REGION_HEADER, build_context
from shop.doors.api.errors import QueryInvalid, TooManyRequests, request_id
from shop.doors.api.language import activate_language
from shop.doors.api.parsers import MAX_BODY_BYTES, read_json
from shop.doors.api.responses import JSON_TYPE
from shop.doors.api.sparse import FIELDS, Wanted, prune, read_fields
from shop.doors.pages.context import PageContext
from shop.ground.jobs.limits import BROWSE, CHANGE, Client, Policy, Verdict, limit_headers
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.translation import gettext_noop

# What a client sends: bodies, forms and queries. A name that nobody reads is refused.


class InputSerializer(serializers.Serializer[object]):
    """A body, a form or a query with exactly the declared fields."""

    echoes: ClassVar[frozenset[str]] = frozenset()
    """Fields of the answer that come back with a changed document, and are not read."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the checked fields. Raises ValidationError, also for names that are unknown."""
        known = self.fields.keys() | self.echoes
        unknown = refuse_unknown(data, known) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                raise ValidationError({**error.detail, **unknown}) from error
            raise
        if unknown:
            raise ValidationError(unknown)
        return value


class InputSchema(OpenApiSerializerExtension):
    """Says in the OpenAPI schema that there are no other fields."""

    target_class = "shop.doors.api.base.InputSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return the serializer's own schema, closed."""
        schema: dict[str, Any] = auto_schema._map_serializer(
            self.target, direction, bypass_extensions=True
        )
        for name in sorted(self.target.echoes):
            schema["properties"][name] = {"description": "As it was read. It changes nothing."}
        return {**schema, "additionalProperties": False}


def refuse_unknown(given: Iterable[str], known: Collection[str]) -> dict[str, list[ErrorDetail]]:
    """Return a fault for each of the given names that is not known."""
    said = gettext("There is no such field.")
    return {name: [ErrorDetail(said, code="unknown_field")] for name in given if name not in known}


PRIVATE = "private, no-store"
VARY = ("Authorization", GUEST_HEADER, REGION_HEADER, "Sec-GPC", "Accept-Language")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class JsonOnly(BaseContentNegotiation):
    """Every answer is JSON, whatever the client prefers: nothing to negotiate."""

    def select_parser(self, request: Request, parsers: Any) -> BaseParser:
        """Return the only parser."""
        parser: BaseParser = parsers[0]
        return parser

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """Return the only renderer."""
        return renderers[0], JSON_TYPE


class ApiView(APIView):
    """A view that reads plain values and returns `json_response`.

    Subclasses set `policies` (rate limits; by default reads and changes have their own) and
    `public_seconds` if the answer is the same for everybody and may be kept by shared caches.
    """

    authentication_classes: Sequence[type[BaseAuthentication]] = (CallerAuthentication,)
    content_negotiation_class = JsonOnly
    metadata_class = None
    policies: ClassVar[tuple[Policy, ...]] = ()
    refuses_joined: ClassVar[bool] = True
    public_seconds: ClassVar[int] = 0
    keys_kept: ClassVar[int | None] = 200
    """Answers kept per caller; payments have records of their own."""

    now: datetime
    verdicts: list[Verdict]
    wanted: Wanted | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Learn who calls, count the request, refuse what the operation does not ask for.

        The clock is read here, once.
        """
        activate_language(request._request)
        self.now = utc_now()
        self.verdicts = []
        super().initial(request, *args, **kwargs)
        asks = getattr(getattr(self, str(request.method).lower(), None), "asks", None)
        if asks is None:
            return
        if unknown := refuse_unknown(request.query_params, asks.query):
            raise QueryInvalid(unknown)
        if asks.answer is not None:
            self.wanted = read_fields(request.query_params.get(FIELDS, ""), asks.answer)
        if not asks.has_body and request.method not in SAFE_METHODS:
            self.read_body(InputSerializer)  # has no fields

    def perform_authentication(self, request: Request) -> None:
        """Learn who calls. Raises TokenRefused for what a guest left behind who has signed in."""
        super().perform_authentication(request)
        if self.caller.has_joined and self.refuses_joined:
            raise TokenRefused(
                "This guest has signed in. Sign in, or ask for a new shopper token.",
                code="token_joined",
            )

    def check_throttles(self, request: Request) -> None:
        """Take the request from every bucket that counts it; raise TooManyRequests."""
        default = BROWSE if request.method in SAFE_METHODS else CHANGE
        for policy in self.policies or (default,):
            self.count(policy)

    def count(self, policy: Policy, *, cost: int = 1) -> None:
        """Take `cost` requests from the bucket of `policy`; raise TooManyRequests."""
        caller = self.caller
        client = Client(caller.account_id, caller.pseudonym, caller.address)
        verdict = client.take(policy, cost=cost)
        self.verdicts.append(verdict)
        if not verdict.is_allowed:
            raise TooManyRequests(verdict.retry_seconds)

    def finalize_response(  # type: ignore[override]  # the stubs know DRF's own Response only
        self, request: Request, response: HttpResponse, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Leave only the wanted fields; add what every answer carries: cache rules, id, limits."""
        if self.wanted and response.status_code == 200:
            response.content = prune(response.content, self.wanted)
        response["Allow"] = ", ".join(self.allowed_methods)
        is_public = self.public_seconds and response.status_code in (200, 304)
        if is_public:
            response["Cache-Control"] = f"public, max-age={self.public_seconds}"
        else:
            response["Cache-Control"] = PRIVATE
            patch_vary_headers(response, VARY)
            verdicts: list[Verdict] = getattr(self, "verdicts", [])
            if verdicts:
                for name, value in limit_headers(verdicts).items():
                    response[name] = value
        response["X-Request-ID"] = request_id()
        return response

    def options(  # type: ignore[override]  # the stubs know DRF's own Response only
        self, request: HttpRequest, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Answer with the allowed methods."""
        return HttpResponse(status=204)

    @property
    def caller(self) -> Caller:
        """Who calls."""
        caller: Caller = self.request.user  # type: ignore[assignment]  # see CallerAuthentication
        return caller

    @property
    def context(self) -> PageContext:
        """The visit, as pages know it."""
        return build_context(self.request._request, self.caller, self.now)

    def require_account(self) -> int:
        """Return the account's id. Raises SignInRequired."""
        if self.caller.account_id is None:
            raise SignInRequired("Sign in to do this.")
        return self.caller.account_id

    def require_owner(self) -> str:
        """Return the shopper's pseudonym, for what only the owner may do, not who found a device.

        Raises GuestTokenRequired, or ReauthenticationRequired for an account. Two queries at most.
        """
        account_id = self.caller.account_id
        claims: Any = self.request.auth  # see CallerAuthentication
        if account_id is not None and not proved_lately(claims, account_id, self.now):
            raise ReauthenticationRequired(
                gettext_noop(
                    "Confirm who you are at /_allauth/app/v1/auth/reauthenticate, then try again."
                )
            )
        return self.require_shopper()

    def require_shopper(self) -> str:
        """Return the shopper's pseudonym. Raises GuestTokenRequired."""
        if self.caller.pseudonym is None:
            raise GuestTokenRequired("Send X-Shopper-Token; POST /api/v1/guest gives one.")
        return self.caller.pseudonym

    @property
    def key_scope(self) -> str:
        """Whose Idempotency-Keys these are. Raises GuestTokenRequired."""
        return f"api:{self.require_shopper()}"

    def answer_once(
        self, body: Any, act: Callable[[], HttpResponse], *, needs_key: bool = False
    ) -> HttpResponse:
        """Run `act` once per Idempotency-Key of the caller, in one transaction.

        Sent again, the key gets the first answer again. It stands for address, If-Match and `body`:
        another request under it is refused. Without a key `act` runs each time, unless it
        `needs_key`.
        """
        return answer_once(
            self.request._request,
            scope=self.key_scope,
            body=body,
            now=self.now,
            act=act,
            needs_key=needs_key,
            most=self.keys_kept,
        )

    def read_body(
        self, serializer: type[Serializer[Any]], *, limit: int = MAX_BODY_BYTES
    ) -> dict[str, Any]:
        """Return the checked JSON body. Raises ValidationError (400) or BodyRefused."""
        return self.check_body(serializer, read_json(self.request._request, limit=limit))

    def check_body(self, serializer: type[Serializer[Any]], given: Any) -> dict[str, Any]:
        """Return `given`, a JSON value, as the serializer reads it. Raises ValidationError."""
        checked = serializer(data=given)
        checked.is_valid(raise_exception=True)
        body: dict[str, Any] = checked.validated_data
        return body

    def read_query(self, serializer: type[Serializer[Any]]) -> dict[str, Any]:
        """Return the checked query string. Raises QueryInvalid (400)."""
        given = self.request.query_params.copy()
        given.pop(FIELDS, None)
        checked = serializer(data=given)
        if not checked.is_valid():
            raise QueryInvalid(checked.errors)
        query: dict[str, Any] = checked.validated_data
        return query
