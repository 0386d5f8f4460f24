"""Loyalty points: balance, movements, joining, and paying with them."""

from __future__ import annotations

from django.http import HttpResponse
from rest_framework.request import Request

from orders.cart.api import use_points
from promotions.engine.api import normalize_code
from shop.doors.api.base import ApiView
from shop.doors.api.conditions import IF_MATCH, MAY_HAVE_KEY
from shop.doors.api.pagination import read_cursor, write_cursor
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import order_examples, points_examples
from shop.doors.api.v1.serializers.cart import CartSerializer
from shop.doors.api.v1.serializers.points import (
    JoinedSerializer,
    JoinPointsSerializer,
    PointsCodeSerializer,
    PointsPageQuerySerializer,
    PointsPageSerializer,
    PointsSerializer,
    UsePointsSerializer,
)
from shop.doors.api.v1.views.cart import CHANGES, CartBase
from shop.doors.pages.points import join_points, make_code, my_points
from shop.ground.jobs.limits import CHANGE, CODES, GUESS

TAG = "points"


class PointsView(ApiView):
    """My points."""

    @describe(
        "getPoints",
        "Show my points and my tier",
        tag=TAG,
        response=PointsSerializer,
        example=points_examples.POINTS,
        refusals=("no_programme",),
        audience="account",
    )
    def get(self, request: Request) -> HttpResponse:
        """Balance, what expires next, the tier and the way to the next one."""
        self.require_account()
        ctx = self.context
        return text_response(PointsSerializer.to_json(my_points(ctx), ctx.locale, ctx.currency))


class PointsMovesView(ApiView):
    """Movements of my points."""

    @describe(
        "listPointsMoves",
        "List what moved my points, newest first",
        tag=TAG,
        query=PointsPageQuerySerializer,
        response=PointsPageSerializer,
        example={"moves": [points_examples.MOVE], "next_cursor": None},
        refusals=("no_programme", "cursor_invalid"),
        audience="account",
    )
    def get(self, request: Request) -> HttpResponse:
        """Earned, used, given back, expired, corrected; nothing for who has not joined."""
        self.require_account()
        cursor = self.read_query(PointsPageQuerySerializer)["cursor"]
        page = my_points(self.context, int(read_cursor("points", cursor)) if cursor else None)
        following = page.next_before
        more = None if following is None else write_cursor("points", str(following))
        return text_response(PointsPageSerializer.to_json(page, next_cursor=more))


class JoinPointsView(ApiView):
    """Membership."""

    policies = (GUESS,)

    @describe(
        "joinPoints",
        "Join the points programme",
        tag=TAG,
        request=JoinPointsSerializer,
        request_example={"invitation": "K7M2PQR9TX"},
        response=JoinedSerializer,
        example={"points": points_examples.POINTS, "invitation_refused": ""},
        headers=[MAY_HAVE_KEY],
        refusals=("no_programme", "not_a_member"),
        audience="account",
    )
    def post(self, request: Request) -> HttpResponse:
        """Twice is once. An invitation that does not count is no error: the answer says why."""
        body = self.read_body(JoinPointsSerializer)
        self.require_account()
        return self.answer_once(body, lambda: self._join(body["invitation"]))

    def _join(self, invitation: str) -> HttpResponse:
        ctx = self.context
        refused = join_points(ctx, normalize_code(invitation))
        answer = JoinedSerializer.to_json(
            None, ctx.locale, ctx.currency, points=my_points(ctx), invitation_refused=refused
        )
        return text_response(answer)


class PointsCodeView(ApiView):
    """A code to pay with at a till."""

    policies = (CHANGE, CODES)

    @describe(
        "makePointsCode",
        "Make a code to pay with points at a till",
        tag=TAG,
        response=PointsCodeSerializer,
        example=points_examples.CODE,
        refusals=("not_a_member",),
        audience="account",
    )
    def post(self, request: Request) -> HttpResponse:
        """Good for five minutes and one use; the code before it is no use any more."""
        self.require_account()
        return text_response(PointsCodeSerializer.to_json(make_code(self.context)))


class CartPointsView(CartBase):
    """Points in the cart."""

    @describe(
        "usePoints",
        "Pay with points",
        tag=TAG,
        request=UsePointsSerializer,
        request_example={"points": 500},
        response=CartSerializer,
        example=order_examples.CART,
        headers=[IF_MATCH],
        refusals=("bad_points", *CHANGES),
        audience="shopper",
    )
    def put(self, request: Request) -> HttpResponse:
        """Up to as many as given; `points` of the cart says how many it takes, and why fewer."""
        body = self.read_body(UsePointsSerializer)
        cart = use_points(context=self.quoting, points=body["points"], version=self.version)
        return self.answer(cart)
