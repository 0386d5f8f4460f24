"""Lists keep their filters, order and columns under a name, for their owner or for all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.test import Client
from django.urls import reverse

from shop.ground.staff.saved_views import clean_query

ORDERS = reverse("admin:orders_order_changelist")
SAVE = reverse("admin:save_list", args=["orders.order"])


def read_tabs(browser: Client) -> list[tuple[str, str]]:
    """Return the views that the list of orders shows, with what they ask."""
    page = browser.get(ORDERS).content.decode().partition('class="ft-views"')[2]
    links = page.partition("</nav>")[0].split("<a ")[1:]
    return [
        (one.partition(">")[2].partition("<")[0], one.partition("?")[2].partition('"')[0])
        for one in links
    ]


def test_a_view_keeps_filters_order_and_columns(as_role: Callable[[str], Client]) -> None:
    support, analyst = as_role("support"), as_role("analyst")
    given: dict[str, Any] = {"name": "Paid", "query": "status__exact=paid&p=3&o=-1"}
    saved = support.post(SAVE, {**given, "column": ["2", "0"], "is_shared": "on"})
    query = "_cols=0.2&o=-1&status__exact=paid"
    assert saved["Location"] == f"{ORDERS}?{query}"
    support.post(SAVE, {"name": "Mine", "query": "q=x"})
    shown = query.replace("&", "&amp;")
    assert read_tabs(support) == [("All", ""), ("Mine", "q=x"), ("Paid", shown)]
    assert read_tabs(analyst) == [("All", ""), ("Paid", shown)]
    listed = analyst.get(saved["Location"])
    assert listed.status_code == 200
    assert len(listed.context["cl"].list_display) == 3  # two and the checkboxes
    assert listed.context["cl"].get_query_string().count("_cols") == 1


def test_only_the_owner_deletes_a_view(as_role: Callable[[str], Client]) -> None:
    support, analyst = as_role("support"), as_role("analyst")
    support.post(SAVE, {"name": "Paid", "query": "status__exact=paid", "is_shared": "on"})
    page = support.get(ORDERS, {"status__exact": "paid"}).content.decode()
    view = page.partition('name="view" value="')[2].partition('"')[0]
    drop = reverse("admin:drop_view", args=["orders.order"])
    analyst.post(drop, {"view": view})
    assert len(read_tabs(support)) == 2
    support.post(drop, {"view": view})
    assert len(read_tabs(support)) == 1


def test_columns_are_shown_without_a_name_and_wrong_ones_ignored(root: Client) -> None:
    shown = root.post(SAVE, {"query": "", "column": ["1"]})
    assert shown["Location"] == f"{ORDERS}?_cols=1"
    assert root.get(f"{ORDERS}?_cols=99").context["cl"].list_display[1] == "number"
    assert root.post(reverse("admin:save_list", args=["no.table"])).status_code == 404


def test_a_query_is_compared_without_what_passes() -> None:
    assert clean_query("q=a&p=2&status=&e=1&o=2") == "o=2&q=a"
