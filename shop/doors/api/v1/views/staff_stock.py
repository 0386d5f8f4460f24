"""Stock of a product's variants and its pictures, for staff systems."""

from __future__ import annotations

import hashlib
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy
from rest_framework.request import Request

from promotions.tokens.api import StaffScope
from shop.doors.api.conditions import IDEMPOTENCY_KEY, MAY_HAVE_KEY
from shop.doors.api.parsers import read_form
from shop.doors.api.responses import text_response
from shop.doors.api.schema import describe
from shop.doors.api.v1 import staff_product_examples as examples
from shop.doors.api.v1.serializers.staff_products import (
    MoveStockSerializer,
    PictureFormSerializer,
    StaffPictureSerializer,
    StaffPicturesSerializer,
    StockSerializer,
)
from shop.doors.api.v1.views.staff_orders import TAG
from shop.doors.api.v1.views.staff_products import TABLE, VIEW, StaffProductBase
from shop.ground.catalog.selectors.keys import find_ids
from shop.ground.catalog.selectors.pictures import list_edited_pictures
from shop.ground.catalog.selectors.stored import map_skus
from shop.ground.catalog.services.pictures import add_picture
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.selectors import read_stock
from shop.ground.inventory.services import adjust_stock, receive_stock

MOVE_STOCK = (VIEW, "shop.change_stockrecord")
CHANGE_PICTURES = (VIEW, "shop.change_productpicture")
MOST_SENT = 16 * 2**20  # a picture, and what the form needs around it


class StockView(StaffProductBase):
    """The stock of one variant."""

    @describe(
        "moveStock",
        "Receive pieces, or set what a count found",
        tag=TAG,
        request=MoveStockSerializer,
        request_example=examples.MOVE_STOCK,
        response=StockSerializer,
        example=examples.STOCK,
        headers=(IDEMPOTENCY_KEY,),
        refusals=("out_of_stock", "staff_forbidden"),
        audience="staff",
    )
    def post(self, request: Request, sku: str) -> HttpResponse:
        """Each is a movement with its reason. Fewer than are reserved cannot have been counted."""
        self.require(StaffScope.STOCK_WRITE, *MOVE_STOCK)
        body = self.read_body(MoveStockSerializer)
        return self.act_once(request, body, lambda: (200, self._move(sku, body)))

    def _move(self, sku: str, body: dict[str, Any]) -> dict[str, Any]:
        variant_id = find_ids([("variant", sku)]).get(("variant", sku))
        if variant_id is None:
            raise Http404
        pieces, reason = body["pieces"], body["reason"]
        if body["kind"] == "received":
            receive_stock(lines=[StockLine(variant_id, pieces)], reference=reason, now=self.now)
        else:
            adjust_stock(variant_id=variant_id, on_hand=pieces, reference=reason, now=self.now)
        said = gettext_lazy("Stock of %(sku)s: %(pieces)s pieces %(kind)s.")
        figures = {"sku": sku, "pieces": str(pieces), "kind": body["kind"]}
        product_id = self.find_product(map_skus([sku])[sku])
        self.record(TABLE, product_id, said, reason=reason, **figures)
        on_hand, reserved = read_stock([variant_id])[variant_id]
        return StockSerializer.to_dict(None, sku=sku, on_hand=on_hand, reserved=reserved)


class StaffPicturesView(StaffProductBase):
    """The pictures of one product."""

    @describe(
        "listStaffPictures",
        "List the pictures of a product and what became of each upload",
        tag=TAG,
        response=StaffPicturesSerializer,
        example=examples.PICTURES,
        refusals=("staff_forbidden",),
        audience="staff",
    )
    def get(self, request: Request, handle: str) -> HttpResponse:
        """In the order in which the shop shows them."""
        self.require(StaffScope.PRODUCTS_READ, VIEW)
        rows = list_edited_pictures(self.find_product(handle))
        return text_response(StaffPicturesSerializer.to_json(None, pictures=rows))

    @describe(
        "addPicture",
        "Upload a picture of a product with its words",
        tag=TAG,
        request=PictureFormSerializer,
        response=StaffPictureSerializer,
        example=examples.PICTURE,
        status=201,
        headers=(MAY_HAVE_KEY,),
        refusals=("staff_forbidden", "no_picture", "too_big", "too_many"),
        audience="staff",
        sends="multipart/form-data",
    )
    def post(self, request: Request, handle: str) -> HttpResponse:
        """The same file again changes its words: twice is once."""
        self.require(StaffScope.PRODUCTS_WRITE, *CHANGE_PICTURES)
        fields, files = read_form(request._request, limit=MOST_SENT)
        form = self.check_body(PictureFormSerializer, {**fields, **files})
        content = form["picture"].read()
        sent = [hashlib.sha256(content).hexdigest(), form["alt"], form["alt_zh"]]
        return self.answer_once(sent, lambda: self._add(handle, form, content))

    def _add(self, handle: str, form: dict[str, Any], content: bytes) -> HttpResponse:
        product_id, file = self.find_product(handle), form["picture"]
        picture_id = add_picture(
            product_id=product_id,
            file_name=file.name,
            upload=content,
            alt=form["alt"],
            alt_zh=form["alt_zh"],
            now=self.now,
        )
        self.record(
            TABLE, product_id, gettext_lazy("Uploaded pictures: %(names)s."), names=file.name
        )
        rows = list_edited_pictures(product_id)
        shown = next(one for one in rows if one.picture_id == picture_id)
        return text_response(StaffPictureSerializer.to_json(shown), status=201)
