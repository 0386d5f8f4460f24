"""The staff site: Unfold's admin with our login, policy, first page, pages and search."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.account.decorators import secure_admin_login
from django.conf import settings
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from orders.reports.api import sum_simulated
from shop.doors.backoffice.home.dashboards import build_home, show_strip
from shop.doors.backoffice.memory import remember
from shop.doors.backoffice.navigation import read_menu
from shop.doors.backoffice.page_wrappers import (
    answer_plainly,
    hide_switched_off,
    offer_reasons,
    on_market_clock,
    relax_policy,
)
from shop.doors.backoffice.palette import find_actions, find_records, find_tables
from shop.doors.backoffice.reauthentication import require_recent, require_second_factor
from shop.doors.backoffice.urls import list_pages
from shop.ground.kernel.capabilities import is_page_off
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_money
from shop.ground.staff.masked import MaskedAdmin
from shop.ground.staff.phrases import join_names

REMEMBERED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class SimulatedNote:
    """How many simulated orders the figures of a page may hold, and their money in words."""

    orders: int
    money: str


def tell_simulated() -> SimulatedNote | None:
    """Return what there is to say, None in a shop without simulated orders. One query a minute."""
    found = remember("simulated sales", REMEMBERED_SECONDS, sum_simulated)
    if found is None:
        return None
    return SimulatedNote(
        found.orders, join_names(show_money(minor, code) for code, minor in found.paid_minor)
    )


class StaffAutocomplete(AutocompleteJsonView):
    """Django's own view; it names masked rows as the reader's lists do."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the choices, or 403 where the reader's role may search none of the columns."""
        try:
            return super().get(request, *args, **kwargs)
        except Http404:
            said = gettext("Your role sees masked what is searched here.")
            return JsonResponse({"error": said}, status=403)

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """Return a choice: its key and its name."""
        key = str(getattr(obj, to_field_name))
        table = self.model_admin
        shown = table.mask(self.request, obj) if isinstance(table, MaskedAdmin) else obj
        return {"id": key, "text": str(shown)}


class StaffSite(UnfoldAdminSite):
    """`admin.site` of this project."""

    index_template = "admin/dashboard.html"
    index_title = _("Home")
    enable_nav_sidebar = True

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Send strangers to the shop's own login: its rate limits and second factor count here."""
        login: Callable[..., HttpResponse] = secure_admin_login(super().login)
        return login(request, extra_context)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Callable[..., Any]:
        """Wrap a view with the permission check, the proofs of who acts, the market's clock and the
        staff's policy.
        """
        guarded = super().admin_view(view, cacheable=cacheable)
        is_way_out = view == self.logout
        checked = (
            guarded
            if is_way_out
            else require_second_factor(require_recent(offer_reasons(answer_plainly(guarded))))
        )
        return relax_policy(on_market_clock(hide_switched_off(checked)))

    def autocomplete_view(self, request: HttpRequest) -> HttpResponse:
        """Answer what forms ask while one types."""
        view: Callable[..., Any] = StaffAutocomplete.as_view(admin_site=self)
        answer: HttpResponse = view(request)
        return answer

    def extra_urls(self) -> list[URLPattern]:
        """Return our own pages; Unfold adds them before the tables."""
        return list_pages(self)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return the tables by app, asked for only where a page shows them: each page is given
        the list, and our sidebar is made of the pages a role works with.
        """
        return SimpleLazyObject(lambda: self._list_apps(request, app_label))

    def _list_apps(self, request: HttpRequest, app_label: str | None) -> list[dict[str, Any]]:
        """Return the tables by app, without those of capabilities that are switched off."""
        apps: list[dict[str, Any]] = super().get_app_list(request, app_label)
        for each in apps:
            each["models"] = [
                row
                for row in each["models"]
                if not is_page_off(row["model"]._meta.db_table, settings.CAPABILITIES)
            ]
        return [each for each in apps if each["models"]]

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Return nothing for the theme's sidebar: ours is `menu`."""
        return []

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what every page needs. Colors come from our style sheet, not from a <style>."""
        return {
            **super().each_context(request),
            "colors": {},
            "capabilities": settings.CAPABILITIES,
            # Made only where a page shows it: a window of its own has no menu.
            "menu": SimpleLazyObject(lambda: read_menu(request)),
            # Asked for only by pages that count visits or what they bought.
            "simulated": SimpleLazyObject(tell_simulated),
        }

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """Show the first page, or its figures alone when the page asks for news."""
        if request.headers.get("HX-Request") == "true" and request.GET.get("part") == "strip":
            strip = show_strip(request.user, utc_now())
            return TemplateResponse(request, "admin/parts/strip.html", strip)
        menu = read_menu(request)
        context = {"menu": menu, **build_home(request, menu), **(extra_context or {})}
        return super().index(request, context)

    def search(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse | HttpResponse:
        """Answer the command palette: pages, tables and a few records, never a whole table.

        Unfold's own search loads every match of every table and keeps it for minutes, which
        would show a colleague's old rights and fetch a million rows.
        """
        term = request.GET.get("s", "").strip()
        if not term:
            return HttpResponse()
        found = [
            *find_actions(self, request, term),
            *find_tables(self, request, term),
            *find_records(self, request, term),
        ]
        return TemplateResponse(
            request,
            "admin/palette_results.html",
            {"results": found, "search_term": term},
        )
