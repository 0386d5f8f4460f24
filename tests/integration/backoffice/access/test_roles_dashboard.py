"""What a role reads on its first page, and steps that are opened without script."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Order


@pytest.mark.parametrize(
    ("role", "seen"),
    [
        ("warehouse", ["Your pages"]),
        ("support", ["Margin"]),
        ("analyst", ["Margin", "Workers"]),
    ],
)
def test_the_dashboard_shows_only_what_the_role_may_open(
    as_role: Any, role: str, seen: list[str]
) -> None:
    page = as_role(role).get(reverse("admin:index")).content.decode()
    main = page.partition('<div class="ft-stack">')[2]
    told = [word for word in ("Your pages", "Margin", "Workers") if word in main]
    assert told == seen
    assert (reverse("admin:shop_jobrun_changelist") in main) == ("Workers" in seen)


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
