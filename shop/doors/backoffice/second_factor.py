"""Staff without a second factor set one up before they see anything."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _


def require_second_factor(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a staff page. One query a request where STAFF_MFA_REQUIRED; whoever has a factor was
    asked for it at the login.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.STAFF_MFA_REQUIRED and lacks_factor(request.user):
            messages.warning(
                request, _("Staff need a second factor. Set one up here, then open the page again.")
            )
            return redirect("mfa_index")
        return view(request, *args, **kwargs)

    return wrapped


def lacks_factor(account: Any) -> bool:
    """Return whether this is a member of staff whose password alone opens the door."""
    return bool(account.is_active and account.is_staff and not is_mfa_enabled(account))
