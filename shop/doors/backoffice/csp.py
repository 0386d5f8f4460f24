"""The content security policy of /admin/ and of nothing else.

Unfold's menus and dialogs are Alpine components whose expressions are strings, so its scripts
need `unsafe-eval`; inline scripts stay forbidden. Alpine also sets `style` attributes (the
width of the sidebar), which only `style-src-attr` allows; style sheets and `<style>` blocks stay
under the strict rule. Every page outside the admin keeps the strict policy of the settings.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.utils.csp import CSP
from django.views.decorators.csp import csp_override


def staff_policy() -> dict[str, list[str]]:
    """Return the shop's policy with the two exceptions that Unfold needs."""
    return {
        **settings.SECURE_CSP,
        "script-src": [CSP.SELF, CSP.UNSAFE_EVAL],
        "style-src-attr": [CSP.UNSAFE_INLINE],
    }


def relax_policy(view: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an admin view so that its answer carries the staff policy."""
    return csp_override(staff_policy())(view)
