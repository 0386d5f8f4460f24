"""Signed quotes: nothing but what we signed is accepted."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.tokens import (
    SIGNATURE_BYTES,
    MalformedToken,
    decode_token,
    encode_token,
    example_quote,
    owner_of,
)

KEY, OTHER = b"k" * 32, b"o" * 32
TOKEN = encode_token(example_quote(), key=KEY)


def refuses(token: str, keys: dict[int, bytes] | None = None) -> bool:
    try:
        decode_token(token, keys=keys or {1: KEY})
    except MalformedToken:
        return True
    return False


def test_a_token_is_small_and_safe_in_an_address() -> None:
    assert len(TOKEN) <= 300
    assert TOKEN.replace("-", "").replace("_", "").isalnum()


def test_no_flipped_bit_is_accepted() -> None:
    raw = bytearray(base64.urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4)))
    for bit in range(len(raw) * 8):
        changed = raw.copy()
        changed[bit // 8] ^= 1 << bit % 8
        text = base64.urlsafe_b64encode(bytes(changed)).rstrip(b"=").decode()
        assert refuses(text), bit


def test_no_changed_character_is_accepted() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    for place in range(len(TOKEN)):
        for letter in alphabet[:: 1 if place == len(TOKEN) - 1 else 9]:
            if letter != TOKEN[place]:
                assert refuses(TOKEN[:place] + letter + TOKEN[place + 1 :])


def test_ten_thousand_mutations_are_refused() -> None:
    rng = np.random.default_rng(5)
    raw = np.frombuffer(base64.urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4)), dtype=np.uint8)
    for _ in range(10_000):
        changed = raw.copy()
        where = rng.integers(0, len(raw), rng.integers(1, 9))
        changed[where] ^= rng.integers(1, 256, len(where)).astype(np.uint8)
        if (changed != raw).any():
            text = base64.urlsafe_b64encode(changed.tobytes()).rstrip(b"=").decode()
            assert refuses(text)


@given(st.text(max_size=800))
def test_any_text_is_refused_cleanly(text: str) -> None:
    assert refuses(text)


def test_each_field_is_covered_by_the_signature() -> None:
    ours = base64.urlsafe_b64decode(TOKEN + "=" * (-len(TOKEN) % 4))
    for change in (
        {"quoted_minor": 1},
        {"public_minor": 4_000},
        {"variant_id": 8},
        {"owner": owner_of("mallory")},
        {"currency": "JPY"},
        {"expires_at": example_quote().expires_at.replace(year=2030)},
    ):
        forged = encode_token(example_quote(**change), key=OTHER)
        raw = base64.urlsafe_b64decode(forged + "=" * (-len(forged) % 4))
        grafted = raw[:-SIGNATURE_BYTES] + ours[-SIGNATURE_BYTES:]
        assert refuses(base64.urlsafe_b64encode(grafted).rstrip(b"=").decode())


def test_an_old_key_verifies_and_an_unknown_one_does_not() -> None:
    old = encode_token(example_quote(kid=1), key=KEY)
    assert decode_token(old, keys={2: OTHER, 1: KEY}).quoted_minor == 389
    assert refuses(old, {2: OTHER})
    with pytest.raises(MalformedToken) as refused:
        decode_token(old, keys={1: OTHER})
    assert refused.value.is_forged
