"""What happens around the SQL statements of a connection: a pause, another process, no lock.

The wrappers are for `connection.execute_wrapper`: they widen the gap of a race, or take its lock
away, without knowing which function of the shop sends the statement.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

type Wrapper = Callable[[Callable[..., Any], str, Any, bool, dict[str, Any]], Any]

_LOCK = re.compile(r" FOR (NO KEY )?UPDATE( OF \S+)?")


def act_before(words: str, act: Callable[[], object]) -> Wrapper:
    """Let `act` happen before each statement that holds `words`."""

    def run(execute: Callable[..., Any], sql: str, *given: Any) -> Any:
        if words in sql:
            act()
        return execute(sql, *given)

    return run


def act_after(words: str, act: Callable[[], object]) -> Wrapper:
    """Let `act` happen after each statement that holds `words`."""

    def run(execute: Callable[..., Any], sql: str, *given: Any) -> Any:
        answer = execute(sql, *given)
        if words in sql:
            act()
        return answer

    return run


def read_unlocked(table: str, *, seconds: float = 0.0) -> Wrapper:
    """Lock no rows of `table`: read them, wait so long and go on."""

    def run(execute: Callable[..., Any], sql: str, *given: Any) -> Any:
        if f'FROM "{table}"' not in sql or _LOCK.search(sql) is None:
            return execute(sql, *given)
        answer = execute(_LOCK.sub("", sql), *given)
        time.sleep(seconds)
        return answer

    return run
