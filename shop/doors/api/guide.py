"""The text at the top of the API's documentation page."""

from __future__ import annotations

TAGS: tuple[tuple[str, str], ...] = (
    ("shopper", "Guest tokens, account, consent."),
    ("catalogue", "Categories, products, search."),
    ("prices", "Quotes, and why a price is what it is."),
    ("behaviour", "Events, recommendations and offers."),
    ("cart", "Cart lines and coupons."),
    ("checkout", "Placing orders and paying them."),
    ("orders", "Orders and their tracking."),
    ("points", "Loyalty points, tiers and invitations."),
    ("tills", "Points at a store's till, by a token of its own."),
    ("staff", "What systems of staff do: products, campaigns, parcels, returns."),
    ("groups", "Groups one proves to belong to."),
    ("reviews", "What buyers say."),
)

_SHOPPERS = """
The store for mobile clients: the same prices, offers and carts as on the web pages.

For others: [staff systems](/api/v1/docs/staff/), [tills](/api/v1/docs/tills/) and the
[account API](/api/v1/docs/accounts/).

### Who calls
1. A new device asks `POST /api/v1/guest` once, keeps the token and sends it as `X-Shopper-Token`.
2. Accounts sign up and in through the account API (`/_allauth/app/v1/auth/login`).
   A sign-up answers 401 with the pending flow `verify_email`, whether or not the address has an
   account: the link in the mail confirms it, or its key sent to
   `/_allauth/app/v1/auth/email/verify` with `X-Session-Token`, which then answers with tokens.
   Send `Authorization: Bearer <access token>`. Access tokens live 10 minutes, refresh tokens 60
   days and work once; one that comes back a second time ends its session, but for one repeat
   within a minute, after a lost answer. Send `X-Shopper-Token` with the sign-in and the guest's
   cart and history move to the account.

`DELETE /account` and `GET /account/data` of an account ask for the password or second factor again
(401 `reauthentication_required`): `POST /_allauth/app/v1/auth/reauthenticate`.

A token that is not valid is refused with 401, never ignored.

### Prices
Every price carries `list_price`, `public_price` (the same for everybody at this moment) and
`quoted_price` (what this shopper pays, never above the public one). Where `is_personal` is true,
show `public_price` beside it. Show `label` wherever it is not empty: a `label_code` that ends in
`-test` marks a price that a price test moved (`price-test`: the same price for everybody).
`quote_token` keeps the price until `expires_at`: send it when adding to the cart. `why_url`
explains the price; `opt_out_url` switches personal prices off, with effect on the next quote.
`Sec-GPC: 1` does the same for one request.
"""
_STAFF = """
What systems of staff do. [For shoppers](/api/v1/docs/), [tills](/api/v1/docs/tills/).

### Who calls
Systems of staff send a token that a member of staff made for them, as
`Authorization: Bearer staff_...`. It opens `/staff/` within its scopes and its maker's rights.
"""
_TILLS = """
Points of members at a store's till. [For shoppers](/api/v1/docs/),
[staff systems](/api/v1/docs/staff/).

### Who calls
Tills of a store send the token staff made for them as `Authorization: Bearer till_...`. It opens
`/till/` and nothing else, and no other token opens that.
"""
_ALL = """
### Money
`{"minor": 1234, "currency": "USD", "exponent": 2, "display": "$12.34"}`: compute with `minor`, show
`display`. There are no floating-point amounts.

### Errors
Every error is `application/problem+json` with a stable `code`; see the schema `Problem`.

### Repeating a request
Every POST that changes something takes an `Idempotency-Key` (a fresh UUID per intent); orders,
payments, returns and what staff write need one. The same key with the same request answers again
what it answered first; with another one it is refused with 422.

A field or filter that does not exist is refused with 400 `invalid`, and named.

### Limits
`RateLimit` and `RateLimit-Policy` say how much is left; a 429 says in `Retry-After` when to come
back. Bodies may have 1 MiB and 20 levels (documents that prove a group: 7 MiB; staff's pictures:
16 MiB, lists: 222 MiB); `POST /api/v1/events/batch` also takes gzip.
"""
GUIDES = {"shoppers": _SHOPPERS + _ALL, "staff": _STAFF + _ALL, "tills": _TILLS + _ALL}
GUIDE = _SHOPPERS + _STAFF + _TILLS + _ALL
