"""Arrays as bytes and back: npz without pickle, told apart by a hash."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> tuple[bytes, str]:
    """Return named arrays as npz bytes, and their SHA-256.

    >>> packed, digest = pack_arrays({"mode": np.array([1.0, 2.0])})
    >>> unpack_arrays(packed, digest)["mode"].tolist()
    [1.0, 2.0]
    """
    room = io.BytesIO()
    np.savez_compressed(room, allow_pickle=False, **dict(arrays))
    packed = room.getvalue()
    return packed, hashlib.sha256(packed).hexdigest()


def unpack_arrays(packed: bytes, digest: str) -> dict[str, NDArray[Any]]:
    """Return the arrays. Raises ValueError where the bytes are not those that were packed.

    >>> unpack_arrays(b"other", "00")
    Traceback (most recent call last):
    ...
    ValueError: the stored model is not the one that was trained
    """
    if hashlib.sha256(packed).hexdigest() != digest:
        raise ValueError("the stored model is not the one that was trained")
    with np.load(io.BytesIO(packed), allow_pickle=False) as found:
        return {name: found[name] for name in found.files}
