"""What staff set in motion: through services, with a reason, never on a mere GET, twice by two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.translation import override

from orders.models import Order
from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness.models.audits import ModelAudit
from pricing.learning.models.learning import ModelChange
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.publishing.core.changes import AUDIT_WAIVER, MODEL_USE
from pricing.publishing.core.values import Meant
from pricing.publishing.services.products import Ask, set_list_prices
from shop.ground.approvals.services import withdraw_request
from shop.ground.catalog.models import Variant
from shop.ground.inventory.models import StockMovement, StockRecord
from shop.ground.jobs.models import JobRun
from shop.ground.jobs.services import JobUnknown, retry_run
from shop.ground.kernel.clock import utc_now
from shop.ground.outbox.models import Fact
from shop.ground.staff.log import say_entry
from shop.ground.staff.roles import ANALYST, APPROVER
from tests.factories.pricing import NOON

REASON = "because the shelf was counted"


def act(browser: Client, name: str, key: Any, **fields: Any) -> Any:
    """Confirm the dialog of an action."""
    address = reverse(f"admin:{name}", args=[key])
    return browser.post(address, {"_form_submitted": "on", **fields})


def messages_of(browser: Client) -> list[str]:
    """Return what the next page says."""
    return [str(message) for message in browser.get(reverse("admin:index")).context["messages"]]


def test_one_asks_for_a_model_and_another_activates_it(
    as_role: Callable[[str], Client],
) -> None:
    analyst, approver = as_role(ANALYST), as_role(APPROVER)
    model = DemandModelVersion.objects.order_by("pk").first()
    withdraw_request(MODEL_USE, model.pk, by_id=None, now=NOON)
    act(approver, "pricing_demandmodelversion_approve", model.pk)
    assert any("Nobody has asked" in text for text in messages_of(approver))
    act(analyst, "pricing_demandmodelversion_ask_for", model.pk, reason=REASON)
    assert act(analyst, "pricing_demandmodelversion_approve", model.pk).status_code == 403
    act(approver, "pricing_demandmodelversion_approve", model.pk)
    assert any("times the discounts of the best group" in text for text in messages_of(approver))
    _answer_for_the_audit(model, analyst, approver)
    act(approver, "pricing_demandmodelversion_approve", model.pk)
    model.refresh_from_db()
    assert model.status == "active"
    assert ModelChange.objects.get(model=model, kind="activated").reason == REASON
    assert model.activated_by.email == "approver@staff.example"
    assert Fact.objects.filter(kind="ModelActivated", payload={"model_id": model.pk}).exists()


def _answer_for_the_audit(model: DemandModelVersion, analyst: Client, approver: Client) -> None:
    """Two people take the failed audit of the model upon themselves; one alone cannot."""
    audit = ModelAudit.objects.get(model=model)
    withdraw_request(AUDIT_WAIVER, audit.pk, by_id=None, now=NOON)
    act(approver, "pricing_modelaudit_approve", audit.pk)
    assert any("Nobody has asked" in text for text in messages_of(approver))
    act(analyst, "pricing_modelaudit_ask_to_answer", audit.pk, reason=REASON)
    assert act(analyst, "pricing_modelaudit_approve", audit.pk).status_code == 403
    act(approver, "pricing_modelaudit_approve", audit.pk)
    audit.refresh_from_db()
    assert (audit.waiver_reason, audit.waived_by.email) == (REASON, "approver@staff.example")


def test_the_audit_page_tells_groups_and_reasons(root: Client) -> None:
    audit = ModelAudit.objects.order_by("pk").first()
    page = root.get(reverse("admin:pricing_modelaudit_change", args=[audit.pk])).content.decode()
    assert "<td>household</td><td>large</td><td>120</td><td>0.990 [0.985, 0.995]</td>" in page
    worst, chance = page.index("gets 0.70 times the discounts"), page.index("This may be chance")
    assert worst < chance


def test_a_refused_model_stays_out_of_use(root: Client) -> None:
    model = DemandModelVersion.objects.order_by("pk").first()
    DemandModelVersion.objects.filter(pk=model.pk).update(status="refused")
    act(root, "pricing_demandmodelversion_ask_for", model.pk, reason=REASON)
    assert any("Only a candidate or a retired model" in text for text in messages_of(root))


def test_a_list_price_goes_through_the_ledger(root: Client) -> None:
    price = PublicPrice.objects.order_by("pk").first()
    act(root, "pricing_publicprice_set_list_price", price.pk, amount="6.49", reason=REASON)
    newest = PriceLedgerEntry.objects.filter(variant=price.variant, kind="list").latest("pk")
    assert (newest.amount_minor, newest.source) == (649, "merchant")
    price.refresh_from_db()
    assert price.list_minor == 649
    note = say_entry(LogEntry.objects.latest("pk"))
    assert note == f"The list price went from $5.00 to $6.49. Reason: {REASON}"


def test_a_doubtful_list_price_is_asked_for_twice(root: Client) -> None:
    price = PublicPrice.objects.order_by("pk").first()
    name, asked = "pricing_publicprice_set_list_price", {"amount": "19.00", "reason": REASON}
    address, sign = reverse(f"admin:{name}", args=[price.pk]), "Yes, this price is meant"
    assert sign not in root.get(address).content.decode()
    again = act(root, name, price.pk, **asked).content.decode()
    assert ("1 new price is below cost" in again, sign in again) == (True, True)
    price.refresh_from_db()
    assert price.list_minor == 500
    act(root, name, price.pk, **asked, meant="on")
    price.refresh_from_db()
    assert price.list_minor == 1900


def test_one_press_recalls_what_one_token_changed(root: Client) -> None:
    rows = list(PublicPrice.objects.order_by("variant__sku")[:4])
    skus, before = [one.variant.sku for one in rows], [one.list_minor for one in rows]
    ids, start = [one.variant_id for one in rows], utc_now()
    Variant.objects.filter(pk=ids[3]).update(cost_minor=before[3] + 1)

    def change(hours: int, cents: int, set_by: str, *chosen: int) -> None:
        asks = {ids[at]: Ask(before[at] + cents) for at in chosen}
        meant = Meant(set_by=set_by)
        moment = start + timedelta(hours=hours)
        set_list_prices(asks=asks, market="us", now=moment, meant=meant)

    change(-4, 30, "token 5", 0)  # before the moment that is chosen
    change(-3, 100, "token 5", 0, 1, 2, 3)
    change(-2, 140, "token 5", 0)
    change(-1, 120, "token 6", 2)
    moment = start - timedelta(hours=3)
    first = PriceLedgerEntry.objects.filter(set_by="token 5", valid_from=moment)[0]
    page = root.get(reverse("admin:pricing_priceledgerentry_changelist")).content.decode()
    name = "pricing_priceledgerentry_recall"
    assert reverse(f"admin:{name}", args=[first.pk]) in page
    entry = root.get(reverse("admin:pricing_priceledgerentry_change", args=[first.pk]))
    assert ">token 5</a>" in page
    assert ">token 5</a>" in entry.content.decode()
    act(root, name, first.pk, reason=REASON)
    after = PublicPrice.objects.order_by("variant__sku")[:4].values_list("list_minor", flat=True)
    added = [now - then for now, then in zip(after, before, strict=True)]
    assert added == [30, 0, 120, 100]
    said = f"List prices recalled: 2. Kept as they are: {skus[2]}, {skus[3]}."
    assert say_entry(LogEntry.objects.latest("pk")) == f"{said} Reason: {REASON}"
    assert messages_of(root) == [said]
    newest = PriceLedgerEntry.objects.filter(variant=ids[1], kind="list").latest("valid_from")
    assert newest.set_by == f"person {root.session['_auth_user_id']}"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("token 5", {"token 5"}),
        (" Token 5 ", {"token 5"}),
        ("令牌 5", {"token 5"}),
        ("person 5", {"person 5"}),
        ("token", set()),
        ("", {"", "token 5", "person 5"}),
    ],
)
def test_the_ledger_lists_whom_somebody_asks_for(
    root: Client, asked: str, expected: set[str]
) -> None:
    rows = list(PublicPrice.objects.order_by("variant__sku")[:2])
    for row, set_by in zip(rows, ("token 5", "person 5"), strict=True):
        asks = {row.variant_id: Ask(row.list_minor + 30)}
        set_list_prices(asks=asks, market="us", now=utc_now(), meant=Meant(set_by=set_by))
    with override("zh-hans" if asked.startswith("令") else "en"):
        address = reverse("admin:pricing_priceledgerentry_changelist")
    page = root.get(address, {"set_by": asked})
    assert {row.set_by for row in page.context["cl"].result_list} == expected
    assert (f'href="{address}?set_by=token+5"' in page.content.decode()) == ("token 5" in expected)


def test_a_filtered_ledger_asks_the_same_few_queries(root: Client) -> None:
    rows = list(PublicPrice.objects.order_by("variant__sku")[:4])
    address, asked = reverse("admin:pricing_priceledgerentry_changelist"), []
    for row in rows:
        asks = {row.variant_id: Ask(row.list_minor + 30)}
        set_list_prices(asks=asks, market="us", now=utc_now(), meant=Meant(set_by="token 5"))
        root.get(address)
        with CaptureQueriesContext(connection) as queries:
            page = root.get(address, {"set_by": "token 5"})
        asked.append(len(queries))
    assert len(page.context["cl"].result_list) == 4
    assert asked[0] == asked[-1] <= 12


def test_a_count_becomes_a_movement_of_the_difference(root: Client) -> None:
    record = StockRecord.objects.order_by("pk").first()
    act(root, "shop_stockrecord_enter_count", record.pk, pieces="5", reason=REASON)
    record.refresh_from_db()
    assert record.on_hand == 5
    moved = StockMovement.objects.get(variant=record.variant, kind="adjusted")
    assert moved.quantity == 5 - 9


def test_a_count_below_what_is_reserved_is_refused(root: Client) -> None:
    record = StockRecord.objects.order_by("pk").first()
    act(root, "shop_stockrecord_enter_count", record.pk, pieces="1", reason=REASON)
    record.refresh_from_db()
    assert record.on_hand == 9
    assert len(messages_of(root)) == 1


def test_a_fact_given_up_is_due_again(root: Client) -> None:
    fact = Fact.objects.order_by("pk").first()
    Fact.objects.filter(pk=fact.pk).update(attempts=12)
    act(root, "shop_fact_deliver_again", fact.pk)
    fact.refresh_from_db()
    assert fact.attempts == 0


def test_a_failed_job_is_sent_to_its_queue_again(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(
        "shop.ground.jobs.services.current_app.send_task",
        lambda name, queue: sent.append((name, queue)),
    )
    run = JobRun.objects.create(
        name="drain_events", queue="retired", started_at=utc_now(), heartbeat_at=utc_now()
    )
    act(root, "shop_jobrun_run_again", run.pk)
    assert sent == [("profiles.tasks.drain_events", "live")]


def test_a_job_no_worker_knows_is_not_sent_anywhere(stocked_shop: None) -> None:
    run = JobRun.objects.get(name="job_0")
    with pytest.raises(JobUnknown):
        retry_run(run_id=run.pk)


def test_an_order_is_canceled_or_staff_read_why_not(root: Client) -> None:
    order = Order.objects.order_by("pk").first()
    Order.objects.filter(pk=order.pk).update(status="fulfilled")
    act(root, "orders_order_cancel", order.pk, reason="wrong address")
    order.refresh_from_db()
    assert order.status == "fulfilled"
    assert len(messages_of(root)) == 1


def test_a_refund_never_exceeds_what_was_bought(root: Client) -> None:
    order = Order.objects.order_by("pk").first()
    line = order.lines.get()
    dialog = root.get(reverse("admin:orders_order_refund", args=[order.pk])).content.decode()
    assert f"line_{line.pk}" in dialog
    fields = {f"line_{line.pk}": "3", "reason": "it was broken"}
    act(root, "orders_order_refund", order.pk, **fields)
    line.refresh_from_db()
    assert line.refunded_quantity == 0


def test_what_staff_did_is_read_in_the_readers_language(root: Client) -> None:
    order = Order.objects.order_by("pk").first()
    Order.objects.filter(pk=order.pk).update(status="paid")
    act(root, "orders_order_pack", order.pk, **{f"line_{order.lines.get().pk}": "1"})
    newest = LogEntry.objects.latest("pk")
    addresses = (
        reverse("admin:orders_order_history", args=[order.pk]),
        reverse("admin:admin_logentry_changelist"),
        reverse("admin:admin_logentry_change", args=[newest.pk]),
    )
    for address in addresses:
        english = root.get(address).content.decode()
        assert "A parcel was packed." in english
        chinese = root.get(f"/zh-hans{address}").content.decode()
        assert "打包了一个包裹。" in chinese
        assert "figures" not in english
