"""Lists of products by staff systems: uploaded, checked, taken over, taken back, given out."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from promotions.tokens.api import StaffScope
from shop.doors.api.conditions import IDEMPOTENCY_KEY, MAY_HAVE_KEY
from shop.doors.api.parsers import read_form
from shop.doors.api.responses import json_response
from shop.doors.api.schema import describe
from shop.doors.api.staff import StaffView
from shop.doors.api.v1 import staff_product_examples as examples
from shop.doors.api.v1.serializers.staff_lists import (
    ApplyListSerializer,
    CheckListSerializer,
    ListFormSerializer,
    ListProblem,
    ProductListSerializer,
)
from shop.doors.api.v1.views.staff_orders import TAG
from shop.doors.product_lists.api import (
    bound_token,
    choose_columns,
    export_rows,
    find_import,
    list_problems,
    receive_list,
    start_applying,
    start_undoing,
)
from shop.ground.catalog.selectors.markets import list_currencies
from shop.ground.jobs.services import JobUnknown, start_job
from shop.ground.kernel.sheets import sheet_lines

SEE, TAKE, UNDO = (f"shop.{verb}_productimport" for verb in ("view", "add", "change"))
MOST_SENT = 222 * 2**20  # a list, its pictures, and what the form needs around them
JOB = "work_on_product_lists"
ASKED = ("staff_forbidden", "list_refused")


class ProductListBase(StaffView):
    """What addresses of one list share."""

    def show_list(self, list_id: int) -> dict[str, Any]:
        """Return how far a list is. Raises Http404. Two queries."""
        item = find_import(list_id)
        if item is None:
            raise Http404
        problems = [
            ListProblem(problem, is_refused, item.file_name)
            for problem, is_refused in list_problems(list_id)
        ]
        return ProductListSerializer.to_dict(item, problems=problems)

    def ask(self, list_id: int, body: Any, act: Callable[[], None]) -> HttpResponse:
        """Ask a worker for something; the answer says that it is at it."""

        def answer() -> HttpResponse:
            self.show_list(list_id)
            act()
            transaction.on_commit(_call_worker)
            return json_response(self.show_list(list_id))

        return self.answer_once(body, answer)


def _call_worker() -> None:
    # With Redis down the schedule finds it within a minute.
    with suppress(JobUnknown):
        start_job(name=JOB)


class ProductListsView(ProductListBase):
    """Lists that come in."""

    @describe(
        "uploadProductList",
        "Upload a list of products, with its pictures in a zip file",
        tag=TAG,
        request=ListFormSerializer,
        response=ProductListSerializer,
        example=examples.LIST,
        status=201,
        headers=(IDEMPOTENCY_KEY,),
        refusals=("list_refused", "staff_forbidden"),
        audience="staff",
        sends="multipart/form-data",
    )
    def post(self, request: Request) -> HttpResponse:
        """Its columns are guessed, as staff chose them last time; nothing is changed yet."""
        self.require(StaffScope.PRODUCTS_WRITE, SEE, TAKE)
        fields, files = read_form(request._request, limit=MOST_SENT)
        form = self.check_body(ListFormSerializer, {**fields, **files})
        market = form.get("market", "")
        if market and market not in list_currencies():
            raise ValidationError({"market": [_("There is no such market.")]})
        content, pictures = form["file"].read(), form.get("pictures")
        sent = [hashlib.sha256(content).hexdigest(), pictures and pictures.size, market]

        def act() -> tuple[int, Any]:
            list_id = receive_list(
                file_name=form["file"].name,
                content=content,
                pictures=None if pictures is None else pictures.file,
                pictures_name="" if pictures is None else pictures.name,
                market=market,
                by_id=self.staff.pk,
                now=self.now,
            )
            return 201, self.show_list(list_id)

        return self.act_once(request, sent, act)


class ProductListView(ProductListBase):
    """One list."""

    @describe(
        "getProductList",
        "Show how far a list is and what is wrong with it",
        tag=TAG,
        response=ProductListSerializer,
        example=examples.LIST,
        refusals=("staff_forbidden",),
        audience="staff",
    )
    def get(self, request: Request, list_id: int) -> HttpResponse:
        """Ask again while its state is checking, applying or undoing."""
        self.require(StaffScope.PRODUCTS_READ, SEE)
        return json_response(self.show_list(list_id))


class CheckListView(ProductListBase):
    """The dry run."""

    @describe(
        "checkProductList",
        "Have a list checked",
        tag=TAG,
        request=CheckListSerializer,
        request_example=examples.CHECK,
        response=ProductListSerializer,
        example=examples.LIST,
        headers=(MAY_HAVE_KEY,),
        refusals=ASKED,
        audience="staff",
    )
    def post(self, request: Request, list_id: int) -> HttpResponse:
        """A worker checks every row; nothing is changed. May be asked again, until taken over."""
        self.require(StaffScope.PRODUCTS_WRITE, SEE, TAKE)
        body = self.read_body(CheckListSerializer)
        item = find_import(list_id)
        chosen = body.get("columns", [] if item is None else item.fields)
        is_whole = body["is_whole"]
        return self.ask(
            list_id,
            body,
            lambda: choose_columns(import_id=list_id, fields=chosen, is_whole=is_whole),
        )


class ApplyListView(ProductListBase):
    """Taking it over."""

    @describe(
        "applyProductList",
        "Have a checked list taken over",
        tag=TAG,
        request=ApplyListSerializer,
        request_example=examples.APPLY,
        response=ProductListSerializer,
        example=examples.LIST,
        headers=(MAY_HAVE_KEY,),
        refusals=(*ASKED, "price_changes_spent"),
        audience="staff",
    )
    def post(self, request: Request, list_id: int) -> HttpResponse:
        """Once: a list that is being taken over or was is refused, and so is one with doubtful
        prices that are not said to be meant. Refused rows are left out. Prices below cost wait for
        a second person in the back office.
        """
        self.require(StaffScope.PRODUCTS_WRITE, SEE, TAKE)
        body = self.read_body(ApplyListSerializer)
        meant, reason, by_id = body["meant_prices"], body["reason"], self.staff.pk
        return self.ask(
            list_id,
            body,
            lambda: start_applying(
                import_id=list_id,
                meant=meant,
                reason=reason,
                by_id=by_id,
                bound=bound_token(self.staff.token_id, most=self.staff.key.prices_a_day),
                now=self.now,
            ),
        )


class UndoListView(ProductListBase):
    """Taking it back."""

    @describe(
        "undoProductList",
        "Have a list taken back",
        tag=TAG,
        response=ProductListSerializer,
        example=examples.LIST,
        headers=(MAY_HAVE_KEY,),
        refusals=ASKED,
        audience="staff",
    )
    def post(self, request: Request, list_id: int) -> HttpResponse:
        """Rows that somebody changed or bought since stay as they are."""
        self.require(StaffScope.PRODUCTS_WRITE, SEE, UNDO)
        by_id = self.staff.pk
        return self.ask(
            list_id, {}, lambda: start_undoing(import_id=list_id, by_id=by_id, now=self.now)
        )


class ExportProductsView(StaffView):
    """All products as a list."""

    @describe(
        "exportProducts",
        "Export all products as the list that an import takes",
        tag=TAG,
        response=OpenApiTypes.STR,
        example=examples.EXPORT,
        refusals=("staff_forbidden",),
        audience="staff",
        answers="text/csv",
    )
    def get(self, request: Request) -> StreamingHttpResponse:
        """CSV in UTF-8, one row a variant."""
        self.require(StaffScope.PRODUCTS_READ, SEE)
        lines = sheet_lines(export_rows())
        answer = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
        answer["Content-Disposition"] = 'attachment; filename="products.csv"'
        return answer
