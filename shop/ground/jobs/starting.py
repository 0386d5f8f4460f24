"""Checks that must pass before a web server or worker starts.

A system check registered with the tag START fails `check --deploy`, and ends these processes with
its sentence. Commands such as `migrate` run without it.
"""

from __future__ import annotations

from typing import Any

from django.core.checks import run_checks

START = "start"


def require_ready(**_given: Any) -> None:
    """End this process with a clear sentence if a check with the tag START finds an error."""
    problems = [
        each
        for each in run_checks(tags=[START], include_deployment_checks=True)
        if each.is_serious() and not each.is_silenced()
    ]
    if problems:
        raise SystemExit("\n".join(f"error: {each.msg} {each.hint or ''}" for each in problems))
