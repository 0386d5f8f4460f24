"""The place of staff pages: money and times of the home market."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import SimpleTemplateResponse

from shop.ground.catalog.selectors import find_place, home_market
from shop.ground.staff.region import in_region


def on_market_clock(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a staff page so that it shows times and money of the home market.

    A template is rendered here: after the view has returned the clock would be UTC again.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        with in_region(find_place(home_market())):
            response = view(request, *args, **kwargs)
            if isinstance(response, SimpleTemplateResponse):
                response.render()
        return response

    return wrapped
