"""The choices that staff forms offer while one types, masked like the lists."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from shop.ground.staff.masked import MaskedAdmin


class StaffAutocomplete(AutocompleteJsonView):
    """Django's own view; it names masked rows as the reader's lists do."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the choices, or 403 where the reader's role may search none of the columns."""
        try:
            return super().get(request, *args, **kwargs)
        except Http404:
            said = _("Your role sees masked what is searched here.")
            return JsonResponse({"error": said}, status=403)

    def serialize_result(self, obj: Any, to_field_name: str) -> dict[str, str]:
        """Return a choice: its key and its name."""
        key = str(getattr(obj, to_field_name))
        table = self.model_admin
        shown = table.mask(self.request, obj) if isinstance(table, MaskedAdmin) else obj
        return {"id": key, "text": str(shown)}
