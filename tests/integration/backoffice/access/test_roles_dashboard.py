"""What a role reads on its first page, and steps that are opened without script."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Order
from shop.ground.jobs.models import JobRun
from shop.ground.kernel.clock import utc_now

PARTS = (
    "quote id",
    "jobs failed",
    "price changes wait",
    "What staff did last",
    "Margin",
)


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("warehouse", []),
        ("support", ["quote id"]),
        ("analyst", ["jobs failed", "Margin"]),
        ("auditor", ["What staff did last", "Margin"]),
        ("approver", ["jobs failed", "price changes wait", "What staff did last", "Margin"]),
        ("merchandiser", ["price changes wait", "Margin"]),
    ],
)
def test_the_first_page_begins_with_the_work_of_the_role(
    as_role: Any, role: str, seen: list[str]
) -> None:
    now = utc_now()
    JobRun.objects.update(heartbeat_at=now, started_at=now, outcome="failed")
    page = as_role(role).get(reverse("admin:index")).content.decode()
    main = page.partition('<div class="ft-stack">')[2]
    told = [word for word in PARTS if word in main]
    assert told == seen
    order = [main.index(word) for word in told]
    assert order == sorted(order)


def test_one_search_finds_an_order_by_its_number(as_role: Any) -> None:
    order = Order.objects.order_by("pk").first()
    assert order is not None
    support = as_role("support")
    found = support.get(reverse("admin:find"), {"q": order.number})
    assert found["Location"] == reverse("admin:orders_order_change", args=[order.pk])
    nothing = support.get(reverse("admin:find"), {"q": "zzzzzz"}).content.decode()
    assert "Nothing that you may see fits" in nothing


def test_a_step_without_script_leads_back_to_its_order(root: Client) -> None:
    order = Order.objects.order_by("pk").first()
    assert order is not None
    step = reverse("admin:orders_order_refund", args=[order.pk])
    opened = root.get(step, headers={"Accept": "text/html"}).content.decode()
    assert '<main id="ft-main"' in opened
    assert opened.count('<div id="dialog">') == 1
    back = f"/admin/orders/order/{order.pk}/"
    assert f'href="{back}"' in opened
    dialog = root.get(step, headers={"Accept": "text/html", "HX-Request": "true"}).content.decode()
    assert dialog.lstrip().startswith('<div id="dialog">')
    cancel = reverse("admin:orders_order_cancel", args=[order.pk])
    given = {"_form_submitted": "on", "reason": "no"}
    again = root.post(cancel, given, headers={"Accept": "text/html"})
    assert again.content.decode().count('<main id="ft-main"') == 1
    given["reason"] = "ordered twice"
    done = root.post(cancel, given, headers={"Accept": "text/html"})
    assert (done.status_code, done["Location"]) == (302, back)
