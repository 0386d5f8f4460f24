"""Change many products at once: choose what, see the dry run, take it over, undo it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.api import home_place
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.list_pages import PRODUCT_PAGES
from shop.doors.product_lists.api import ListRefused, ManyChange, What, start_many
from shop.ground.catalog.selectors import get_market
from shop.ground.catalog.selectors.stored import list_category_names
from shop.ground.jobs.services import JobUnknown, start_job
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.choosing import CHOSEN_PRODUCTS
from shop.ground.staff.money import price_field
from shop.ground.staff.numbers import show_count
from shop.ground.staff.reasons import account_id

ARCHIVE, RESTORE = "archive", "restore"
CHOICES = (
    (What.PRICE_PERCENT.value, gettext_lazy("Change the list price by a percentage")),
    (What.PRICE.value, gettext_lazy("Set the list price")),
    (What.STOCK.value, gettext_lazy("Set the pieces in stock")),
    (What.CATEGORY.value, gettext_lazy("Move to a category")),
    (ARCHIVE, gettext_lazy("Archive: take out of the shop")),
    (RESTORE, gettext_lazy("Sell again")),
)


class BulkForm(forms.Form):
    """What is changed, and to what. Only the field of the choice is read."""

    what = forms.ChoiceField(choices=CHOICES, widget=forms.RadioSelect)
    percent = forms.IntegerField(required=False, min_value=-90, max_value=300)
    price = price_field(required=False)
    stock = forms.IntegerField(required=False, min_value=0, max_value=1_000_000)
    category = forms.CharField(required=False, max_length=400)

    def clean(self) -> dict[str, Any]:
        """Build the change, or ask for what the choice needs."""
        cleaned: dict[str, Any] = super().clean() or {}
        what = cleaned.get("what", "")
        if what in (ARCHIVE, RESTORE):
            cleaned["change"] = ManyChange(What.ARCHIVED, is_archived=what == ARCHIVE)
        elif what == What.CATEGORY:
            chosen = _find_category(cleaned.get("category", ""))
            if chosen is None:
                self.add_error("category", _("There is no such category. Choose one of the list."))
            else:
                cleaned["change"] = ManyChange(What.CATEGORY, category=chosen)
        elif what:
            field = "percent" if what == What.PRICE_PERCENT else what
            if field in self.errors:
                return cleaned
            if cleaned.get(field) is None:
                self.add_error(field, _("Enter a number."))
            else:
                cleaned["change"] = ManyChange(What(what), number=cleaned[field])
        return cleaned


def _find_category(typed: str) -> tuple[str, ...] | None:
    """Return the names of the category that was typed, capital letters not minded. One query."""
    known, name = list_category_names(), " ".join(typed.split())
    plain = {one.casefold(): names for one, names in known.items()}
    return known.get(name) or plain.get(name.casefold())


@needs("shop.add_productimport")
def change_many(request: HttpRequest) -> HttpResponse:
    """Ask what is changed of the chosen products, then show what it would do. A worker checks."""
    chosen: list[int] = request.session.get(CHOSEN_PRODUCTS, [])
    if not chosen:
        messages.info(request, _("Choose products in the list first, then “Change many…”."))
        return HttpResponseRedirect(reverse("admin:shop_product_changelist"))
    form = BulkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            import_id = start_many(
                form.cleaned_data["change"],
                chosen,
                currency=get_market(home_place()[0]).currency,
                by_id=account_id(request),
                now=utc_now(),
            )
        except ListRefused as refusal:
            messages.error(request, str(refusal))
        else:
            with suppress(JobUnknown):  # with Redis down the schedule finds it within a minute
                start_job(name=PRODUCT_PAGES.job)
            return HttpResponseRedirect(PRODUCT_PAGES.address("", import_id))
    context = {
        "form": form,
        "count": len(chosen),
        "shown_count": show_count(len(chosen)),
        "categories": sorted(list_category_names()),
    }
    return render_page(request, "admin/product_bulk.html", _("Change many products"), context)
