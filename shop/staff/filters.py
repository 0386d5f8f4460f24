"""Filters whose choices are known: no DISTINCT over a large table to list them."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _


class ChannelFilter(admin.SimpleListFilter):
    """Online or in a store."""

    title = _("channel")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """The two channels."""
        return [("online", _("online")), ("store", _("store"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Select by the row's channel."""
        return queryset.filter(channel=self.value()) if self.value() else queryset
