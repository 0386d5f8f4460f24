"""The sidebar: what waits for somebody stands beside its page, and is asked for where it shows."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from shop.doors.backoffice import navigation


def test_a_badge_stands_beside_its_page(root: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    workers = reverse("admin:workers")
    monkeypatch.setattr(navigation, "read_sidebar_counts", lambda _account: {"admin:workers": "<3"})
    sidebar = root.get(workers).content.decode().partition('id="nav-sidebar-apps"')[2]
    links = dict(re.findall(r'<li>\s*<a href="([^"]+)"(.*?)</a>', sidebar, re.DOTALL))
    assert [link for link, shown in links.items() if "sidebar-badge" in shown] == [workers]
    assert re.search(r"sidebar-badge[^>]*>\s*&lt;3\s*<", links[workers])
    assert [link for link, shown in links.items() if ' active"' in shown] == [workers]


def test_a_window_without_a_sidebar_asks_nothing_for_it(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    table = reverse("admin:profiles_segment_changelist")
    monkeypatch.setattr(
        navigation, "read_sidebar_counts", lambda account: asked.append(account) or {}
    )
    assert root.get(table, {"_popup": "1"}).status_code == 200
    assert asked == []
    assert root.get(table).status_code == 200
    assert len(asked) == 1
