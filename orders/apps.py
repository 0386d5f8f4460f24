"""Django app of the orders."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks

from shop.ground.jobs.starting import START


class OrdersConfig(AppConfig):
    name = "orders"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Orders"

    def ready(self) -> None:
        from orders.payments.api import check_payments  # only now is the app registry ready

        checks.register(check_payments, START, deploy=True)
