"""Arrays are stored without pickle and come back as they were."""

import io

import numpy as np
import pytest

from shop.ground.kernel.arrays import hash_arrays, pack_arrays, unpack_arrays


def test_arrays_survive_the_round_trip() -> None:
    arrays = {"beta": np.array([-1.5, 0.25]), "sku": np.array(["a", "bc"]), "n": np.arange(3)}
    unpacked = unpack_arrays(pack_arrays(arrays))
    assert hash_arrays(unpacked) == hash_arrays(arrays)
    assert unpacked["beta"].tolist() == [-1.5, 0.25]


def test_python_objects_are_refused_on_the_way_in() -> None:
    with pytest.raises(TypeError, match="array 'who' holds Python objects"):
        pack_arrays({"who": np.array([{"a": 1}], dtype=object)})


def test_pickled_entries_are_refused_on_the_way_out() -> None:
    buffer = io.BytesIO()
    np.savez(buffer, who=np.array([{"a": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        unpack_arrays(buffer.getvalue())


@pytest.mark.parametrize(
    "other", [{"a": np.array([1, 3])}, {"b": np.array([1, 2])}, {"a": np.array([1.0, 2.0])}]
)
def test_any_change_changes_the_hash(other: dict[str, np.ndarray]) -> None:
    assert hash_arrays({"a": np.array([1, 2])}) != hash_arrays(other)
