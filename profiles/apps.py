"""The room's Django app; refuses to start with a feature nobody registered."""

from __future__ import annotations

from django.apps import AppConfig

from profiles.features.core.registry import check_registry


class ProfilesConfig(AppConfig):
    name = "profiles"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Profiles"

    def ready(self) -> None:
        check_registry()
