"""Makes `admin.site` the staff site; named in INSTALLED_APPS instead of django.contrib.admin."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class StaffAdminConfig(AdminConfig):
    default_site = "shop.backoffice.site.StaffSite"
