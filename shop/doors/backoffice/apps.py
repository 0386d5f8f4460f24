"""Makes `admin.site` the staff site; named in INSTALLED_APPS instead of django.contrib.admin."""

from __future__ import annotations

from django.apps import apps
from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    default_site = "shop.doors.backoffice.site.StaffSite"

    def ready(self) -> None:
        """Translate the names of tables and columns before the tables are made."""
        from unfold import forms

        from shop.doors.backoffice.labels import translate_labels  # models are loaded only now
        from shop.ground.staff.cells import StaffCell

        translate_labels(apps.get_app_configs())
        forms.UnfoldAdminReadonlyField = StaffCell  # the theme has no setting for it
        super().ready()
