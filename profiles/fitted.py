"""Fitted models that a table keeps as versions: the active one, in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from django.db import models
from numpy.typing import NDArray

from shop.ground.kernel.arrays import unpack_arrays

CHECK_SECONDS = 5.0
KEEP_VERSIONS = 10


class Fitted[Model]:
    """The model of the active version in `table`, at most 5 s old."""

    def __init__(
        self,
        table: type[models.Model],
        read: Callable[[Mapping[str, NDArray[Any]]], Model | None],
    ) -> None:
        self._table, self._read = table, read
        self._version: int | None = None
        self._model: Model | None = None
        self._checked: float | None = None

    def get(self) -> Model | None:
        """Return the model, None before the first fit. One query every 5 s per process."""
        now = time.monotonic()
        if self._checked is None or now - self._checked >= CHECK_SECONDS:
            self._refresh()
            self._checked = now
        return self._model

    def forget(self) -> None:
        """Drop what is in memory: the next read sees what was just activated."""
        self._version, self._model, self._checked = None, None, None

    def _refresh(self) -> None:
        active = self._table._default_manager.filter(is_active=True)
        version = active.values_list("pk", flat=True).first()
        if version != self._version:
            arrays = active.values_list("arrays", flat=True).get(pk=version) if version else None
            self._model = None if arrays is None else self._read(unpack_arrays(arrays))
            self._version = version


def delete_old_versions(table: type[models.Model]) -> None:
    """Keep the active version and the newest ones; delete the others."""
    rows = table._default_manager
    newest = rows.order_by("-fitted_at", "-pk").values_list("pk", flat=True)
    kept = list(newest[:KEEP_VERSIONS])
    rows.filter(is_active=False).exclude(pk__in=kept).delete()
