"""Products that staff choose in a list, to be changed at once on a page of its own."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from shop.ground.catalog.core.values import CHOSEN_PRODUCTS
from shop.ground.catalog.models import Product
from shop.ground.staff.numbers import show_count

MOST_CHOSEN = 2_000  # products that are changed together


def may_change_products(request: HttpRequest) -> bool:
    """Whether the reader may change many products at once."""
    return bool(request.user.has_perm("shop.add_productimport"))


def change_products(request: HttpRequest, products: QuerySet[Product]) -> HttpResponse:
    """Keep the chosen products and lead to the page that asks what is changed."""
    ids = list(products.order_by("pk").values_list("pk", flat=True)[: MOST_CHOSEN + 1])
    if len(ids) > MOST_CHOSEN:
        said = _("Only the first %(most)s products are changed: use a list for more.")
        messages.warning(request, said % {"most": show_count(MOST_CHOSEN)})
    request.session[CHOSEN_PRODUCTS] = ids[:MOST_CHOSEN]
    return HttpResponseRedirect(reverse("admin:product_bulk"))
