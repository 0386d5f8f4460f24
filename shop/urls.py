"""Every address of the shop, door by door."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from shop.doors.api.ops import healthz, metrics, readyz
from shop.doors.api.webhooks import payment_event
from shop.doors.storefront.views.pictures import serve_pack, serve_picture

urlpatterns: list[URLPattern | URLResolver] = [
    # machines
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("hooks/payments/<slug:provider>", payment_event, name="payment_event"),
    # mobile clients
    path("api/v1/", include("shop.doors.api.v1.urls")),
    path("_allauth/", include("allauth.headless.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    # pictures of products, for all: a web server in front may answer these from the same folder
    path("media/products/<str:folder>/<str:name>", serve_picture, name="picture"),
    path("media/packs/<int:variant_id>-<slug:digest>.<str:kind>", serve_pack, name="pack"),
    # people: each language has its own addresses, English those without a prefix
    *i18n_patterns(
        path("admin/", admin.site.urls),
        path("", include("shop.doors.storefront.urls")),
        prefix_default_language=False,
    ),
]

handler400 = "shop.doors.api.handlers.bad_request"
handler403 = "shop.doors.api.handlers.permission_denied"
handler404 = "shop.doors.api.handlers.page_not_found"
handler429 = "shop.doors.storefront.limits.too_many_sign_ins"  # asked for by allauth
handler500 = "shop.doors.api.handlers.internal_error"
