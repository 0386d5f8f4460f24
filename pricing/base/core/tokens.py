"""The signed token of a quote: compact, complete, checkable with a key and nothing else."""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pricing.base.core.values import Arm, QuoteSource, VerifiedQuote
from shop.ground.kernel.hashing import is_signed, sign

FORMAT = 1
SIGNATURE_BYTES = 32
OWNER_BYTES = 16
NOBODY = bytes(OWNER_BYTES)
RUNGS: tuple[QuoteSource, ...] = ("public", "book", "personal")
ARMS: tuple[Arm, ...] = ("none", "treated", "holdout")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# format, key id, id, variant, list, public, quoted, issued ms, expires ms, policy, model, book,
# price point, arm, owner; then the texts.
_HEAD = struct.Struct(">BB16sQIIIQQIIIBB16s")


class MalformedToken(ValueError):
    """The text is no token of ours; `is_forged` says that it looked like one but is not signed."""

    def __init__(self, message: str, *, is_forged: bool = False) -> None:
        super().__init__(message)
        self.is_forged = is_forged


def owner_of(pseudonym: str | None) -> bytes:
    """Return the 16 bytes that bind a quote to a shopper; NOBODY for a price everybody gets.

    >>> owner_of("alice") == owner_of("alice"), owner_of(None) == NOBODY
    (True, True)
    """
    if pseudonym is None:
        return NOBODY
    return hashlib.blake2b(pseudonym.encode(), digest_size=OWNER_BYTES, person=b"fairtag").digest()


class TokenSigner:
    """Signs the tokens of one request; what all of them share is packed once.

    `shared` names market, channel, currency, jurisdiction, versions, arm, owner and moments; each
    token adds its id, variant, amounts, price point and label.

    >>> quote = example_quote()
    >>> token, signature = TokenSigner(quote, key=b"secret").sign(
    ...     quote.quote_id, quote.variant_id, (429, 399, 389), "personal", "generic"
    ... )
    >>> decode_token(token, keys={1: b"secret"}) == quote, signature.hex() == signature_of(token)
    (True, True)
    """

    def __init__(self, shared: VerifiedQuote, *, key: bytes) -> None:
        self._key = key
        self._shared = shared
        self._moments = (_ms(shared.issued_at), _ms(shared.expires_at))
        self._versions = (shared.policy_version, shared.model_version, shared.book_version)
        self._arm = ARMS.index(shared.arm)
        self._texts: dict[str, bytes] = {}

    def sign(
        self,
        quote_id: UUID,
        variant_id: int,
        amounts: tuple[int, int, int],
        rung: QuoteSource,
        label_code: str,
    ) -> tuple[str, bytes]:
        """Return the token of a quote and its signature; `amounts` are list, public, quoted."""
        body = _HEAD.pack(
            FORMAT,
            self._shared.kid,
            quote_id.bytes,
            variant_id,
            *amounts,
            *self._moments,
            *self._versions,
            RUNGS.index(rung),
            self._arm,
            self._shared.owner,
        ) + (self._texts.get(label_code) or self._text(label_code))
        signature = sign(body, key=self._key)
        return base64.urlsafe_b64encode(body + signature).rstrip(b"=").decode(), signature

    def _text(self, label_code: str) -> bytes:
        shared = self._shared
        parts = (
            shared.market,
            shared.channel,
            shared.currency,
            label_code,
            shared.jurisdiction_code,
        )
        self._texts[label_code] = "|".join(parts).encode()
        return self._texts[label_code]


def encode_token(quote: VerifiedQuote, *, key: bytes) -> str:
    """Return the token of `quote`, signed with `key`: about 250 characters, URL-safe.

    >>> token = encode_token(example_quote(), key=b"secret")
    >>> len(token) <= 700
    True
    >>> decode_token(token, keys={1: b"secret"}) == example_quote()
    True
    """
    amounts = (quote.list_minor, quote.public_minor, quote.quoted_minor)
    signer = TokenSigner(quote, key=key)
    return signer.sign(quote.quote_id, quote.variant_id, amounts, quote.rung, quote.label_code)[0]


def signature_of(token: str) -> str:
    """Return the signature inside a token as hexadecimal digits, to be kept with the quote."""
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    return raw[-SIGNATURE_BYTES:].hex()


def label_code_of(token: str) -> str:
    """Return the label code inside a token that this shop kept itself: nothing is checked.

    >>> label_code_of(encode_token(example_quote(label_code="eu-test"), key=b"secret"))
    'eu-test'
    """
    raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    return raw[_HEAD.size : -SIGNATURE_BYTES].decode().split("|")[3]


def decode_token(token: str, *, keys: Mapping[int, bytes]) -> VerifiedQuote:
    """Return what `token` promises if one of `keys` (by key id) signed it; else MalformedToken.

    The signature is checked before anything inside is believed.
    """
    if not 100 < len(token) <= 700 or not token.isascii():
        raise MalformedToken("not a quote token")
    try:
        raw = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedToken("not a quote token") from error
    body, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    if len(body) < _HEAD.size or body[0] != FORMAT:
        raise MalformedToken("not a quote token")
    # The last character of base64 has unused bits: two texts would be one token.
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
        raise MalformedToken("not a quote token", is_forged=True)
    key = keys.get(body[1])
    if key is None or not is_signed(body, signature, key=key):
        raise MalformedToken("not signed by this shop", is_forged=True)
    return _read(body)


def _read(body: bytes) -> VerifiedQuote:
    head = _HEAD.unpack_from(body)
    market, channel, currency, label_code, jurisdiction = body[_HEAD.size :].decode().split("|")
    public, quoted = head[5], head[6]
    return VerifiedQuote(
        quote_id=UUID(bytes=head[2]),
        variant_id=head[3],
        market=market,
        channel=channel,
        currency=currency,
        list_minor=head[4],
        public_minor=public,
        quoted_minor=quoted,
        is_personal=quoted < public,
        rung=RUNGS[head[12]],
        label_code=label_code,
        jurisdiction_code=jurisdiction,
        policy_version=head[9],
        model_version=head[10],
        book_version=head[11],
        arm=ARMS[head[13]],
        owner=head[14],
        issued_at=EPOCH + timedelta(milliseconds=head[7]),
        expires_at=EPOCH + timedelta(milliseconds=head[8]),
        kid=head[1],
    )


def _ms(moment: datetime) -> int:
    return int((moment - EPOCH) / timedelta(milliseconds=1))


def example_quote(**changes: object) -> VerifiedQuote:
    """Return a quote for examples: 3.89 instead of 3.99."""
    issued = datetime(2026, 11, 25, 12, tzinfo=UTC)
    quote = VerifiedQuote(
        quote_id=UUID("0193643c-8d00-7000-8000-000000000001"),
        variant_id=7,
        market="us",
        channel="online",
        currency="USD",
        list_minor=429,
        public_minor=399,
        quoted_minor=389,
        is_personal=True,
        rung="personal",
        label_code="generic",
        jurisdiction_code="US-other",
        policy_version=1,
        model_version=1,
        book_version=1,
        arm="treated",
        owner=owner_of("alice"),
        issued_at=issued,
        expires_at=issued + timedelta(minutes=60),
        kid=1,
    )
    return replace(quote, **changes)  # type: ignore[arg-type]  # examples name fields freely


STREAM = "fairtag:quotes"
GROUP = "drain"
# Looks at public prices, a page an entry; longer than this it forgets the oldest.
LOOKS, MOST_PAGES = "fairtag:looks", 200_000
# Bits by day and place: which sets of products a page of the day has shown.
SEEN_SETS = "fairtag:look-sets:"
