"""Recompute a stored decision from its stored inputs."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Replay:
    """A decision made again: identical or not, and where it differs."""

    quote_id: UUID
    is_identical: bool
    stored_minor: int
    replayed_minor: int
    differences: tuple[str, ...]


def replay_quote(*, quote_id: UUID) -> Replay:
    """Recompute quote `quote_id` from stored inputs and stored versions."""
    raise NotImplementedError
