"""Staff tables of reviews, and of questions about products with their answers."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from profiles.admin.moderation import TONES, ModeratedAdmin
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
from shop.ground.staff.reasons import ask, go_back, tell_outcome


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
