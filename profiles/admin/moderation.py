"""What staff can do with a text of shoppers: hide it for a reason its writer is told, show it."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth import get_permission_codename
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from shop.ground.staff.reasons import ReasonForm, ask, go_back, tell_outcome
from shop.ground.staff.tables import ReadOnlyAdmin

TONES = {"shown": "green", "hidden": "red"}


class ModeratedAdmin(ReadOnlyAdmin):
    """A table of texts; `hide_row` and `show_row` are the services of its rows."""

    actions_detail = ["hide", "show"]
    hide_row: ClassVar[staticmethod[[int, str], None]]
    show_row: ClassVar[staticmethod[[int], None]]

    def has_moderate_permission(self, request: HttpRequest, _key: str | None = None) -> bool:
        """Return whether the reader may hide texts."""
        name = get_permission_codename("change", self.opts)
        return bool(request.user.has_perm(f"{self.opts.app_label}.{name}"))

    @action(
        description=_("Hide"),
        permissions=["moderate"],
        url_path="hide",
        icon="visibility_off",
        dialog=ask(
            _("Hide this text?"),
            _(
                "Its writer reads your reason. A bad rating is not a reason: the law forbids "
                "hiding those."
            ),
            form_class=ReasonForm,
            submit=_("Hide"),
        ),
    )
    def hide(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Take it off the pages."""
        reason = form.cleaned_data["reason"]

        def act() -> None:
            type(self).hide_row(int(object_id), reason)

        tell_outcome(self, request, act, _("Hidden; its writer is told why."))
        return go_back(request)

    @action(
        description=_("Show again"),
        permissions=["moderate"],
        url_path="show",
        icon="visibility",
        dialog=ask(_("Show this text again?"), submit=_("Show again")),
    )
    def show(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Put it back."""

        def act() -> None:
            type(self).show_row(int(object_id))

        tell_outcome(self, request, act, _("It is on the pages again."))
        return go_back(request)
