"""Products that staff choose in a list, to be changed at once on a page of its own."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from shop.ground.staff.numbers import show_count

MOST_CHOSEN = 2_000  # products that are changed together
CHOSEN_PRODUCTS = "chosen_products"


def may_change_products(request: HttpRequest) -> bool:
    """Whether the reader may change many products at once."""
    return bool(request.user.has_perm("shop.add_productimport"))


def change_products(request: HttpRequest, product_ids: Iterable[int]) -> HttpResponse:
    """Keep the chosen products and lead to the page that asks what is changed."""
    ids = sorted(set(product_ids))
    if len(ids) > MOST_CHOSEN:
        said = _("Only the first %(most)s products are changed: use a list for more.")
        messages.warning(request, said % {"most": show_count(MOST_CHOSEN)})
    request.session[CHOSEN_PRODUCTS] = ids[:MOST_CHOSEN]
    return HttpResponseRedirect(reverse("admin:product_bulk"))
