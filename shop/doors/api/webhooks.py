"""Webhooks of payment providers. Only signed events are accepted."""

from __future__ import annotations

import structlog
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from orders.payments.api import EventRefused, PaymentRefused, take_event
from shop.doors.api.responses import json_response
from shop.ground.kernel.clock import utc_now

log = structlog.get_logger("fairtag.payments")


@csrf_exempt
@require_POST
def payment_event(request: HttpRequest, provider: str) -> HttpResponse:
    """Take an event: 200 also for one that is known or of no use, 400 for one without its sign.

    It is written down and answered; the worker asks the provider what became of the payment.
    """
    try:
        is_new = take_event(
            provider_code=provider, body=request.body, headers=request.headers, now=utc_now()
        )
    except PaymentRefused:
        return json_response({"received": False}, status=404)
    except EventRefused:
        log.warning("payment_event_refused", provider=provider)
        return json_response({"received": False}, status=400)
    return json_response({"received": True, "is_new": is_new})
