"""Which HTTP status a refusal's code stands for; a contract test knows every code of the rooms."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# A refusal that is nobody's typing error conflicts with the state of the shop.
FALLBACK_STATUS = 409

TITLE_BY_STATUS: dict[int, Promise] = {
    400: _("The request is not valid"),
    401: _("Who you are could not be checked"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("This address does not know that method"),
    406: _("Not available in that form"),
    409: _("It conflicts with the current state"),
    410: _("Gone"),
    412: _("It has changed in the meantime"),
    413: _("Too large"),
    415: _("Unknown media type"),
    422: _("It cannot be processed"),
    428: _("A condition is missing"),
    429: _("Too many requests"),
    500: _("Server error"),
    503: _("Not available at the moment"),
}

STATUS_BY_CODE: dict[str, int] = {
    # what was sent
    "bad_action_token": 400,
    "bad_points": 400,
    "bad_quantity": 400,
    "batch_too_large": 400,
    "body_malformed": 400,
    "body_too_deep": 400,
    "code_invalid": 400,
    "code_missing": 400,
    "contact_refused": 400,
    "cursor_invalid": 400,
    "domain_unknown": 400,
    "idempotency_key_malformed": 400,
    "idempotency_key_missing": 400,
    "if_match_malformed": 400,
    "link_invalid": 400,
    "rating_range": 400,
    "region_malformed": 400,
    "text_long": 400,
    "unknown_delivery": 400,
    "unknown_method": 400,
    "body_too_large": 413,
    "document_too_large": 413,
    "document_type": 415,
    "encoding_unsupported": 415,
    "media_type_unsupported": 415,
    "idempotency_mismatch": 422,
    # who asks
    "shopper_token_required": 401,
    "sign_in_first": 401,
    "sign_in_required": 401,
    "token_expired": 401,
    "token_invalid": 401,
    "token_joined": 401,
    "unknown_shopper": 401,
    # what does not exist, or not for this shopper
    "category_not_found": 404,
    "group_unknown": 404,
    "no_such_gift": 404,
    "no_programme": 404,
    "offer_not_found": 404,
    "order_not_found": 404,
    "payment_not_found": 404,
    "product_not_found": 404,
    "quote_not_found": 404,
    "shopper_not_found": 404,
    "unknown_invitation": 404,
    "unknown_purpose": 404,
    # what changed meanwhile
    "cart_changed": 412,
    # what is for others
    "not_bought": 403,
    # what the state of the shop forbids
    "cart_empty": 409,
    "cart_refused": 409,
    "claim_waits": 409,
    "coupon_exhausted": 409,
    "gift_gone": 409,
    "idempotency_in_flight": 409,
    "not_a_member": 409,
    "not_cancellable": 409,
    "not_for_sale": 409,
    "not_payable": 409,
    "order_refused": 409,
    "out_of_stock": 409,
    "payment_refused": 409,
    "points_gone": 409,
    "points_refused": 409,
    "price_consent_needed": 409,
    "reservation_gone": 409,
    "too_many_codes": 409,
    "too_many_lines": 409,
    "total_changed": 409,
    "way_closed": 409,
    # what is down
    "too_many_tries": 429,
    "market_not_found": 503,
    "online_unavailable": 503,
    "redis_unavailable": 503,
}
