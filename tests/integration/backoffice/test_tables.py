"""Every staff table opens: the list, each row, the form to add one; none of them slowly."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.http import HttpRequest
from django.template.response import SimpleTemplateResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from profiles.models import AuditTrait
from shop.ground.staff.roles import ROLES
from tests.factories.backoffice import ROWS

MOST_QUERIES = 15
TABLES = sorted(admin.site._registry, key=lambda model: model._meta.label)
# Tables the superuser does not read: audit traits are for auditors alone.
FOR_AUDITORS = {AuditTrait}
BY_LABEL = {model._meta.label: model for model in TABLES if model not in FOR_AUDITORS}


def address(model: Any, page: str, *arguments: Any) -> str:
    """Return the address of a page of a table."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}", args=arguments)


HUBS = {"shop.Product", "shop.Variant"}  # both lead to the page of the product
OF_ONE_ROW = {"shop.StoreProfile"}  # a constraint says so


def ask_list(root: Client, model: Any) -> list[str]:
    """Return the queries that a table's list asks."""
    with CaptureQueriesContext(connection) as queries:
        assert root.get(address(model, "changelist")).status_code == 200
    return [query["sql"][:200] for query in queries]


@pytest.mark.usefixtures("lasting_memories")
@pytest.mark.parametrize("label", BY_LABEL)
def test_a_list_needs_few_queries_whatever_its_length(root: Client, label: str) -> None:
    model = BY_LABEL[label]
    ask_list(root, model)  # fills memories of content types and the like
    asked = ask_list(root, model)
    assert len(asked) <= MOST_QUERIES, asked
    if label in OF_ONE_ROW:
        return
    assert model._default_manager.count() >= min(ROWS, len(ROLES)), "a table worth measuring"
    with (
        patch.object(admin.site.get_model_admin(model), "list_per_page", 1),
        CaptureQueriesContext(connection) as one,
    ):
        page = root.get(address(model, "changelist"))
    assert len(page.context["cl"].result_list) == 1
    assert len(asked) <= len(one)


def test_every_table_has_its_own_empty_text_in_both_languages() -> None:
    said = {str(admin.site._registry[model].blank_text) for model in TABLES}
    assert "" not in said
    assert len(said) == len(TABLES) - 1  # fits of segments and of similarity share theirs
    with override("zh-hans"):
        assert said.isdisjoint(str(admin.site._registry[model].blank_text) for model in TABLES)


@pytest.mark.usefixtures("lasting_memories")
@pytest.mark.parametrize("label", BY_LABEL)
def test_a_row_opens_with_few_queries(root: Client, label: str) -> None:
    model = BY_LABEL[label]
    opened = address(model, "change", model._default_manager.order_by("pk").last().pk)
    if label in HUBS:  # it shows what shoppers see, from what each process remembers
        led = root.get(opened, follow=True).redirect_chain  # a variant leads to its product
        opened = led[-1][0] if led else opened
    with CaptureQueriesContext(connection) as queries:
        page = root.get(opened, follow=True)
    assert page.status_code == 200
    # It asks how far its prices are on their way to shoppers, too.
    most = 2 * MOST_QUERIES + (5 if label in HUBS else 0)
    assert len(queries) <= most, [query["sql"][:200] for query in queries]


@pytest.mark.parametrize("label", BY_LABEL)
def test_a_row_can_be_added_where_people_may_add(root: Client, label: str) -> None:
    model = BY_LABEL[label]
    may_add = admin.site._registry[model].has_add_permission(_request_of_superuser())
    page = root.get(address(model, "add"), follow=True)
    assert page.status_code == (200 if may_add else 403)


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("label", BY_LABEL)
def test_searching_finds_or_finds_nothing_but_never_fails(root: Client, label: str) -> None:
    model = BY_LABEL[label]
    for words in ("SKU-3", "9" * 30, "'\"%_\\ a@b"):
        assert len(find_rows(root, model, q=words)) <= model._default_manager.count(), words


@pytest.mark.usefixtures("unrendered")
@pytest.mark.parametrize("label", BY_LABEL)
def test_every_column_can_be_sorted_by(root: Client, label: str) -> None:
    model = BY_LABEL[label]
    columns = len(admin.site._registry[model].list_display)
    order = ".".join(f"-{column}" for column in range(1, columns + 1))
    assert find_rows(root, model, o=order)


def find_rows(root: Client, model: Any, **asked: str) -> list[Any]:
    """Return the rows of a table's list; what the page makes of them is not drawn."""
    page = root.get(address(model, "changelist"), asked)
    assert isinstance(page, SimpleTemplateResponse)
    assert page.status_code == 200
    return list((page.context_data or {})["cl"].result_list)


READ_ONLY = (
    "pricing.Quote",
    "pricing.QuoteSeal",
    "pricing.PriceLedgerEntry",
    "pricing.PriceBook",
    "pricing.PublicPrice",
    "pricing.DemandModelVersion",
    "pricing.KillSwitch",
    "pricing.PricingPolicy",
    "profiles.Event",
    "profiles.ConsentRecord",
    "profiles.Shopper",
    "orders.Order",
    "orders.Payment",
    "orders.Refund",
    "shop.StockRecord",
    "shop.StockMovement",
    "shop.JobRun",
    "shop.Fact",
    "admin.LogEntry",
)


@pytest.mark.parametrize("label", READ_ONLY)
def test_what_happened_cannot_be_rewritten_by_hand(root: Client, label: str) -> None:
    model = BY_LABEL[label]
    row = model._default_manager.first()
    assert root.post(address(model, "change", row.pk), {}).status_code == 403
    assert root.post(address(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    deletion = {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"}
    root.post(address(model, "changelist"), deletion)
    assert model._default_manager.filter(pk=row.pk).exists()


def _request_of_superuser() -> HttpRequest:
    request = RequestFactory().get("/admin/")
    request.user = get_user_model().objects.get(is_superuser=True)
    return request


def _minor_amounts(row: Any) -> set[str]:
    """Return the amounts of a row as they are stored, those that could be taken for dollars."""
    names = [one.name for one in row._meta.fields if one.name.endswith("_minor")]
    found = {getattr(row, name) for name in names}
    return {str(one) for one in found if one is not None and abs(one) >= 100}


def test_no_row_is_named_by_an_amount_in_minor_units(stocked_shop: None) -> None:
    for model in TABLES:
        row = model._default_manager.order_by("pk").last()
        if row is not None:
            assert _minor_amounts(row).isdisjoint(str(row).replace(",", " ").split()), model


@pytest.mark.parametrize("label", ["shop.QuarantinedRow", "shop.Fact"])
def test_lists_show_documents_as_names_and_figures(root: Client, label: str) -> None:
    document = {"market": "us", "price_minor": 1234, "rows": [1, 2]}
    BY_LABEL[label]._default_manager.update(payload=document)
    said = "rows: 2 entries; market: us; price: $12.34"
    assert said in root.get(address(BY_LABEL[label], "changelist")).content.decode()
    row = BY_LABEL[label]._default_manager.first()
    page = root.get(address(BY_LABEL[label], "change", row.pk)).content.decode()
    assert "<dt>price</dt><dd>$12.34</dd>" in page


def test_figures_have_the_one_format(root: Client) -> None:
    BY_LABEL["shop.Product"]._default_manager.update(popularity=5734.677902003552)
    page = root.get(address(BY_LABEL["shop.Product"], "changelist")).content.decode()
    assert "5,735" in page
    assert "5734" not in page


def test_the_fairness_page_says_in_words_what_its_findings_mean(root: Client) -> None:
    model = BY_LABEL["pricing.ModelAudit"]
    row = next(one for one in model._default_manager.all() if one.report.get("findings"))
    for finding in row.report["findings"]:
        finding["trait"] = "home_ownership"
    model._default_manager.filter(pk=row.pk).update(report=row.report)
    page = root.get(address(model, "change", row.pk), follow=True).content.decode()
    for said in ("Over their limit: ", "May be chance: ", "Over all ", "home ownership “"):
        assert said in page
    assert "home_ownership" not in page
    chinese = root.get(f"/zh-hans{address(model, 'change', row.pk)}").content.decode()
    for said in ("超过限值的指标", "其中可能出于偶然的", "住房情况“"):
        assert said in chinese
