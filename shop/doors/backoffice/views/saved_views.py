"""Save a list as a view, choose its columns, and delete a view."""

from __future__ import annotations

from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shop.ground.kernel.clock import utc_now
from shop.ground.staff.reasons import account_id
from shop.ground.staff.saved_views import (
    LONGEST_NAME,
    LONGEST_QUERY,
    clean_query,
    delete_view,
    read_columns,
    save_view,
)


class ViewForm(forms.Form):
    """What of a list is kept; without a name it is only shown."""

    name = forms.CharField(required=False, max_length=LONGEST_NAME)
    query = forms.CharField(required=False, max_length=LONGEST_QUERY)
    is_shared = forms.BooleanField(required=False)


@require_POST
def save_list(request: HttpRequest, table: str) -> HttpResponse:
    """Keep the list under a name, or show it with the chosen columns. Three queries."""
    address = _find_list(request, table)
    form = ViewForm(request.POST)
    if not form.is_valid():
        messages.error(
            request, _("This view cannot be saved: its name or its filters are too long.")
        )
        return HttpResponseRedirect(address)
    columns = read_columns(".".join(request.POST.getlist("column")))
    query = clean_query(form.cleaned_data["query"], columns or None)
    name = form.cleaned_data["name"].strip()
    if name:
        save_view(
            table=table,
            account_id=account_id(request),
            name=name,
            query=query[:LONGEST_QUERY],
            is_shared=form.cleaned_data["is_shared"],
            now=utc_now(),
        )
        messages.success(request, _("The view “%(name)s” is saved.") % {"name": name})
    return HttpResponseRedirect(f"{address}?{query}")


@require_POST
def drop_view(request: HttpRequest, table: str) -> HttpResponse:
    """Delete a view of one's own. One query."""
    address = _find_list(request, table)
    given = request.POST.get("view", "")
    if given.isdecimal() and delete_view(view_id=int(given), account_id=account_id(request)):
        messages.success(request, _("The view is deleted."))
    return HttpResponseRedirect(address)


def _find_list(request: HttpRequest, table: str) -> str:
    """Return the address of a table's list; 404 for none, 403 for one the reader may not see."""
    try:
        model: Any = apps.get_model(table)
    except (LookupError, ValueError) as error:
        raise Http404 from error
    found = admin.site._registry.get(model)
    if found is None:
        raise Http404
    if not found.has_view_permission(request):
        raise PermissionDenied
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
