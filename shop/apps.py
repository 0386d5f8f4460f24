"""The shop's Django app: the ground's tables, and the wiring of all rooms at start."""

from __future__ import annotations

from django.apps import AppConfig
from django.core import checks


class ShopConfig(AppConfig):
    name = "shop"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Shop"

    def ready(self) -> None:
        from shop import celery, wiring  # only now is the app registry ready
        from shop.ground.storeinfo.selectors import check_store

        checks.register(check_store, checks.Tags.database, deploy=True)

        celery.app.set_default()
        wiring.connect()
