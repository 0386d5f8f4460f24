"""One order's shopper, staff and clock, acting on real processes, and what the books say then."""

from __future__ import annotations

from email import message_from_string
from email.policy import default
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import F
from django.test import Client
from django.urls import reverse

from orders.fulfilment.models import Shipment
from orders.models import Order, OrderLine
from orders.payments.models import Payment, PaymentEvent, Refund
from orders.payments.tasks import reconcile_payments, settle_due_payments
from orders.returns.models import Return
from promotions.loyalty.services.points import Act, make_available
from promotions.models import Bucket, PointsAccount, PointsEntry
from shop.ground.kernel.clock import utc_now
from shop.ground.outbox.models import Fact
from shop.tasks import deliver_outbox
from tests.factories.api import API, CONTACT, make_guest_client
from tests.factories.backoffice import make_staff
from tests.factories.orders import Shelf
from tests.factories.processes import Processes, wait_until
from tests.fixtures_api import ApiClient
from tests.integration.api.test_tokens import LOGIN, sign_in


class Sale:
    """One order of three cheeses with a code and points, its shopper, and the staff."""

    def __init__(self, processes: Processes, shelf: Shelf) -> None:
        self.processes, self.stripe, self.shelf = processes, processes.stripe, shelf
        get_user_model().objects.create_user(email=LOGIN["email"], password=LOGIN["password"])
        token = sign_in(make_guest_client(ApiClient()))["access_token"]
        self.bearer = {"Authorization": f"Bearer {token}"}
        staff = Client()
        staff.force_login(make_staff(is_superuser=True))
        self.session = staff.cookies["sessionid"].value
        self.number = self.intent = ""
        self.order_body: dict[str, Any] = {}

    # --- what people do; each may be repeated

    def ask(self, path: str, body: object, key: str = "") -> tuple[int, Any]:
        """Call the API as the shopper."""
        headers = self.bearer | ({"Idempotency_Key": key} if key else {})
        return self.processes.send_json(f"{API}{path}", body, **headers)

    def fill(self) -> None:
        """Become a member with 1,000 points, fill the cart and check out."""
        assert self.ask("/points/join", {})[0] == 200
        make_available(
            account_id=PointsAccount.objects.get().pk,
            act=Act(PointsEntry.Kind.ADJUST, "gift", utc_now()),
            source=Bucket.ADJUSTED,
            points=1_000,
            expires_at=None,
        )
        assert self.ask("/cart/lines", {"variant_id": self.shelf.rye, "quantity": 3})[0] == 200
        assert self.ask("/cart/coupons", {"code": "HELLO"})[0] == 200
        path, headers = f"{API}/cart/points", {**self.bearer, "Content-Type": "application/json"}
        status, _ = self.processes.send("PUT", path, b'{"points": 150}', headers)
        assert status == 200
        status, shown = self.ask("/checkout", {"delivery_method": "standard"})
        assert status == 200
        self.order_body = {
            "contact": CONTACT,
            "delivery_method": "standard",
            "shown_total_minor": shown["cart"]["total"]["minor"],
        }

    def place(self) -> int:
        status, said = self.ask("/orders", self.order_body, "place")
        self.number = said["number"] if status == 201 else self.number
        return status

    def pay(self) -> int:
        return self.ask(f"/orders/{self.number}/payments", {"method": "stripe"}, "pay")[0]

    def hear(self) -> int:
        """Let Stripe send its last event."""
        event = self.stripe.events[-1]
        return self.processes.send(
            "POST", "/hooks/payments/stripe", event.body, dict(event.headers)
        )[0]

    def press(self, name: str, key: int, **fields: str) -> int:
        """Confirm a dialog of the back office."""
        return self.processes.press(reverse(f"admin:{name}", args=[key]), self.session, **fields)

    def pack(self) -> int:
        line = OrderLine.objects.get()
        return self.press("orders_order_pack", line.order_id, **{f"line_{line.pk}": "3"})

    def ship(self) -> int:
        return self.press("orders_shipment_ship", Shipment.objects.get().pk, tracking_number="77")

    def arrive(self) -> int:
        return self.press("orders_shipment_arrived", Shipment.objects.get().pk)

    def send_back(self) -> int:
        lines = [{"line_id": OrderLine.objects.get().pk, "quantity": 1}]
        body = {"lines": lines, "reason": "changed_mind"}
        return self.ask(f"/orders/{self.number}/returns", body, "back")[0]

    def receive(self) -> int:
        return self.press("orders_return_receive", Return.objects.get().pk)

    def inspect(self) -> int:
        line_id = OrderLine.objects.get().pk
        found = {f"accepted_{line_id}": "1", f"restock_{line_id}": "1"}
        return self.press("orders_return_inspect", Return.objects.get().pk, **found)

    # --- what the clock does

    def settle(self) -> None:
        """A minute passes, and the job of payments runs."""
        now = utc_now()
        Payment.objects.filter(due_at__isnull=False).update(due_at=now)
        Refund.objects.filter(due_at__isnull=False).update(due_at=now)
        settle_due_payments.delay()

    def reconcile(self) -> None:
        reconcile_payments.delay()

    def deliver(self) -> None:
        """The job of the outbox runs; what failed is due again."""
        Fact.objects.filter(delivered_at__isnull=True).update(due_at=F("occurred_at"))
        deliver_outbox.delay()

    def finish_outbox(self) -> None:
        """All facts are delivered."""

        def is_done() -> bool:
            self.deliver()
            return not Fact.objects.filter(delivered_at__isnull=True).exists()

        wait_until(is_done, "the delivery of all facts", pause=0.5)

    # --- the books

    def state(self) -> str:
        """Return where the order stands, its payment here and at Stripe, parcels and returns."""
        found = [
            *Order.objects.values_list("status", flat=True),
            *Payment.objects.values_list("state", flat=True),
            *(each["status"] for each in self.stripe.intents.values()),
            *(f"event {kind}" for kind in PaymentEvent.objects.values_list("kind", flat=True)),
            *(f"parcel {state}" for state in Shipment.objects.values_list("state", flat=True)),
            *(f"return {state}" for state in Return.objects.values_list("state", flat=True)),
            *(f"refund {state}" for state in Refund.objects.values_list("state", flat=True)),
            *(f"sent back {each['amount']}" for each in self.stripe.refunds.values()),
        ]
        return ", ".join(found)

    def letters(self) -> list[tuple[str, str]]:
        """Return (id, subject) of each letter that was sent."""
        files = (self.processes.folder / "mail").glob("*")
        sent = (part for file in files for part in file.read_text().split("-" * 79 + "\n"))
        read = (message_from_string(one, policy=default) for one in sent if one.strip())
        return [(str(one["Message-ID"]), str(one["Subject"])) for one in read]
