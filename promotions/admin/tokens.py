"""What staff tables of tokens share: a token is made, shown once, and ended."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from promotions.tokens.api import AccessToken, revoke_token
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_tag
from shop.ground.staff.log import write_act
from shop.ground.staff.reasons import ReasonForm, account_id, ask, go_back, tell_outcome
from shop.ground.staff.tables import KeptAdmin


class TokenAdmin(KeptAdmin):
    """Tokens of one kind. Only the digest of one is kept, so that nobody can change it."""

    search_fields = ["name"]
    actions_row = ["revoke"]
    actions_detail = ["revoke"]
    allows_change = False  # revoke it and make another

    @admin.display(description=_("State"))
    def good_column(self, row: AccessToken) -> SafeString:
        """Whether the token still opens anything."""
        if row.revoked_at:
            return show_tag(_("revoked"))
        if row.has_expired(utc_now()):
            return show_tag(_("expired"))
        return show_tag(_("in use"), "green")

    @action(
        description=_("Revoke"),
        permissions=["act"],
        url_path="revoke",
        icon="block",
        dialog=ask(
            _("Revoke this token?"),
            _("The token is revoked at once. What was sent with it stays."),
            form_class=ReasonForm,
            submit=_("Revoke"),
        ),
    )
    def revoke(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """End the token at once."""

        table: Any = self.model

        def act() -> None:
            by_id = account_id(request)
            revoke_token(table, token_id=int(object_id), by_id=by_id, now=utc_now())

        if tell_outcome(self, request, act, _("The token is revoked.")):
            row = table._default_manager.get(pk=object_id)
            said = write_act(_("The token is revoked."), reason=form.cleaned_data["reason"])
            self.log_change(request, row, said)
        return go_back(request)
