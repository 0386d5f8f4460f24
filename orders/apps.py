"""Django app of the orders."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks

from shop.jobs.starting import START


class OrdersConfig(AppConfig):
    name = "orders"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Orders"

    def import_models(self) -> None:
        """Register the tables of the suites as well, at the moment Django asks for models."""
        super().import_models()
        from orders.fulfilment import models as fulfilment
        from orders.payments import models as payments
        from orders.returns import models as returns

        # Being imported registers the tables; named, so that no tool takes the imports away.
        self.suites = (fulfilment, payments, returns)

    def ready(self) -> None:
        from orders.payments.api import check_payments  # only now is the app registry ready

        checks.register(check_payments, START, deploy=True)
