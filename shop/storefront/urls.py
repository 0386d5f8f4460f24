"""Every address of the storefront. Included with a language prefix for all but English."""

from __future__ import annotations

from django.urls import include, path

from shop.storefront.views import (
    account,
    browse,
    cart,
    checkout,
    choices,
    crawlers,
    events,
    orders,
    own,
    product,
    sign_in,
    trust,
)

urlpatterns = [
    path("", browse.home, name="home"),
    path("c/<path:path>/", browse.category, name="category"),
    path("p/", browse.home, name="product_root"),
    path("p/<slug:slug>/", product.product, name="product"),
    path("search/", browse.search, name="search"),
    path("suggest/", browse.suggest, name="suggest"),
    path("offers/<int:offer_id>/", browse.offer, name="offer"),
    path("cart/", cart.cart, name="cart"),
    path("cart/add/", cart.add, name="cart_add"),
    path("cart/line/", cart.change_line, name="cart_line"),
    path("cart/code/", cart.change_coupon, name="cart_coupon"),
    path("cart/accept/", cart.accept, name="cart_accept"),
    path("checkout/", checkout.checkout, name="checkout"),
    path("orders/", orders.track, name="track"),
    path("orders/<str:token>/", orders.order, name="order"),
    path("orders/<str:token>/pay/", orders.pay, name="order_pay"),
    path("orders/<str:token>/pay/<uuid:payment_id>/", orders.confirm, name="order_confirm"),
    path("orders/<str:token>/cancel/", orders.cancel, name="order_cancel"),
    path("why/", trust.pricing_rules, name="why_root"),
    path("why/<uuid:quote_id>/", trust.why, name="why"),
    path("how-our-prices-work/", trust.pricing_rules, name="pricing_rules"),
    path("privacy/", trust.privacy, name="privacy"),
    path("privacy/choices/", trust.choices, name="choices"),
    path("privacy/download/", own.download, name="own_download"),
    path("privacy/erase/", own.erase, name="own_erase"),
    path("region/", choices.region, name="region"),
    path("theme/", choices.theme, name="theme"),
    path("events/", events.events, name="events"),
    path("account/", account.account, name="account"),
    path("account/orders/", account.orders, name="account_orders"),
    path("account/login/", sign_in.SignInView.as_view(), name="account_login"),
    path("account/", include("allauth.urls")),
    path("robots.txt", crawlers.robots, name="robots"),
    path("sitemap.xml", crawlers.sitemap, name="sitemap"),
    path("sitemap-<int:part>.xml", crawlers.sitemap, name="sitemap_part"),
]
