"""Arrays to bytes and back without pickle: models and price books are stored this way."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack_arrays(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return named arrays as one compressed npz. Object arrays are refused: they need pickle.

    >>> packed = pack_arrays({"beta": np.array([-1.5, -2.0])})
    >>> unpack_arrays(packed)["beta"].tolist()
    [-1.5, -2.0]
    """
    for name, array in arrays.items():
        if array.dtype.hasobject:
            raise TypeError(f"array {name!r} holds Python objects; convert it to numbers or text")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]  # stubs miss keyword arrays
    return buffer.getvalue()


def unpack_arrays(packed: bytes | memoryview) -> dict[str, NDArray[Any]]:
    """Return the arrays of `pack_arrays`. Raises ValueError if an entry would need pickle."""
    with np.load(io.BytesIO(bytes(packed)), allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def hash_arrays(arrays: Mapping[str, NDArray[Any]]) -> str:
    """Return a SHA-256 over names, types, shapes and values, independent of compression.

    >>> one, two = {"a": np.arange(3)}, {"a": np.arange(4)}
    >>> hash_arrays(one) == hash_arrays(dict(one)), hash_arrays(one) == hash_arrays(two)
    (True, False)
    """
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}|{array.dtype.str}|{array.shape}|".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()
