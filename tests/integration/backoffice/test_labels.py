"""Staff tables speak Chinese to the last column."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from babel.messages.pofile import read_po
from django.contrib import admin
from django.contrib.admin.utils import flatten_fieldsets, label_for_field
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.translation import override

from orders.models import Order
from profiles.models import Account
from shop.doors.backoffice.labels import CONTEXT, OUR_APPS, list_names
from tests.contracts.house import ROOT

CHINESE = re.compile(r"[\u4e00-\u9fff]|SKU|SHA-256")
# What only the database should say: "Budget minor", "Name zh", "Is active", "external_ref".
RAW = re.compile(
    r"_|^is |(?<![\w-])(minors?|zh|ref|sd|(?<=\w )ids?|max|min|kid|sha256)(?![\w-])", re.IGNORECASE
)


def read_labels(language: str) -> dict[str, str]:
    with (ROOT / f"locale/{language}/LC_MESSAGES/django.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    return {str(one.id): str(one.string) for one in catalog if one.context == CONTEXT}


def test_the_catalogue_names_every_staff_table_and_no_other() -> None:
    chinese = read_labels("zh_Hans")
    assert sorted(chinese) == list_names()
    assert [text for text in chinese.values() if not CHINESE.search(text)] == []
    assert read_labels("en").keys() <= chinese.keys()


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_form_and_no_list_shows_a_columns_raw_name(root: Client, language: str) -> None:
    request = RequestFactory().get("/admin/")
    request.user = root.get(reverse("admin:index")).context["request"].user
    with override(language):
        shown = set(_list_labels(request))
    assert ("budget" if language == "en" else "预算") in shown
    assert sorted(label for label in shown if RAW.search(label)) == []


def test_names_follow_the_reader_and_not_the_process() -> None:
    field = Order._meta.get_field("placed_at")
    with override("zh-hans"):
        assert str(field.verbose_name) == "下单时间"
        assert str(Order._meta.verbose_name_plural) == "订单"
        assert Order(status="paid").get_status_display() == "已付款"
    with override("en"):
        assert str(field.verbose_name) == "placed at"
        assert str(Order._meta.verbose_name_plural) == "orders"


def test_a_chinese_list_has_chinese_columns(root: Client) -> None:
    page = root.get("/zh-hans" + reverse("admin:orders_order_changelist"))
    assert "下单时间" in page.content.decode()
    assert "Placed at" not in page.content.decode()


def _list_labels(request: HttpRequest) -> Iterator[str]:
    """Yield the title of every column of a list and of every field of a form."""
    for model, table in admin.site._registry.items():
        if model._meta.app_label not in OUR_APPS or model is Account:  # whose form is Django's
            continue
        yield from _name_fields(table.get_list_display(request), model, table)
        may_type = table.has_add_permission(request) or table.has_change_permission(request)
        typed = table.get_form(request).base_fields if may_type else {}
        yield from (str(field.label) for field in typed.values())
        fields = flatten_fieldsets(table.get_fieldsets(request))
        yield from _name_fields((one for one in fields if one not in typed), model, table)
        for inline in table.inlines:
            rows = inline(model, admin.site)
            fields = flatten_fieldsets(rows.get_fieldsets(request))
            yield from _name_fields(fields, inline.model, rows)


def _name_fields(fields: Iterable[Any], model: Any, table: Any) -> Iterator[str]:
    yield from (str(label_for_field(field, model, table)) for field in fields)
