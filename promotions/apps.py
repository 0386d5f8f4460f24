"""Django app of the promotions."""

from __future__ import annotations

from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    name = "promotions"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Promotions"
