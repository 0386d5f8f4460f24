"""Saved views of staff lists."""

from __future__ import annotations

from django.conf import settings
from django.db import models

__all__ = ["SavedView"]


class SavedView(models.Model):
    """A list with its filters, search, order and columns, by a name of its owner's choice.

    `query` is the query string of the list; it holds the columns too (`_cols`).
    """

    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    table = models.CharField(max_length=100, help_text='The label of the model: "orders.order".')
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=1000, blank=True)
    is_shared = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["table", "owner", "name"], name="saved_view_name"),
        ]

    def __str__(self) -> str:
        return self.name
