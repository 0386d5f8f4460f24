"""Staff table of what buyers said about delivered orders."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter

from orders.satisfaction.models import OrderRating
from shop.ground.staff.tables import ReadOnlyAdmin


@admin.register(OrderRating)
class OrderRatingAdmin(ReadOnlyAdmin):
    blank_text = _('Answers to "How was this order?" are listed here.')
    list_display = ["order", "score", "words", "rated_at"]
    list_select_related = ["order"]
    list_filter = ["score", ("rated_at", RangeDateTimeFilter)]
