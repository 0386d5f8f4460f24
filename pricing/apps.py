"""The pricing room's Django app."""

from __future__ import annotations

from django.apps import AppConfig

from pricing.private.core.private_cells import NoiseSource


class PricingConfig(AppConfig):
    name = "pricing"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Pricing"

    def load_noise(self) -> NoiseSource:
        """Return what draws noise. Its library takes seconds and 150 MB: only who draws loads it,
        never a process that serves shoppers."""
        from pricing.base.services import noise

        return noise
