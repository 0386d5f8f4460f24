"""The warehouse's pages: what to pick, the numbers of what leaves; comments on orders."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from orders.fulfilment.api import (
    list_carriers,
    list_packed,
    make_pick_list,
    orders_to_pack,
    pack_order,
    ship_parcel,
)
from orders.order.api import comment_order
from orders.refusals import OrderNotFound
from orders.returns.api import count_by_category
from shop.doors.backoffice.frame import needs, render_page
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.columns import show_money
from shop.ground.staff.keys import read_number
from shop.ground.staff.reasons import account_id

STATISTICS_OF = timedelta(days=90)
MOST = 100  # orders on one list: more is no list to walk with
LONGEST_NUMBER = 60


@require_safe
@needs("orders.view_shipment")
def show_pick_list(request: HttpRequest) -> HttpResponse:
    """Show what to pick for the chosen orders, or for the oldest ones that wait; made to print."""
    chosen = _read_ids(request.GET.get("orders", "").split(","))
    if not chosen:
        waiting = orders_to_pack().order_by("placed_at", "pk")
        chosen = list(waiting.values_list("pk", flat=True)[:MOST])
    picks = make_pick_list(chosen, language=get_language() or "en")
    context = {
        "picks": picks,
        "is_cut": len(picks.orders) == MOST,
        "may_pack": request.user.has_perm("orders.change_shipment"),
    }
    return render_page(request, "admin/pick_list.html", _("Pick list"), context)


@require_POST
@needs("orders.change_shipment")
def pack_picked(request: HttpRequest) -> HttpResponse:
    """Pack all that is left of each chosen order into one parcel, then ask for their numbers."""
    ids = _read_ids(request.POST.getlist("order"))
    done = _run_each(
        request,
        ids,
        lambda pk: pack_order(order_id=pk, by_id=account_id(request), now=utc_now()),
    )
    said = ngettext("%(n)s order is packed.", "%(n)s orders are packed.", done) % {"n": done}
    messages.success(request, said)
    listed = ",".join(str(pk) for pk in ids)
    return redirect(f"{reverse('admin:ship_parcels')}?orders={listed}")


@require_safe
@needs("orders.change_shipment")
def show_packed(request: HttpRequest) -> HttpResponse:
    """Ask carrier and tracking numbers of packed parcels: of the chosen orders, or of all."""
    chosen = _read_ids(request.GET.get("orders", "").split(","))
    context = {
        "parcels": list_packed(chosen, limit=MOST, language=get_language() or "en"),
        "carriers": list_carriers(),
        "longest": LONGEST_NUMBER,
    }
    return render_page(request, "admin/ship_parcels.html", _("Ship parcels"), context)


@require_POST
@needs("orders.change_shipment")
def ship_packed(request: HttpRequest) -> HttpResponse:
    """Ship the ticked parcels, each with its number."""
    carrier_id = read_number(request.POST.get("carrier", ""))
    chosen = _read_ids(request.POST.getlist("parcel"))
    if carrier_id and not request.POST.get("without_number"):
        chosen = _keep_numbered(request, chosen)
    done = _run_each(
        request,
        chosen,
        lambda pk: ship_parcel(
            shipment_id=pk,
            carrier_id=carrier_id,
            tracking_number=request.POST.get(f"number_{pk}", "")[:LONGEST_NUMBER],
            by_id=account_id(request),
            now=utc_now(),
        ),
    )
    said = ngettext("%(n)s parcel was shipped.", "%(n)s parcels were shipped.", done)
    messages.success(request, said % {"n": done})
    return redirect("admin:ship_parcels")


def _keep_numbered(request: HttpRequest, chosen: list[int]) -> list[int]:
    """Return the parcels with a typed number; say how many wait for theirs."""
    numbered = [pk for pk in chosen if request.POST.get(f"number_{pk}", "").strip()]
    if waiting := len(chosen) - len(numbered):
        said = ngettext(
            "%(n)s parcel was not shipped: it has no tracking number. Type it, or tick that"
            " parcels go without one.",
            "%(n)s parcels were not shipped: they have no tracking number. Type it, or tick that"
            " parcels go without one.",
            waiting,
        )
        messages.warning(request, said % {"n": waiting})
    return numbered


@require_POST
@needs("orders.change_order")
def comment(request: HttpRequest, order_id: int) -> HttpResponse:
    """Add what a member of the staff wrote to the order's timeline."""
    text = request.POST.get("text", "")
    try:
        comment_order(order_id=order_id, text=text, by_id=account_id(request), now=utc_now())
    except OrderNotFound as missing:
        raise Http404 from missing
    except FairtagError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The comment is on the timeline."))
    return redirect("admin:orders_order_change", order_id)


def _run_each(request: HttpRequest, ids: Iterable[int], act: Callable[[int], object]) -> int:
    """Run `act` for each, one transaction each; say what was refused. Return how many went."""
    done = 0
    for pk in ids:
        try:
            act(pk)
        except FairtagError as refusal:
            messages.error(request, str(refusal))
        else:
            done += 1
    return done


def _read_ids(texts: Iterable[str]) -> list[int]:
    """Return the numbers among `texts`, each once, at most MOST."""
    known = dict.fromkeys(number for text in texts if (number := read_number(text)))
    return list(known)[:MOST]


@require_safe
@needs("orders.view_return")
def show_return_statistics(request: HttpRequest) -> HttpResponse:
    """Show what was sent back by category in the last 90 days."""
    rows = count_by_category(since=utc_now() - STATISTICS_OF)
    context = {
        "days": STATISTICS_OF.days,
        "rows": [
            row | {"worth": show_money(int(row["worth_minor"] or 0), row["currency"])}
            for row in rows
        ],
    }
    return render_page(request, "admin/return_statistics.html", _("Returns by category"), context)
