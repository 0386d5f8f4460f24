"""Staff table of reviews: read them all, hide one for a reason its writer is told."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action

from profiles.reviews.api import hide_review, show_review
from profiles.reviews.models import Review
from shop.ground.staff.columns import percent_column, tag_column
from shop.ground.staff.reasons import ReasonForm, ask, go_back, tell_outcome
from shop.ground.staff.tables import ReadOnlyAdmin


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    blank_text = _("Reviews that shoppers write on product pages are listed here.")
    list_display = [
        "product",
        "rating",
        "text",
        percent_column("positivity", _("Positive")),
        tag_column("state", _("State"), {"shown": "green", "hidden": "red"}),
        "written_at",
    ]
    list_select_related = ["product"]
    list_filter = [
        "rating",
        "language",
        ("state", ChoicesDropdownFilter),
        ("written_at", RangeDateTimeFilter),
    ]
    actions_detail = ["hide", "show"]

    def has_moderate_permission(self, request: HttpRequest, _key: str | None = None) -> bool:
        """Return whether the reader may hide reviews."""
        return bool(request.user.has_perm("profiles.change_review"))

    @action(
        description=_("Hide"),
        permissions=["moderate"],
        url_path="hide",
        icon="visibility_off",
        dialog=ask(
            _("Hide this review?"),
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
            hide_review(review_id=int(object_id), because=reason)

        tell_outcome(self, request, act, _("Hidden; its writer is told why."))
        return go_back(request)

    @action(
        description=_("Show again"),
        permissions=["moderate"],
        url_path="show",
        icon="visibility",
        dialog=ask(_("Show this review again?"), submit=_("Show again")),
    )
    def show(self, request: HttpRequest, form: object, object_id: str) -> HttpResponse:
        """Put it back."""

        def act() -> None:
            show_review(review_id=int(object_id))

        tell_outcome(self, request, act, _("It is on the pages again."))
        return go_back(request)
