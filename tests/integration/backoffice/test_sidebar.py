"""The menu: what waits for somebody stands beside its page, and is asked for where it shows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from shop.doors.backoffice import navigation


def list_links(page: str, part: str) -> dict[str, str]:
    """Return the links of a part of the page, each with what stands in it."""
    inside = page.partition(part)[2].partition("</nav>")[0]
    return dict(re.findall(r'<a\s[^>]*?href="([^"]+)"(.*?)</a>', inside, re.DOTALL))


def test_a_badge_stands_at_its_tab_and_its_section(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    workers = reverse("admin:workers")
    monkeypatch.setattr(navigation, "read_badges", lambda _account: {"admin:workers": "3"})
    page = root.get(reverse("admin:shop_jobrun_changelist")).content.decode()
    menu, tabs = list_links(page, 'id="nav-sidebar-apps"'), list_links(page, 'class="ft-tabs"')
    assert len(menu) == 8
    for links, current in ((menu, 'aria-current="true"'), (tabs, 'aria-current="page"')):
        assert [link for link, shown in links.items() if "ft-badge" in shown] == [workers]
        assert [link for link, shown in links.items() if current in shown] == [workers]
        assert re.search(r"ft-badge[^>]*>3<", links[workers])


@pytest.mark.parametrize(
    ("name", "section", "tab"),
    [
        ("orders_order_change", "Orders", "Orders"),
        ("adjusting", "Promotions", "Campaigns"),
        ("campaign_plan", "Promotions", "Campaigns"),
        ("product_list_columns", "Products", "Lists of products"),
        ("product_change", "Products", "Products"),
        ("pricing_quoteseal_changelist", "Operations", "All records"),
    ],
)
def test_a_page_stands_under_its_tab(name: str, section: str, tab: str) -> None:
    found = navigation.find_tab(name)
    assert (str(found[0].title), str(found[1].title)) == (section, tab)


def test_a_letter_opens_one_section() -> None:
    keys = [section.key for section in navigation.SECTIONS]
    assert (len(keys), len(set(keys))) == (8, 8)


def test_links_of_the_menu_keep_the_readers_language(root: Client) -> None:
    for prefix in ("", "/zh-hans"):
        page = root.get(prefix + reverse("admin:all_records")).content.decode()
        links = list_links(page, 'id="nav-sidebar-apps"')
        assert {link.startswith("/zh-hans/") for link in links} == {bool(prefix)}


def test_all_records_counts_without_reading_and_finds_by_name(root: Client) -> None:
    everything = root.get(reverse("admin:all_records"))
    tables = {line.link for _name, lines in everything.context["groups"] for line in lines}
    assert len(tables) == len(admin.site._registry) - 1  # audit traits are for auditors alone
    found = root.get(reverse("admin:all_records"), {"q": "SEAL"}).context["groups"]
    assert [[line.title for line in lines] for _name, lines in found] == [["Quote seals"]]


def test_a_window_without_a_menu_asks_nothing_for_it(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    table = reverse("admin:profiles_segment_changelist")
    monkeypatch.setattr(navigation, "read_badges", lambda account: asked.append(account) or {})
    assert root.get(table, {"_popup": "1"}).status_code == 200
    assert asked == []
    assert root.get(table).status_code == 200
    assert len(asked) == 1
