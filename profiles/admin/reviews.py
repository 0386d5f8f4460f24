"""Staff tables of reviews, and of questions about products with their answers."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from profiles.reviews.api import (
    LONGEST_ANSWER,
    answer_as_shop,
    hide_answer,
    hide_question,
    hide_review,
    show_answer,
    show_question,
    show_review,
)
from profiles.reviews.models import Answer, Question, Review
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import percent_column, tag_column
from shop.ground.staff.log import SHORTEST_REASON
from shop.ground.staff.numbers import show_count
from shop.ground.staff.reasons import (
    ReasonForm,
    ask,
    ask_reason,
    go_back,
    keep_reason,
    tell_outcome,
)
from shop.ground.staff.tables import ReadOnlyAdmin

TONES = {"shown": "green", "hidden": "red"}


MOST_MODERATED = 200


def _say_many(count: int, *, is_hiding: bool, is_done: bool) -> str:
    """Return how many texts are, or would be, hidden or shown again."""
    if is_hiding and is_done:
        said = ngettext("%(n)s text is hidden.", "%(n)s texts are hidden.", count)
    elif is_hiding:
        said = ngettext("%(n)s text would be hidden.", "%(n)s texts would be hidden.", count)
    elif is_done:
        said = ngettext(
            "%(n)s text is on the pages again.", "%(n)s texts are on the pages again.", count
        )
    else:
        said = ngettext(
            "%(n)s text would be shown again.", "%(n)s texts would be shown again.", count
        )
    return said % {"n": show_count(count)}


class ModeratedAdmin(ReadOnlyAdmin):
    """A table of texts; `hide_row` and `show_row` are the services of its rows."""

    actions = ["hide_many", "show_many"]
    actions_detail = ["hide", "show"]
    hide_row: ClassVar[staticmethod[[int, str], None]]
    show_row: ClassVar[staticmethod[[int], None]]

    @admin.action(description=_("Hide…"), permissions=["act"])
    def hide_many(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """Take the chosen texts off the pages, after a look at them."""
        return self._moderate(request, queryset, is_hiding=True)

    @admin.action(description=_("Show again…"), permissions=["act"])
    def show_many(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        """Put the chosen texts back, after a look at them."""
        return self._moderate(request, queryset, is_hiding=False)

    def _moderate(
        self, request: HttpRequest, queryset: QuerySet[Any], *, is_hiding: bool
    ) -> HttpResponse:
        """Show what would change, or do it and offer to undo it.

        A row of an undone change brings its earlier reason along (`reason-7`).
        """
        chosen = list(queryset.order_by("pk")[:MOST_MODERATED])
        rows = [row for row in chosen if row.state == ("shown" if is_hiding else "hidden")]
        problem, is_done = "", "confirmed" in request.POST
        if is_done and is_hiding:
            said = request.POST.get("reason", "")
            reasons = {row.pk: request.POST.get(f"reason-{row.pk}", said).strip() for row in rows}
            if any(len(reason) < SHORTEST_REASON for reason in reasons.values()):
                problem, is_done = ask_reason(), False
        if is_done:
            with transaction.atomic():
                for row in rows:
                    if is_hiding:
                        type(self).hide_row(row.pk, reasons[row.pk])
                    else:
                        type(self).show_row(row.pk)
            keep_reason(request)
        context = {
            **self.admin_site.each_context(request),
            "title": self.opts.verbose_name_plural,
            "said": _say_many(len(rows), is_hiding=is_hiding, is_done=is_done),
            "rows": [self._describe(row) for row in rows],
            "left": len(chosen) - len(rows),
            "is_hiding": is_hiding,
            "is_done": is_done,
            "problem": problem,
        }
        return TemplateResponse(request, "admin/moderate_many.html", context)

    def _describe(self, row: Any) -> dict[str, Any]:
        about = getattr(row, str(self.list_display[0]))
        return {
            "pk": row.pk,
            "about": about,
            "stars": getattr(row, "rating", None),
            "text": row.text,
            "reason": row.hidden_because,
        }

    @action(
        description=_("Hide"),
        permissions=["act"],
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
        permissions=["act"],
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


@admin.register(Review)
class ReviewAdmin(ModeratedAdmin):
    blank_text = _("Reviews that shoppers write on product pages are listed here.")
    list_display = [
        "product",
        "rating",
        "text",
        percent_column("positivity", _("Positive")),
        tag_column("state", _("State"), TONES),
        "written_at",
    ]
    list_select_related = ["product"]
    list_filter = [
        "rating",
        "language",
        ("state", ChoicesDropdownFilter),
        ("written_at", RangeDateTimeFilter),
    ]
    hide_row = staticmethod(lambda pk, because: hide_review(review_id=pk, because=because))
    show_row = staticmethod(lambda pk: show_review(review_id=pk))


class AnswerForm(BaseDialogForm):
    """Asks for the shop's answer."""

    text = forms.CharField(
        label=_("Answer"),
        max_length=LONGEST_ANSWER,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_("Shown on the product page as the shop's answer."),
    )


@admin.register(Question)
class QuestionAdmin(ModeratedAdmin):
    blank_text = _("Questions that shoppers ask on product pages are listed here.")
    list_display = ["product", "text", tag_column("state", _("State"), TONES), "asked_at"]
    list_select_related = ["product"]
    list_filter = [
        ("answers", admin.EmptyFieldListFilter),
        ("state", ChoicesDropdownFilter),
        ("asked_at", RangeDateTimeFilter),
    ]
    actions_detail = ["answer", "hide", "show"]
    hide_row = staticmethod(lambda pk, because: hide_question(question_id=pk, because=because))
    show_row = staticmethod(lambda pk: show_question(question_id=pk))

    @action(
        description=_("Answer"),
        permissions=["act"],
        url_path="answer",
        icon="reply",
        dialog=ask(_("Answer this question"), form_class=AnswerForm, submit=_("Publish")),
    )
    def answer(self, request: HttpRequest, form: AnswerForm, object_id: str) -> HttpResponse:
        """Publish the shop's answer."""
        text = form.cleaned_data["text"]

        def act() -> None:
            answer_as_shop(question_id=int(object_id), text=text, now=utc_now())

        tell_outcome(self, request, act, _("The answer is on the product page."))
        return go_back(request)


@admin.register(Answer)
class AnswerAdmin(ModeratedAdmin):
    blank_text = _("Answers to questions about products are listed here.")
    list_display = [
        "question",
        "text",
        "is_shop",
        tag_column("state", _("State"), TONES),
        "answered_at",
    ]
    list_select_related = ["question"]
    list_filter = [
        "is_shop",
        ("state", ChoicesDropdownFilter),
        ("answered_at", RangeDateTimeFilter),
    ]
    hide_row = staticmethod(lambda pk, because: hide_answer(answer_id=pk, because=because))
    show_row = staticmethod(lambda pk: show_answer(answer_id=pk))
