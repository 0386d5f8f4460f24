"""Signing in: the account app's own page, with an honest status when too many tries failed."""

from __future__ import annotations

from typing import Any

from allauth.account.views import LoginView
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpResponse

from shop.doors.storefront.limits import FAILED_LOGIN_SECONDS, ask_to_wait


class SignInView(LoginView):
    """The page keeps what was typed; programs that guess see 429 and when to come back."""

    def form_invalid(self, form: Any) -> HttpResponse:
        """Show the form again."""
        response: HttpResponse = super().form_invalid(form)
        if form.has_error(NON_FIELD_ERRORS, "too_many_login_attempts"):
            response.status_code = 429
            ask_to_wait(response, FAILED_LOGIN_SECONDS)
        return response
