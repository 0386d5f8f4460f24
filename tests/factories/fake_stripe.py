"""A server that speaks as much of Stripe's API as the shop needs, and misbehaves on demand.

Shapes are those of https://docs.stripe.com/api (payment_intents, refunds, events, errors) as
published for 2026-10-28.endive; only fields that the shop or Stripe's library reads are here. It
signs webhooks as https://docs.stripe.com/webhooks#verify-manually says. It loses requests before
or after it acted, answers late, sends events twice, out of order or never, and lets a payment
succeed after it was canceled.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

SECRET_KEY, PUBLISHABLE_KEY = "sk_test_fake", "pk_test_fake"
WEBHOOK_SECRET = "whsec_fake"
GOOD, DECLINED, SECURE = "pm_card_visa", "pm_card_chargeDeclined", "pm_card_threeDSecure2Required"
MESSAGE = "Your card was declined."


@dataclass
class Faults:
    """How often something goes wrong, as shares of one; `slow` is in seconds."""

    lost_before: float = 0
    lost_after: float = 0
    slow: float = 0
    luck: random.Random = field(default_factory=lambda: random.Random(13))

    def happens(self, share: float) -> bool:
        return bool(share) and self.luck.random() < share


@dataclass
class Event:
    """A webhook as it goes over the wire."""

    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        return {"Stripe-Signature": sign(self.body)}


def sign(body: bytes, *, secret: str = WEBHOOK_SECRET, at: int | None = None) -> str:
    """Return the header of an event sent `at` a moment, now if not given."""
    moment = int(time.time()) if at is None else at
    signed = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256)
    return f"t={moment},v1={signed.hexdigest()}"


class Refused(Exception):
    """An answer of Stripe's that is an error."""

    def __init__(self, status: int, code: str, kind: str = "invalid_request_error") -> None:
        super().__init__(code)
        self.status, self.code, self.kind = status, code, kind


class FakeStripe:
    """The books of one account. Safe to call from many threads."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.faults = Faults()
        self.intents: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, dict[str, Any]] = {}
        self.answers: dict[str, tuple[str, int, dict[str, Any]]] = {}
        self.events: list[Event] = []
        self.failing_refunds = 0
        self.url = ""
        # Asked of each request, before and after it is done; whether its caller hears nothing more
        self.watch: Callable[[str, bool], bool] | None = None
        self._count = itertools.count(1)

    # --- what a shopper does in Stripe's form

    def confirm(self, intent_id: str, method: str = GOOD) -> dict[str, Any]:
        """Confirm with a test card, as https://docs.stripe.com/testing names them."""
        with self.lock:
            intent = self._intent(intent_id)
            if intent["status"] not in ("requires_payment_method", "requires_action"):
                raise Refused(400, "payment_intent_unexpected_state")
            if method == DECLINED:
                self._decline(intent)
            if method == SECURE and intent["status"] != "requires_action":
                intent["status"] = "requires_action"
                page = f"{self.url}/3ds?intent={intent_id}"
                intent["next_action"] = {
                    "type": "redirect_to_url",
                    "redirect_to_url": {"url": page},
                }
                return self._tell("payment_intent.requires_action", intent)
            return self._succeed(intent)

    def revive(self, intent_id: str) -> None:
        """Let a payment succeed although it was canceled."""
        with self.lock:
            self._succeed(self._intent(intent_id))

    def dispute(self, intent_id: str, status: str = "needs_response") -> None:
        """Let the cardholder's bank dispute a payment."""
        kind = "closed" if status in ("won", "lost") else "created"
        about = {"object": "dispute", "payment_intent": intent_id, "status": status}
        with self.lock:
            self._tell(f"charge.dispute.{kind}", {"id": f"dp_{next(self._count)}", **about})

    # --- what a merchant does in the dashboard

    def refund_by_hand(self, intent_id: str, amount: int) -> dict[str, Any]:
        """Refund without the shop: no metadata, and both kinds of events that Stripe sends."""
        with self.lock:
            made = self.refund({"payment_intent": intent_id, "amount": str(amount)})
            charge = self._intent(intent_id)["latest_charge"]
            self._tell("charge.refunded", {**charge, "payment_intent": intent_id})
            return made

    # --- the books, for tests

    def held(self) -> dict[str, int]:
        """Return what the account holds of each order: reserved or taken, less what went back."""
        sums: dict[str, int] = {}
        for intent in self.intents.values():
            order = intent["metadata"]["order"]
            kept = intent["amount_received"] - intent["latest_charge"]["amount_refunded"]
            if intent["status"] == "requires_capture":
                kept = intent["amount"]
            sums[order] = sums.get(order, 0) + kept
        return {order: amount for order, amount in sums.items() if amount}

    # --- the API

    def create(self, given: Mapping[str, str]) -> dict[str, Any]:
        """POST /v1/payment_intents."""
        number = f"pi_fake{next(self._count):08d}"
        intent = {
            "id": number,
            "object": "payment_intent",
            "amount": int(given["amount"]),
            "amount_capturable": 0,
            "amount_received": 0,
            "capture_method": given.get("capture_method", "automatic"),
            "client_secret": f"{number}_secret_fake",
            "created": int(time.time()),
            "currency": given["currency"],
            "last_payment_error": None,
            "latest_charge": {"object": "charge", "amount_refunded": 0},
            "metadata": _nested(given, "metadata"),
            "next_action": None,
            "status": "requires_payment_method",
        }
        self.intents[number] = intent
        return self._tell("payment_intent.created", intent)

    def capture(self, intent_id: str, given: Mapping[str, str]) -> dict[str, Any]:
        """POST /v1/payment_intents/:id/capture."""
        intent = self._intent(intent_id)
        amount = int(given.get("amount_to_capture", intent["amount"]))
        if intent["status"] != "requires_capture" or not 0 < amount <= intent["amount"]:
            raise Refused(400, "payment_intent_unexpected_state")
        intent.update(status="succeeded", amount_received=amount, amount_capturable=0)
        return self._tell("payment_intent.succeeded", intent)

    def cancel(self, intent_id: str) -> dict[str, Any]:
        """POST /v1/payment_intents/:id/cancel."""
        intent = self._intent(intent_id)
        if intent["status"] in ("succeeded", "canceled"):
            raise Refused(400, "payment_intent_unexpected_state")
        intent.update(status="canceled", amount_capturable=0)
        return self._tell("payment_intent.canceled", intent)

    def refund(self, given: Mapping[str, str]) -> dict[str, Any]:
        """POST /v1/refunds."""
        intent, amount = self._intent(given["payment_intent"]), int(given["amount"])
        charge = intent["latest_charge"]
        if amount <= 0 or charge["amount_refunded"] + amount > intent["amount_received"]:
            raise Refused(400, "charge_already_refunded")
        fails = self.failing_refunds > 0
        self.failing_refunds -= int(fails)
        made = {
            "id": f"re_fake{next(self._count):08d}",
            "object": "refund",
            "amount": amount,
            "created": int(time.time()),
            "metadata": _nested(given, "metadata"),
            "payment_intent": intent["id"],
            "status": "failed" if fails else "succeeded",
            "failure_reason": "expired_or_canceled_card" if fails else None,
        }
        self.refunds[made["id"]] = made
        if not fails:
            charge["amount_refunded"] += amount
        return self._tell("refund.failed" if fails else "refund.created", made)

    def find(self, kind: str, asked: Mapping[str, str]) -> dict[str, Any]:
        """GET a list, newest first, in pages as https://docs.stripe.com/api/pagination says."""
        since = int(asked.get("created[gte]", 0))
        about = asked.get("payment_intent")
        rows = list(
            reversed((self.intents if kind == "payment_intents" else self.refunds).values())
        )
        rows = [row for row in rows if row.get("created", since) >= since]
        rows = [row for row in rows if about is None or row["payment_intent"] == about]
        if after := asked.get("starting_after"):
            rows = rows[[row["id"] for row in rows].index(after) + 1 :]
        limit = int(asked.get("limit", 10))
        page = {"object": "list", "url": f"/v1/{kind}", "has_more": len(rows) > limit}
        return {**page, "data": rows[:limit]}

    def get(self, kind: str, number: str) -> dict[str, Any]:
        """GET one."""
        if kind == "payment_intents":
            return self._intent(number)
        return self.refunds[number]

    def _intent(self, number: str) -> dict[str, Any]:
        if number not in self.intents:
            raise Refused(404, "resource_missing")
        return self.intents[number]

    def _succeed(self, intent: dict[str, Any]) -> dict[str, Any]:
        intent.update(next_action=None, last_payment_error=None)
        if intent["capture_method"] == "manual":
            intent.update(status="requires_capture", amount_capturable=intent["amount"])
            return self._tell("payment_intent.amount_capturable_updated", intent)
        intent.update(status="succeeded", amount_received=intent["amount"])
        return self._tell("payment_intent.succeeded", intent)

    def _decline(self, intent: dict[str, Any]) -> None:
        problem = {"type": "card_error", "code": "card_declined", "message": MESSAGE}
        intent.update(status="requires_payment_method", last_payment_error=problem)
        self._tell("payment_intent.payment_failed", intent)
        raise Refused(402, "card_declined", "card_error")

    def _tell(self, kind: str, about: dict[str, Any]) -> dict[str, Any]:
        event = {
            "id": f"evt_fake{next(self._count):08d}",
            "object": "event",
            "type": kind,
            "created": int(time.time()),
            "data": {"object": about},
        }
        self.events.append(Event(json.dumps(event).encode()))
        return about


def _nested(given: Mapping[str, str], name: str) -> dict[str, str]:
    return {key[len(name) + 1 : -1]: value for key, value in given.items() if key.startswith(name)}
