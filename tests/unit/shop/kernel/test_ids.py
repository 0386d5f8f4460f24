"""Time-ordered ids and stable draws."""

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.ground.kernel.clock import epoch_ms
from shop.ground.kernel.hashing import canonical_json, fingerprint, is_signed, sign, stable_draw
from shop.ground.kernel.ids import uuid7, uuid7_time


@given(st.integers(0, 2**47))
def test_an_id_carries_its_moment(milliseconds: int) -> None:
    value = uuid7(min(milliseconds, 253_402_300_799_000))
    assert epoch_ms(uuid7_time(value)) == min(milliseconds, 253_402_300_799_000)
    assert value.variant == "specified in RFC 4122"


def test_ids_of_one_moment_differ() -> None:
    assert len({uuid7(1) for _ in range(1000)}) == 1000


def test_a_random_id_has_no_time() -> None:
    with pytest.raises(ValueError, match="version 4"):
        uuid7_time(uuid4())


def test_equal_values_have_equal_fingerprints() -> None:
    assert canonical_json({"b": "价", "a": 1}) == '{"a":1,"b":"价"}'.encode()
    assert fingerprint({"a": 1, "b": [2]}) == fingerprint({"b": [2], "a": 1})
    assert fingerprint({"a": 1}) != fingerprint({"a": 2})


@given(st.binary(max_size=200), st.integers(0, 255))
def test_a_changed_message_is_not_signed(message: bytes, position: int) -> None:
    signature = sign(message, key=b"k1")
    changed = bytearray(message or b"x")
    changed[position % len(changed)] ^= 1
    assert is_signed(message, signature, key=b"k1")
    assert not is_signed(bytes(changed), signature, key=b"k1")
    assert not is_signed(message, signature, key=b"k2")


def test_draws_are_stable_and_even() -> None:
    draws = [stable_draw("holdout", str(number)) for number in range(10_000)]
    assert draws == [stable_draw("holdout", str(number)) for number in range(10_000)]
    assert 0.045 < sum(draw < 0.05 for draw in draws) / len(draws) < 0.055
    assert stable_draw("ab", "c") != stable_draw("a", "bc")
