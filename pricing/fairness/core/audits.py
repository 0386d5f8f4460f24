"""Verdict of a fairness audit, for other rooms and staff pages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

AuditState = Literal["missing", "passed", "failed", "waived"]


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """The newest audit of a model's arrays; `id` 0 and no moment where there is none.

    `reasons` are plain sentences: why the model is stopped, or what people should know of it.

    >>> AuditVerdict(id=0, model=7, state="missing").allows_use
    False
    """

    id: int
    model: int
    state: AuditState
    at: datetime | None = None
    people: int = 0
    compared: int = 0
    is_waivable: bool = False
    waiver_asked_by: int | None = None
    reasons: tuple[str, ...] = ()
    report: Mapping[str, Any] | None = None

    @property
    def allows_use(self) -> bool:
        """Whether the model may be brought into use."""
        return self.state in ("passed", "waived")
