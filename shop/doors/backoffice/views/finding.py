"""One search over orders, people, quotes and more, as a page: it works without script."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from shop.doors.backoffice.frame import render_page
from shop.doors.backoffice.palette import find_records


def find(request: HttpRequest) -> HttpResponse:
    """Show the records that fit; a lone one opens at once. One query for each searched table."""
    term = request.GET.get("q", "").strip()
    results = find_records(admin.site, request, term) if term else []
    if len(results) == 1:
        return HttpResponseRedirect(str(results[0].link))
    context = {"term": term, "results": results}
    return render_page(request, "admin/find.html", _("Search"), context)
