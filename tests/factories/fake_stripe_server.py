"""The HTTP side of `fake_stripe`: addresses, keys of requests, what gets lost, and its form."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from tests.factories.fake_stripe import GOOD, MESSAGE, FakeStripe, Refused


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeStripe

    def do_GET(self) -> None:
        self._serve({})

    def do_OPTIONS(self) -> None:
        self._answer(200, {})

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self._serve(dict(parse_qsl(self.rfile.read(length).decode())))

    def log_message(self, *args: object) -> None:
        """Say nothing."""

    def _serve(self, given: dict[str, str]) -> None:
        address = urlsplit(self.path)
        if address.path == "/stripe.js":
            self._send(200, SCRIPT.replace("{url}", self.fake.url).encode(), "text/javascript")
            return
        if address.path == "/3ds":
            self._send(200, BANK.encode(), "text/html; charset=utf-8")
            return
        faults = self.fake.faults
        time.sleep(faults.slow)
        if faults.happens(faults.lost_before) or self._is_watched(address.path, has_acted=False):
            self.close_connection = True
            return
        asked = {key: values[0] for key, values in parse_qs(address.query).items()}
        status, answer = self._act_once(address.path.split("/")[2:], given, asked)
        if faults.happens(faults.lost_after) or self._is_watched(address.path, has_acted=True):
            self.close_connection = True
            return
        self._answer(status, answer)

    def _is_watched(self, path: str, *, has_acted: bool) -> bool:
        watch = self.fake.watch
        return watch is not None and watch(f"{self.command} {path}", has_acted)

    def _act_once(
        self, path: list[str], given: dict[str, str], asked: dict[str, str]
    ) -> tuple[int, dict[str, Any]]:
        key = self.headers.get("Idempotency-Key", "") if self.command == "POST" else ""
        said = json.dumps([path, sorted(given.items())])
        with self.fake.lock:
            if key in self.fake.answers:
                known, status, answer = self.fake.answers[key]
                if known != said:
                    return 400, {"error": {"type": "idempotency_error", "message": "Other request"}}
                return status, answer
            try:
                result = 200, json.loads(json.dumps(self._act(path, given, asked)))
            except Refused as refused:
                said_why = {"type": refused.kind, "code": refused.code, "message": MESSAGE}
                result = refused.status, {"error": said_why}
            if key:
                self.fake.answers[key] = (said, *result)
        return result

    def _act(self, path: list[str], given: dict[str, str], asked: dict[str, str]) -> dict[str, Any]:
        kind, *rest = path
        if self.command == "GET":
            return self.fake.get(kind, rest[0]) if rest else self.fake.find(kind, asked)
        if kind == "refunds":
            return self.fake.refund(given)
        if not rest:
            return self.fake.create(given)
        if rest[1] == "confirm":
            return self.fake.confirm(rest[0], given.get("payment_method", GOOD))
        if rest[1] == "capture":
            return self.fake.capture(rest[0], given)
        return self.fake.cancel(rest[0])

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        self._send(status, json.dumps(answer).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Access-Control-Allow-Origin", "*")
        self.send_header("Access-Control-Allow-Headers", "*")
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serve_stripe() -> Iterator[FakeStripe]:
    """Serve an account at `url` until the block ends."""
    fake = FakeStripe()
    handler = type("Handler", (_Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# As much of https://docs.stripe.com/js as the payment page calls, with the cards of /testing.
SCRIPT = """
window.Stripe = (key) => ({
  elements: ({clientSecret}) => ({
    clientSecret,
    create: () => ({
      on: (what, act) => { if (what === "ready") setTimeout(act, 0); },
      mount: (at) => {
        const place = typeof at === "string" ? document.querySelector(at) : at;
        place.innerHTML = '<label>Test card <select name="fake-card">'
          + '<option value="pm_card_visa">good</option>'
          + '<option value="pm_card_chargeDeclined">declined</option>'
          + '<option value="pm_card_threeDSecure2Required">3-D Secure</option></select></label>';
      },
    }),
  }),
  confirmPayment: async ({elements, confirmParams}) => {
    const intent = elements.clientSecret.split("_secret_")[0];
    const card = document.querySelector("[name=fake-card]").value;
    const answer = await fetch("{url}/v1/payment_intents/" + intent + "/confirm", {
      method: "POST", body: new URLSearchParams({key, payment_method: card}),
    });
    const said = await answer.json();
    if (said.error) return {error: said.error};
    const back = confirmParams.return_url;
    if (said.next_action) {
      location.href = said.next_action.redirect_to_url.url + "&back=" + encodeURIComponent(back);
    } else location.href = back + "?payment_intent=" + intent;
    return new Promise(() => {});
  },
});
"""
BANK = """<!doctype html><title>Test bank</title><h1>Test bank</h1><button>Approve</button><script>
document.querySelector("button").onclick = async () => {
  const asked = new URLSearchParams(location.search), intent = asked.get("intent");
  await fetch("/v1/payment_intents/" + intent + "/confirm", {
    method: "POST", body: new URLSearchParams({payment_method: "pm_card_threeDSecure2Required"}),
  });
  location.href = asked.get("back") + "?payment_intent=" + intent;
};</script>"""
