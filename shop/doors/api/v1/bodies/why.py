"""JSON of the explanation of a price."""

from __future__ import annotations

from shop.doors.api.v1.bodies.prices import (
    OPT_OUT_URL,
    Json,
    counterfactual_bodies,
    moment,
    money,
    reason_bodies,
)
from shop.doors.pages.values import WhyPage


def why_body(page: WhyPage, locale: str) -> Json:
    """Return the explanation of a stored quote: what was used, never the weights behind it."""
    trace = page.trace
    currency = trace.currency
    return {
        "quote_id": str(trace.quote_id),
        "variant_id": trace.variant_id,
        "list_price": money(trace.list_minor, currency, locale),
        "public_price": money(trace.public_minor, currency, locale),
        "quoted_price": money(trace.quoted_minor, currency, locale),
        "is_personal": trace.is_personal,
        "label_code": trace.label_code,
        "label": page.label,
        "reasons": reason_bodies(trace.reasons, currency, locale),
        "counterfactuals": counterfactual_bodies(trace.counterfactuals, currency, locale),
        "data_used": sorted(name for name, value in trace.features.items() if value),
        "jurisdiction": trace.jurisdiction_code,
        "policy_version": trace.policy_version,
        "model_version": trace.model_version,
        "issued_at": moment(trace.issued_at),
        "expires_at": moment(trace.expires_at),
        "opt_out_url": OPT_OUT_URL,
    }
