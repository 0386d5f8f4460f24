"""The wish list, letters about what is back, orders anew and rated, forms and rules."""

from __future__ import annotations

from django.conf import settings
from django.http import Http404, HttpResponse
from django.utils.translation import gettext
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from orders.refusals import CartRefused
from orders.satisfaction.api import rate_order
from orders.terms.api import list_regions, list_served, read_country
from profiles.shoppers.api import get_shopper
from shop.doors.api.base import ApiView
from shop.doors.api.conditions import MAY_HAVE_KEY
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import shopper_examples as examples
from shop.doors.api.v1.serializers.wishes import (
    AddressFormSerializer,
    AwaitedSerializer,
    OrderedAgainSerializer,
    RateOrderSerializer,
    RatingSerializer,
    ReturnRulesSerializer,
    ServedCountriesSerializer,
    TellMeSerializer,
    WishesSerializer,
    list_form_regions,
)
from shop.doors.api.v1.views.checkout import OrderBase
from shop.doors.pages.checkout import order_again
from shop.doors.pages.members import Visitor
from shop.doors.pages.returns import return_rules
from shop.doors.pages.wishes import await_stock, find_sold_out, keep, saved, stop_waiting
from shop.ground.catalog.selectors import ProductNotFound, get_market, list_cards
from shop.ground.jobs.limits import CHANGE, LETTERS
from shop.ground.kernel.translation import gettext_noop

TAG = "shopper"


class WishesBase(ApiView):
    """What addresses of the wish list share."""

    def answer(self) -> HttpResponse:
        """Return the list as it now is."""
        ctx = self.context
        items = saved(ctx, Visitor(ctx))
        return text_response(WishesSerializer.to_json(None, ctx.locale, items=items))

    def change(self, variant_id: int, *, is_saved: bool) -> HttpResponse:
        """Put a variant on the list or take it off, and return the list."""
        shopper = get_shopper(self.require_shopper())
        keep(self.context, shopper.id, variant_id, is_saved=is_saved)
        return self.answer()


class WishesView(WishesBase):
    """The wish list."""

    @describe(
        "listWishes",
        "List what I saved, at my price",
        tag=TAG,
        response=WishesSerializer,
        example=examples.WISHES,
        audience="shopper",
    )
    def get(self, request: Request) -> HttpResponse:
        """What is no longer sold is left out."""
        self.require_shopper()
        return self.answer()


class WishView(WishesBase):
    """One saved variant."""

    @describe(
        "saveWish",
        "Save a variant",
        tag=TAG,
        response=WishesSerializer,
        example=examples.WISHES,
        refusals=("product_not_found", "shopper_not_found", "wish_list_full"),
        audience="shopper",
    )
    def put(self, request: Request, variant_id: int) -> HttpResponse:
        """Twice is once."""
        if not list_cards([variant_id], self.context.language):
            raise ProductNotFound("There is no such variant.")
        return self.change(variant_id, is_saved=True)

    @describe(
        "dropWish",
        "Take a variant off my saved list",
        tag=TAG,
        response=WishesSerializer,
        example=examples.WISHES,
        refusals=("shopper_not_found",),
        audience="shopper",
    )
    def delete(self, request: Request, variant_id: int) -> HttpResponse:
        """Not there is fine."""
        return self.change(variant_id, is_saved=False)


class TellMeView(ApiView):
    """A letter when a sold-out variant is back."""

    @describe(
        "tellMe",
        "Have a letter sent when a sold-out variant is back",
        tag=TAG,
        request=TellMeSerializer,
        request_example={"email": "alice@example.com"},
        response=AwaitedSerializer,
        example=examples.AWAITED,
        refusals=("product_not_found", "in_stock"),
        audience="shopper",
    )
    def put(self, request: Request, slug: str, variant_id: int) -> HttpResponse:
        """Accounts are written to at their address; a guest names one and confirms it by the link
        in a letter. Twice is once."""
        email = self.read_body(TellMeSerializer).get("email", "")
        self.require_shopper()
        ctx = self.context
        if find_sold_out(ctx, slug, variant_id) is None:
            raise CartRefused(gettext_noop("It is in stock. You can buy it now."), code="in_stock")
        if ctx.account_id is None:
            if not email:
                said = ErrorDetail(gettext("This field is required."), code="required")
                raise ValidationError({"email": [said]})
            self.count(LETTERS)
        confirms = await_stock(ctx, variant_id, email)
        body = AwaitedSerializer.to_json(None, is_awaited=True, needs_confirmation=confirms)
        return text_response(body)

    @describe(
        "stopTelling",
        "End my request for a letter",
        tag=TAG,
        response=AwaitedSerializer,
        example={"is_awaited": False, "needs_confirmation": False},
        audience="account",
    )
    def delete(self, request: Request, slug: str, variant_id: int) -> HttpResponse:
        """A guest ends it by the link in the letter. Twice is once."""
        self.require_account()
        stop_waiting(self.context, variant_id)
        body = AwaitedSerializer.to_json(None, is_awaited=False, needs_confirmation=False)
        return text_response(body)


class OrderAgainView(OrderBase):
    """The same once more."""

    policies = (CHANGE,)

    @describe(
        "orderAgain",
        "Put what one of my orders had into the cart",
        tag="orders",
        response=OrderedAgainSerializer,
        example={"added": 2, "missing": ["Rye bread"]},
        headers=[MAY_HAVE_KEY],
        refusals=("order_not_found", "shopper_not_found", "too_many_lines", "bad_quantity"),
        audience="shopper",
    )
    def post(self, request: Request, number: str) -> HttpResponse:
        """At today's prices, as far as it is in stock; gifts are left out."""
        return self.answer_once({}, lambda: self._order(number))

    def _order(self, number: str) -> HttpResponse:
        done = order_again(self.context, self.find_own(number))
        return text_response(OrderedAgainSerializer.to_json(done))


class OrderRatingView(OrderBase):
    """How an order was."""

    policies = (CHANGE,)

    @describe(
        "rateOrder",
        "Say how one of my orders was",
        tag="orders",
        request=RateOrderSerializer,
        request_example={"score": 5, "words": "Well packed."},
        response=RatingSerializer,
        example=examples.RATING,
        refusals=("order_not_found", "shopper_not_found", "not_rateable"),
        audience="shopper",
    )
    def put(self, request: Request, number: str) -> HttpResponse:
        """From 1, very bad, to 5, very good, once something of it has arrived; a later answer
        replaces it. Products have reviews of their own."""
        body = self.read_body(RateOrderSerializer)
        order = self.find_own(number)
        rating = rate_order(
            order_id=order.order_id, score=body["score"], words=body.get("words"), now=self.now
        )
        return text_response(RatingSerializer.to_json(rating))


class ReturnRulesView(ApiView):
    """Rules of returns."""

    public_seconds = 60

    @describe(
        "getReturnRules",
        "Say what may be sent back",
        tag="orders",
        response=ReturnRulesSerializer,
        example=examples.RETURN_RULES,
    )
    def get(self, request: Request) -> HttpResponse:
        """In the words of the shop's page about returns."""
        promise, special = return_rules(self.context)
        body = ReturnRulesSerializer.to_json(None, promise=promise, exceptions=special)
        return text_response(body)


class AddressFormsView(ApiView):
    """Countries the shop delivers to."""

    public_seconds = 60

    @describe(
        "listServedCountries",
        "List the countries that the shop delivers to",
        tag="checkout",
        response=ServedCountriesSerializer,
        example={"countries": [{"code": "US", "name": "United States"}]},
    )
    def get(self, request: Request) -> HttpResponse:
        """For the first question of an address."""
        ctx, market = self.context, get_market(settings.MARKET_CODE)
        countries = list_served(
            market_code=market.code,
            country=market.country,
            day=self.now.date(),
            language=ctx.language,
        )
        return text_response(ServedCountriesSerializer.to_json(None, countries=countries))


class AddressFormView(ApiView):
    """The form of one country's addresses."""

    public_seconds = 3600

    @describe(
        "getAddressForm",
        "Say which fields an address in a country needs",
        tag="checkout",
        response=AddressFormSerializer,
        example=examples.ADDRESS_FORM,
    )
    def get(self, request: Request, country: str) -> HttpResponse:
        """Required fields, regions to choose from, postcodes and how the lines are written."""
        code = country.upper()
        rules = read_country(code)
        if rules is None:
            raise Http404
        regions = list_form_regions(code, list_regions(code))
        body = AddressFormSerializer.to_json(rules, country=code, regions=regions)
        return text_response(body)
