"""Lists of products and of customers: upload, choose columns, see what would change, take over,
undo, export."""

from __future__ import annotations

import io
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import (
    FileResponse,
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.template.response import TemplateResponse
from django.utils.translation import get_language, gettext_lazy, pgettext, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from pricing.api import home_place
from pricing.publishing.core.values import BELOW_COST
from shop.doors.backoffice.frame import render_page
from shop.doors.backoffice.list_pages import ListPages, allows, needs_right
from shop.doors.backoffice.names import name_cards
from shop.doors.product_lists.api import (
    BELOW_COST_PRICES,
    BadList,
    Change,
    ImportView,
    ListRefused,
    ManyChange,
    What,
    approve_list,
    check_many_again,
    choose_columns,
    find_import,
    list_changes,
    list_imports,
    list_kept,
    list_refused,
    list_refused_rows,
    list_sentences,
    name_change,
    receive_list,
    say_counts,
    say_doubts,
    send_back_list,
    start_applying,
    start_undoing,
    write_workbook,
)
from shop.ground.approvals.core.values import NeedsSecondPerson, NotWaiting
from shop.ground.approvals.selectors import find_waiting, list_trail
from shop.ground.approvals.services import list_involved
from shop.ground.catalog.selectors import get_market
from shop.ground.catalog.selectors.keys import find_ids
from shop.ground.catalog.selectors.markets import list_currencies
from shop.ground.jobs.services import JobUnknown, start_job
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.sheets import sheet_lines
from shop.ground.staff.keys import read_number
from shop.ground.staff.log import SHORTEST_REASON
from shop.ground.staff.numbers import show_count
from shop.ground.staff.reasons import LONGEST_REASON, account_id, ask_reason, keep_reason

STATES = {
    "uploaded": (gettext_lazy("choose the columns"), "blue"),
    "checking": (gettext_lazy("being checked"), "amber"),
    "checked": (gettext_lazy("checked, nothing is changed yet"), "blue"),
    "waiting": (gettext_lazy("waits for a second person"), "amber"),
    "applying": (gettext_lazy("being imported"), "amber"),
    "done": (gettext_lazy("imported"), "green"),
    "undoing": (gettext_lazy("being undone"), "amber"),
    "undone": (gettext_lazy("undone"), "gray"),
    "failed": (gettext_lazy("could not be read"), "red"),
}
CHANGE_STATES = {
    "applying": gettext_lazy("being changed"),
    "done": pgettext_lazy("change of products", "changed"),
    "failed": gettext_lazy("could not be checked"),
}
SHOWN, MOST_MARKED = 20, 200
OUTCOMES = {
    "new": (gettext_lazy("new"), "green"),
    "changed": (gettext_lazy("changed"), "blue"),
    "added": (gettext_lazy("added to its product"), "gray"),
}


@require_safe
@needs_right("can_see")
def show_lists(request: HttpRequest, *, pages: ListPages) -> HttpResponse:
    """Show how lists come in and go out, and what came before. Two queries of our own."""
    context = {
        "imports": [
            (
                one,
                one.file_name if one.change is None else name_change(one.change),
                *_say_state(one),
                pages.address("", one.id),
                show_count(one.counts.get("read") or one.total),
            )
            for one in list_imports(kind=pages.kind)
        ],
        "pages": pages,
        "to": pages.addresses(),
        "may_read": allows(request.user, pages.can_read),
        "may_import": allows(request.user, pages.can_import),
        "markets": sorted(list_currencies().items()),
        "home": home_place()[0],
    }
    return render_page(request, "admin/product_lists.html", pages.title, context)


@require_POST
@needs_right("can_import")
def upload_list(request: HttpRequest, *, pages: ListPages) -> HttpResponse:
    """Keep an uploaded list and go on to its columns."""
    given, pictures = request.FILES.get("file"), request.FILES.get("pictures")
    if given is None:
        messages.error(request, _("Choose a file first."))
        return HttpResponseRedirect(pages.address("s"))
    market = request.POST.get("market", "")
    try:
        import_id = receive_list(
            file_name=given.name or "list",
            content=given.read(),
            pictures=None if pictures is None else pictures.file,
            pictures_name="" if pictures is None else pictures.name or "pictures.zip",
            market=market if market in list_currencies() else "",
            by_id=account_id(request),
            kind=pages.kind,
            now=utc_now(),
        )
    except ListRefused as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(pages.address("s"))
    return HttpResponseRedirect(pages.address("", import_id))


@require_safe
@needs_right("can_read")
def show_list(request: HttpRequest, import_id: int, *, pages: ListPages) -> HttpResponse:
    """Show where an import is and what it does. About four queries of our own."""
    item = _require(import_id, pages)
    if request.headers.get("HX-Request") == "true" and "part" in request.GET:
        if not item.is_waiting:
            return HttpResponse(headers={"HX-Redirect": pages.address("", import_id)})
        context = {"item": item, "says": _say_state(item)[0]}
        return TemplateResponse(request, "admin/parts/product_list_progress.html", context)
    currencies = list_currencies()
    currency = get_market(home_place()[0]).currency
    amounts: dict[str, Any] = {"currency": currency, "currencies": currencies, "kind": pages.kind}
    shown = min(MOST_MARKED, max(SHOWN, item.doubtful))
    changes = list_changes(import_id, **amounts, limit=shown)
    context = {
        "changes": [(one, *OUTCOMES[one.outcome]) for one in changes],
        "shown_count": show_count(len(changes)),
        "kept": list_kept(import_id, **amounts),
        **_describe_state(item, request, pages),
    }
    if item.change is not None:
        return _show_change(request, item, item.change, context)
    context |= {
        "sentences": list_sentences(import_id),
        "columns": _list_columns(item, currencies, pages),
    }
    return render_page(request, "admin/product_list.html", item.file_name, context)


def _describe_state(item: ImportView, request: HttpRequest, pages: ListPages) -> dict[str, Any]:
    """Return how far an import is, and what the reader may do about it."""
    state, tone = _say_state(item)
    is_read = item.state in ("checked", "waiting", "applying", "done", "undoing", "undone")
    return {
        "item": item,
        "says": state,
        "tone": tone,
        "counts": say_counts(item) if is_read else [],
        "doubts": say_doubts(item) if is_read else [],
        "doubtful": show_count(item.doubtful),
        "is_proposed": item.state in ("checking", "checked", "waiting", "applying"),
        "second": _describe_second(item, request),
        "pages": pages,
        "to": pages.addresses(item.id),
        "may_import": allows(request.user, pages.can_import),
        "may_undo": allows(request.user, pages.can_undo),
    }


def _describe_second(item: ImportView, request: HttpRequest) -> dict[str, Any]:
    """Return who was asked for prices below cost, and what the reader may decide. Three queries
    where somebody was.
    """
    if not item.counts.get(BELOW_COST):
        return {}
    waiting = find_waiting(BELOW_COST_PRICES, item.id) if item.state == "waiting" else None
    involved = list_involved(waiting) if waiting else frozenset()
    is_own = request.user.pk in involved
    may_decide = request.user.has_perm(BELOW_COST_PRICES.permission)
    return {
        "trail": list_trail(BELOW_COST_PRICES, item.id),
        "may_approve": waiting is not None and may_decide and not is_own,
        "may_send_back": waiting is not None and (may_decide or is_own),
    }


def _show_change(
    request: HttpRequest, item: ImportView, change: ManyChange, context: dict[str, Any]
) -> HttpResponse:
    """Show a change of many products with the names of what it changes. Three queries more."""
    rows: list[Change] = [one for one, _outcome, _tone in context["changes"]]
    refused = list_refused(item.id)
    ids = find_ids([("variant", one.name) for one in (*rows, *context["kept"], *refused)])
    cards = name_cards(ids.values(), get_language() or "en")
    cells = {sku: cards.get(pk) for (_kind, sku), pk in ids.items()}
    context |= {
        "rows": [(one, cells.get(one.name), _say_values(one, change)) for one in rows],
        "kept": [(one, cells.get(one.name)) for one in context["kept"]],
        "refused": [(one, cells.get(one.name)) for one in refused],
        "is_price": change.what in (What.PRICE, What.PRICES, What.PRICE_PERCENT),
    }
    return render_page(request, "admin/product_change.html", name_change(change), context)


def _say_values(row: Change, change: ManyChange) -> list[tuple[str, str]]:
    """Return what a row had and gets."""
    if change.what is What.ARCHIVED:
        words = {
            "yes": pgettext("state of a product", "archived"),
            "no": pgettext("state of a product", "on sale"),
        }
        return [(words.get(before, before), words[after]) for _name, before, after in row.columns]
    return [(before, after) for _name, before, after in row.columns]


def _say_state(item: ImportView) -> tuple[Any, str]:
    said, tone = STATES[item.state]
    return (said if item.change is None else CHANGE_STATES.get(item.state, said)), tone


def _list_columns(
    item: ImportView, currencies: dict[str, str], pages: ListPages
) -> list[dict[str, Any]]:
    """Return the columns of the file, each with its first cells and what it may be."""
    names = [column.name for column in pages.columns]
    if pages.kind.has_markets:
        names += [f"price[{market}]" for market in sorted(currencies)]
    return [
        {
            "header": header or _("(no name)"),
            "chosen": chosen,
            "cells": [cells[at] for cells in item.sample if at < len(cells) and cells[at].strip()],
            "names": names if not chosen or chosen in names else [*names, chosen],
        }
        for at, (header, chosen) in enumerate(zip(item.header, item.fields, strict=True))
    ]


def _ask(
    request: HttpRequest, import_id: int, pages: ListPages, act: Callable[[], None]
) -> HttpResponse:
    """Ask a worker for something and show it at work; say why where it is refused."""
    try:
        act()
    except (ListRefused, NeedsSecondPerson, NotWaiting) as refusal:
        messages.error(request, str(refusal))
    else:
        # With Redis down the schedule finds it within a minute.
        with suppress(JobUnknown):
            start_job(name=pages.job)
    return HttpResponseRedirect(pages.address("", import_id))


@require_POST
@needs_right("can_import")
def choose_list_columns(request: HttpRequest, import_id: int, *, pages: ListPages) -> HttpResponse:
    """Take the choice of columns and have the list checked; a change of many has no choice."""
    item = _require(import_id, pages)
    if item.change is not None:
        currency = get_market(home_place()[0]).currency
        again = partial(check_many_again, import_id, currency=currency)
        return _ask(request, import_id, pages, again)
    fields = [request.POST.get(f"column-{at}", "") for at in range(len(item.header))]
    is_whole = "is_whole" in request.POST
    return _ask(
        request,
        import_id,
        pages,
        lambda: choose_columns(
            import_id=import_id, fields=fields, is_whole=is_whole, kind=pages.kind
        ),
    )


@require_POST
@needs_right("can_import")
def apply_list(request: HttpRequest, import_id: int, *, pages: ListPages) -> HttpResponse:
    """Have a checked list taken over."""
    _require(import_id, pages)
    meant = read_number(request.POST.get("meant", "")) or 0
    keep_reason(request)
    return _ask(
        request,
        import_id,
        pages,
        lambda: start_applying(
            import_id=import_id,
            meant=meant,
            reason=request.POST.get("reason", "")[:LONGEST_REASON],
            by_id=account_id(request),
            now=utc_now(),
            kind=pages.kind,
        ),
    )


@require_POST
@needs_right("can_read")
def decide_list(request: HttpRequest, import_id: int, *, pages: ListPages) -> HttpResponse:
    """Be the second person of a list that goes below cost, who says why it goes back; who asked
    takes it back."""
    item = _require(import_id, pages)
    is_yes = request.POST.get("decision") == "approve"
    may_decide = request.user.has_perm(BELOW_COST_PRICES.permission)
    second = _describe_second(item, request)
    if not (may_decide if is_yes else second.get("may_send_back")):
        raise PermissionDenied
    decide = approve_list if is_yes else send_back_list
    reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
    if not is_yes and second["may_approve"] and len(reason) < SHORTEST_REASON:
        messages.error(request, ask_reason())
        return HttpResponseRedirect(pages.address("", import_id))
    by_id = account_id(request)
    return _ask(
        request,
        import_id,
        pages,
        lambda: decide(import_id=import_id, reason=reason, by_id=by_id, now=utc_now()),
    )


@require_POST
@needs_right("can_undo")
def undo_list(request: HttpRequest, import_id: int, *, pages: ListPages) -> HttpResponse:
    """Have an import taken back."""
    _require(import_id, pages)
    by_id = account_id(request)
    return _ask(
        request,
        import_id,
        pages,
        lambda: start_undoing(import_id=import_id, by_id=by_id, now=utc_now(), kind=pages.kind),
    )


@require_safe
@needs_right("can_read")
def download_refused(request: HttpRequest, import_id: int, *, pages: ListPages) -> HttpResponse:
    """Hand out the refused rows with a last column that says why, to be mended and uploaded."""
    _require(import_id, pages)
    try:
        rows = list(list_refused_rows(import_id))
    except (BadList, OSError, ValueError) as error:
        raise Http404(_("The file is no longer there.")) from error
    answer = HttpResponse("\ufeff", content_type="text/csv; charset=utf-8")
    answer.writelines(sheet_lines(rows))
    answer["Content-Disposition"] = f'attachment; filename="refused-{import_id}.csv"'
    return answer


@require_safe
@needs_right("can_see")
def export_list(request: HttpRequest, *, pages: ListPages) -> Any:
    """Hand out all products, or customers, as `?format=xlsx` or CSV, as an import takes them."""
    if request.GET.get("format") == "xlsx":
        book = io.BytesIO()
        write_workbook(pages.export(request), book)
        book.seek(0)
        return FileResponse(book, as_attachment=True, filename=f"{pages.file_name}.xlsx")

    def lines() -> Any:
        yield "\ufeff"  # so that Excel reads UTF-8
        yield from sheet_lines(pages.export(request))

    answer = StreamingHttpResponse(lines(), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{pages.file_name}.csv"'
    return answer


def _require(import_id: int, pages: ListPages) -> ImportView:
    item = find_import(import_id, kind=pages.kind)
    if item is None:
        raise Http404(_("There is no such import."))
    return item
