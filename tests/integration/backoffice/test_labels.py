"""Staff tables speak Chinese to the last column."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.apps import apps
from django.contrib import admin
from django.db.models import Field
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from orders.models import Order
from profiles.models import Account
from shop.backoffice.labels import OUR_APPS, read_glossary

CHINESE = re.compile(r"[\u4e00-\u9fff]|SKU|SHA-256")


def test_every_name_of_a_staff_table_is_in_the_glossary() -> None:
    with override("en"):
        missing = {name for name in _list_names() if name not in read_glossary()}
    assert missing == set()


def test_every_entry_of_the_glossary_is_chinese_and_used() -> None:
    untranslated = [en for en, zh in read_glossary().items() if not CHINESE.search(zh)]
    assert untranslated == []
    with override("en"):
        plurals = {str(model._meta.verbose_name_plural) for model in admin.site._registry}
        assert set(read_glossary()) - set(_list_names()) - plurals == set()


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


def _list_names() -> Iterator[str]:
    yield from (str(apps.get_app_config(label).verbose_name) for label in OUR_APPS)
    for model in admin.site._registry:
        if model._meta.app_label in OUR_APPS:
            yield str(model._meta.verbose_name)
            for field in model._meta.local_fields:
                if model is not Account or field.name == "email":  # the others are Django's own
                    yield from _names_of(field)


def _names_of(field: Field) -> Iterator[str]:
    yield str(field.verbose_name)
    if field.help_text:
        yield str(field.help_text)
    for _value, name in field.flatchoices:
        yield str(name)
