"""Products by staff systems: read, written whole by the one service, archived."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from pricing.publishing.core.values import Meant, name_setter
from promotions.tokens.api import StaffScope
from shop.doors.api.conditions import IDEMPOTENCY_KEY, MAY_HAVE_KEY
from shop.doors.api.pagination import read_cursor, write_cursor
from shop.doors.api.responses import json_response, text_response
from shop.doors.api.schema import describe
from shop.doors.api.staff import StaffView, read_version
from shop.doors.api.v1 import staff_product_examples as examples
from shop.doors.api.v1.serializers.staff_products import (
    ProductDocumentSerializer,
    ProductWrittenSerializer,
    StaffProductPageSerializer,
    StaffProductSerializer,
    StaffProductsQuerySerializer,
)
from shop.doors.api.v1.views.staff_orders import TAG
from shop.doors.product_lists.api import (
    FIELDS,
    OWN_FIELDS,
    Problem,
    ProductRefused,
    bound_token,
    put_product,
    say_reason,
    show_products,
)
from shop.ground.catalog.selectors.keys import find_ids
from shop.ground.catalog.selectors.stored import list_product_refs, map_skus
from shop.ground.catalog.services import archive_product, restore_product

VIEW, CHANGE = "shop.view_product", "shop.change_product"
WRITE = (VIEW, "shop.add_product", CHANGE, "pricing.change_publicprice")
TABLE = "shop.product"
NAMES = {column: name for name, column in OWN_FIELDS.items()} | {"prices": "prices"}
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The product's ETag: needed for one that exists; 412 if it has changed since.",
)


class StaffProductBase(StaffView):
    """What addresses of one product share."""

    def show_product(
        self,
        handle: str,
        answer: type[StaffProductSerializer] = StaffProductSerializer,
        **given: Any,
    ) -> dict[str, Any]:
        """Return a product as it is. Raises Http404. Six queries."""
        sold = show_products([handle]).get(handle)
        if sold is None:
            raise Http404
        return answer.to_dict(sold, **given)

    def find_product(self, handle: str) -> int:
        """Return the id of a product. Raises Http404. One query."""
        found = find_ids([("product", handle)])
        if not found:
            raise Http404
        return found["product", handle]


class StaffProductsView(StaffProductBase):
    """All products."""

    @describe(
        "listStaffProducts",
        "List products with prices, costs and stock",
        tag=TAG,
        query=StaffProductsQuerySerializer,
        response=StaffProductPageSerializer,
        example=examples.PRODUCTS,
        refusals=("staff_forbidden", "cursor_invalid"),
        audience="staff",
    )
    def get(self, request: Request) -> HttpResponse:
        """In the order in which they were made, or the one that has a SKU."""
        self.require(StaffScope.PRODUCTS_READ, VIEW)
        query = self.read_query(StaffProductsQuerySerializer)
        limit, cursor = query["limit"], query["cursor"]
        after = int(read_cursor("staff-products", cursor)) if cursor else 0
        if query["sku"]:
            refs, more = list(map_skus([query["sku"]]).values()), None
        else:
            found = list_product_refs(after=after, limit=limit + 1)
            refs = [ref for _id, ref in found[:limit]]
            is_cut = len(found) > limit
            more = write_cursor("staff-products", str(found[limit - 1][0])) if is_cut else None
        sold = show_products(refs)
        shown = [sold[ref] for ref in refs if ref in sold]
        body = StaffProductPageSerializer.to_json(None, products=shown, next_cursor=more)
        return text_response(body)


class StaffProductView(StaffProductBase):
    """One product, read and written as a document."""

    @describe(
        "getStaffProduct",
        "Read a product as its document",
        tag=TAG,
        response=StaffProductSerializer,
        example=examples.PRODUCT,
        refusals=("staff_forbidden",),
        audience="staff",
    )
    def get(self, request: Request, handle: str) -> HttpResponse:
        """Archived or not, with costs and stock."""
        self.require(StaffScope.PRODUCTS_READ, VIEW)
        shown = self.show_product(handle)
        return json_response(shown, headers={"ETag": f'"{shown["version"]}"'})

    @describe(
        "putStaffProduct",
        "Create a product, or change one",
        tag=TAG,
        request=ProductDocumentSerializer,
        request_example=examples.DOCUMENT,
        response=ProductWrittenSerializer,
        example=examples.WRITTEN,
        headers=(IF_MATCH, IDEMPOTENCY_KEY),
        refusals=(
            *("product_changed", "version_needed", "if_match_malformed", "catalog_conflict"),
            *("product_not_found", "prices_doubted", "second_person_needed"),
            *("price_changes_spent", "staff_forbidden"),
        ),
        audience="staff",
    )
    def put(self, request: Request, handle: str) -> HttpResponse:
        """Without If-Match it is created. It can be bought as it stands as soon as this answers.

        Doubtful prices (below cost or floor, more than half away) must be meant; a price below cost
        goes in by a list, which a second person approves.
        """
        self.require(StaffScope.PRODUCTS_WRITE, *WRITE)
        body = self.read_body(ProductDocumentSerializer)
        expected = read_version(request._request)
        answer = self.act_once(request, body, lambda: self._write(handle, body, expected))
        answer["ETag"] = f'"{json.loads(answer.content)["version"]}"'
        return answer

    def _write(self, handle: str, body: dict[str, Any], expected: str | None) -> tuple[int, Any]:
        revision = None if expected is None else int(expected) if expected.isdecimal() else -1
        token_id = self.staff.token_id
        try:
            done = put_product(
                handle=handle,
                document=body,
                revision=revision,
                meant=Meant(
                    body["meant_prices"],
                    body["reason"],
                    set_by=name_setter(token_id=token_id),
                    bound=bound_token(token_id, most=self.staff.key.prices_a_day),
                ),
                now=self.now,
            )
        except ProductRefused as refusal:
            raise ValidationError(_place(refusal.problems)) from refusal
        if done.is_new:
            said: Promise = gettext_lazy("Created the product.")
            self.record(TABLE, self.find_product(handle), said, is_new=True)
        elif done.changes:
            said = gettext_lazy("Saved the product: %(changes)s.")
            changes = ", ".join(done.changes)
            self.record(
                TABLE, self.find_product(handle), said, reason=body["reason"], changes=changes
            )
        return 200, self.show_product(
            handle, ProductWrittenSerializer, is_new=done.is_new, changes=done.changes
        )


class ArchiveProductView(StaffProductBase):
    """Taking a product out of the shop."""

    @describe(
        "archiveProduct",
        "Archive a product: it is no longer sold",
        tag=TAG,
        response=StaffProductSerializer,
        example=examples.PRODUCT,
        headers=(MAY_HAVE_KEY,),
        refusals=("staff_forbidden",),
        audience="staff",
    )
    def post(self, request: Request, handle: str) -> HttpResponse:
        """Orders, prices and reviews stay. Twice is once."""
        self.require(StaffScope.PRODUCTS_WRITE, VIEW, CHANGE)
        return self.answer_once({}, lambda: self._archive(handle))

    def _archive(self, handle: str) -> HttpResponse:
        product_id = self.find_product(handle)
        if archive_product(product_id=product_id):
            self.record(TABLE, product_id, gettext_lazy("Archived: it is no longer sold."))
        return json_response(self.show_product(handle))


class RestoreProductView(StaffProductBase):
    """Selling it again."""

    @describe(
        "restoreProduct",
        "Sell an archived product again",
        tag=TAG,
        response=StaffProductSerializer,
        example=examples.PRODUCT,
        headers=(MAY_HAVE_KEY,),
        refusals=("staff_forbidden",),
        audience="staff",
    )
    def post(self, request: Request, handle: str) -> HttpResponse:
        """Twice is once."""
        self.require(StaffScope.PRODUCTS_WRITE, VIEW, CHANGE)
        return self.answer_once({}, lambda: self._restore(handle))

    def _restore(self, handle: str) -> HttpResponse:
        product_id = self.find_product(handle)
        if restore_product(product_id=product_id):
            self.record(TABLE, product_id, gettext_lazy("On sale again."))
        return json_response(self.show_product(handle))


def _place(problems: tuple[Problem, ...]) -> dict[str, Any]:
    """Return what is wrong by field, those of variants by their number in the document."""
    shared: dict[str, Any] = {}
    own: dict[int, dict[str, list[ErrorDetail]]] = {}
    for one in problems:
        name = "options" if one.column.startswith("option") else NAMES.get(one.column, "")
        said = _("This field is required.") if one.code == "missing" else say_reason(one)
        fault = ErrorDetail(said, code=one.code)
        if one.column in FIELDS:
            shared.setdefault(one.column, []).append(fault)
        else:
            fields = own.setdefault(one.line - 1, {})
            fields.setdefault(name or "non_field_errors", []).append(fault)
    if own:
        shared["variants"] = [own.get(at, {}) for at in range(max(own) + 1)]
    return shared
