"""Doubtful prices come through no door unseen: confirmed with a reason, or decided by two."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse

from pricing.ledger.models.ledger import PriceLedgerEntry
from shop.doors.product_lists.models import ProductImport
from shop.doors.product_lists.tasks import work_on_product_lists
from shop.ground.approvals.models import ApprovalRequest
from shop.ground.catalog.models import Product, Variant
from shop.ground.staff.log import say_entry
from shop.ground.staff.roles import APPROVER
from tests.factories.product_forms import SIZES, TEE, rows, save

pytestmark = pytest.mark.django_db
REASON = "sold out for good"


@pytest.fixture(autouse=True)
def _state(settings: Any, tmp_path: Path, stocked_shop: None) -> None:
    settings.MEDIA_ROOT = str(tmp_path)


def edit(browser: Client, price: str, **said: str) -> Any:
    """Send the form of the tee with this price of its small size, and another name."""
    tee = Product.objects.get(slug="weaver-night-tee")
    small, medium = tee.variants.all()
    kept = [
        {"ref": small.external_ref, "options": "S", "sku": small.sku, "price": price},
        {"ref": medium.external_ref, "options": "M", "sku": medium.sku, "price": "13.00"},
    ]
    kept[0]["cost"] = "" if small.cost_minor is None else f"{small.cost_minor / 100:.2f}"
    changed = TEE | {"category": "shirts", "new_category": "", "name": "Day tee"}
    changed["revision"] = str(tee.revision)
    return save(browser, tee.pk, **changed, **rows(*kept, initial=2), **said)


def read() -> tuple[str, int]:
    """Return name and price of the small tee."""
    small = Variant.objects.select_related("product").get(sku="NIGHT-TEE-S")
    return small.product.name, small.list_minor


def set_cost(cost: int | None) -> None:
    source = "unknown" if cost is None else "merchant"
    Variant.objects.filter(sku="NIGHT-TEE-S").update(cost_minor=cost, cost_source=source)


def test_a_cent_in_the_form_is_shown_and_confirmed(merchandiser: Client) -> None:
    save(merchandiser, **TEE, **rows(*SIZES))
    set_cost(None)
    for said in ({}, {"meant": "1"}, {"meant": "2", "reason": REASON}):
        page = edit(merchandiser, "0.01", **said).content.decode()
        for words in ("Are these prices meant?", "NIGHT-TEE-S $0.01: changes by -100 %"):
            assert words in page
        assert read() == ("Night tee", 1_250)
    assert edit(merchandiser, "0.01", meant="1", reason=REASON).status_code == 302
    assert read() == ("Day tee", 1)
    said = LogEntry.objects.order_by("-pk")[0]
    assert say_entry(said).endswith(f"NIGHT-TEE-S $12.50 → $0.01. Reason: {REASON}")


def test_a_price_below_cost_waits_and_all_else_is_saved(
    merchandiser: Client, as_role: Callable[[str], Client]
) -> None:
    save(merchandiser, **TEE, **rows(*SIZES))
    set_cost(800)
    page = edit(merchandiser, "7.90").content.decode()
    assert "NIGHT-TEE-S $7.90: below the cost of $8.00, 37 % less than now" in page
    answer = edit(merchandiser, "7.90", meant="1", reason=REASON)
    item = ProductImport.objects.get()
    assert answer["Location"] == reverse("admin:product_list", args=[item.pk])
    assert (item.state, read()) == ("waiting", ("Day tee", 1_250))
    said = say_entry(LogEntry.objects.order_by("-pk")[0])
    assert said == f"Saved the product: name. Reason: {REASON}"
    decide = reverse("admin:product_list_decide", args=[item.pk])
    as_role(APPROVER).post(decide, {"decision": "approve"})
    work_on_product_lists()
    assert read() == ("Day tee", 790)
    edit(merchandiser, "8.90")
    changed = PriceLedgerEntry.objects.filter(kind="list").exclude(set_by="")
    asker = f"person {merchandiser.session['_auth_user_id']}"  # by a list, then by the form
    assert list(changed.order_by("pk").values_list("amount_minor", "set_by")) == [
        (790, asker),
        (890, asker),
    ]


def test_sending_back_needs_a_reason_and_happens_once(
    merchandiser: Client, as_role: Callable[[str], Client]
) -> None:
    save(merchandiser, **TEE, **rows(*SIZES))
    set_cost(800)
    edit(merchandiser, "7.90", meant="1", reason=REASON)
    item, approver = ProductImport.objects.get(), as_role(APPROVER)
    decide = reverse("admin:product_list_decide", args=[item.pk])
    page = approver.post(decide, {"decision": "send_back"}, follow=True).content.decode()
    assert "Give a reason of at least" in page
    item.refresh_from_db()
    assert item.state == "waiting"
    ApprovalRequest.objects.update(state="withdrawn")
    page = approver.post(decide, {"decision": "approve"}, follow=True).content.decode()
    assert "Nobody has asked for this decision, or it was made already." in page


def test_who_asked_takes_back_and_nothing_changes(merchandiser: Client) -> None:
    save(merchandiser, **TEE, **rows(*SIZES))
    set_cost(800)
    edit(merchandiser, "7.90", meant="1", reason=REASON)
    item = ProductImport.objects.get()
    decide = reverse("admin:product_list_decide", args=[item.pk])
    merchandiser.post(decide, {"decision": "send_back", "reason": "a typing error"})
    work_on_product_lists()
    item.refresh_from_db()
    assert (item.state, read()) == ("checked", ("Day tee", 1_250))


def test_a_new_variant_below_cost_is_refused(merchandiser: Client) -> None:
    small = {"options": "S", "price": "7.90", "cost": "8.00"}
    said = {"meant": "1", "reason": REASON}
    page = save(merchandiser, **TEE, **rows(small), **said).content.decode()
    assert "A new variant below its cost needs a second person" in page
    assert not Product.objects.filter(name="Night tee").exists()
