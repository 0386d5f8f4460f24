"""Refusals of this room. Doors turn them into messages; `code` is stable."""

from __future__ import annotations

from shop.ground.kernel.errors import FairtagError


class CartRefused(FairtagError):
    """The cart cannot do that.

    Codes: bad_points, bad_quantity, too_many_lines, too_many_codes, not_for_sale, line_not_found,
    cart_empty, no_such_gift, gift_gone,
    age_not_confirmed.
    """

    code = "cart_refused"


class CartChanged(FairtagError):
    """The caller acted on an older version of the cart; show the newer one and ask again."""

    code = "cart_changed"


class PriceConsentNeeded(FairtagError):
    """A promised price ran out and the new one is higher: the shopper has to accept it first."""

    code = "price_consent_needed"


class TotalChanged(FairtagError):
    """The total is now higher than the one the shopper was shown; `detail` has both."""

    code = "total_changed"


class OrderRefused(FairtagError):
    """The order cannot do that in its state. Codes: not_cancellable, not_payable, ..."""

    code = "order_refused"


class OrderNotFound(FairtagError):
    """No such order, or not this shopper's: the answer is the same."""

    code = "order_not_found"


class PaymentRefused(FairtagError):
    """The payment cannot start or be confirmed. Codes: unknown_method, bad_action_token, ..."""

    code = "payment_refused"
