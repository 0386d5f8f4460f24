"""Django app of the orders."""

from __future__ import annotations

from importlib import import_module

from django.apps import AppConfig
from django.core import checks

from shop.jobs.starting import START

# Suites with tables of their own: see the README of this room.
SUITES = ("payments", "fulfilment")


class OrdersConfig(AppConfig):
    name = "orders"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Orders"

    def import_models(self) -> None:
        """Register the tables of the suites as well, at the moment Django asks for models."""
        super().import_models()
        for suite in SUITES:
            import_module(f"orders.{suite}.models")

    def ready(self) -> None:
        from orders.payments.api import check_payments  # only now is the app registry ready

        checks.register(check_payments, START, deploy=True)
