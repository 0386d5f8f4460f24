"""Send pieces of an order back: by the order's link, for whoever knows its e-mail address."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.checkout.api import run_once
from orders.refusals import OrderRefused
from orders.returns.api import ReturnableLine, ReturnView, Wish, request_return, withdraw_return
from shop.doors.pages.checkout import order as order_page
from shop.doors.pages.returns import return_rules
from shop.doors.pages.values import OrderPage
from shop.doors.storefront.limits import limited
from shop.doors.storefront.messages import say_refusal
from shop.doors.storefront.rendering import may_be_missing
from shop.doors.storefront.visitors import get_visit
from shop.ground.jobs.limits import MONEY
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.hashing import fingerprint
from shop.ground.staff.keys import read_number

MOST_CHOICES = 99


@require_safe
def rules(request: HttpRequest) -> HttpResponse:
    """Show what may be sent back, from the rules that returns are judged by."""
    general, special = return_rules(get_visit(request).ctx)
    context = {"general": general, "special": special}
    return render(request, "storefront/returns.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@limited(MONEY)
@may_be_missing
def ask(request: HttpRequest, token: str) -> HttpResponse:
    """Ask which pieces come back and why; announce the return."""
    visit = get_visit(request)
    page = order_page(visit.ctx, token, proven=visit.proven_orders)
    if request.method == "POST" and page.is_known:
        try:
            number = _announce(request, page)
        except FairtagError as error:
            is_ours = isinstance(error, OrderRefused)  # its own sentence says more
            problem = str(error) if is_ours else say_refusal(error)
            return _render_form(request, page, problem, status=422)
        messages.success(
            request, _("The return is requested. We have e-mailed you the next steps.")
        )
        return redirect("order_return", token=token, number=number)
    return _render_form(request, page)


@require_safe
@may_be_missing
def show(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """Show a return: its slip to print, what to do, and how it ended."""
    visit = get_visit(request)
    page = order_page(visit.ctx, token, proven=visit.proven_orders)
    context = {"page": page, "shown": _find(page, number)}
    return render(request, "storefront/return_show.html", context)


@require_POST
@limited(MONEY)
@may_be_missing
def withdraw(request: HttpRequest, token: str, number: str) -> HttpResponse:
    """Withdraw a return that is still on its way to the shop."""
    visit = get_visit(request)
    page = order_page(visit.ctx, token, proven=visit.proven_orders)
    shown = _find(page, number)
    if not page.is_known:
        messages.error(request, _("Enter the e-mail address of the order first."))
        return redirect("order", token=token)
    try:
        withdraw_return(return_id=shown.return_id, now=visit.ctx.now)
    except FairtagError as error:
        messages.error(request, say_refusal(error))
    else:
        messages.success(request, _("The return is withdrawn."))
    return redirect("order", token=token)


def _announce(request: HttpRequest, page: OrderPage) -> str:
    """Announce what the form says, once per form; return the return's number."""
    visit = get_visit(request)
    asked: dict[str, Any] = {
        "lines": _read_lines(request, page),
        "reason": request.POST.get("reason", "")[:16],
        "comment": request.POST.get("comment", "")[:500],
    }

    def act() -> tuple[int, str]:
        now, language = visit.ctx.now, visit.ctx.language
        made = request_return(order_id=page.order.order_id, now=now, language=language, **asked)
        return 201, made.number

    answer = run_once(
        scope=f"return:{page.order.order_id}",
        key=request.POST.get("key", "")[:80] or str(uuid4()),
        fingerprint=fingerprint(asked),
        now=visit.ctx.now,
        act=act,
    )
    return str(answer.body)


def _read_lines(request: HttpRequest, page: OrderPage) -> list[Wish]:
    """Return of each line the pieces to refund and to exchange; none of what is left at none."""
    wishes = []
    for line in page.returns.lines:
        wanted = [
            (one.variant_id, pieces)
            for one in line.choices
            if (pieces := _count(request, _swap_name(line, one.variant_id)))
        ]
        pieces = _count(request, _line_name(line)) + sum(count for _variant, count in wanted)
        if pieces:
            wishes.append(Wish(line.line_id, pieces, tuple(wanted), line.variant_id))
    return wishes


def _line_name(line: ReturnableLine) -> str:
    """Return the field of pieces to refund: a line has one for each variant that came of it."""
    return f"line_{line.line_id}_{line.variant_id}"


def _swap_name(line: ReturnableLine, wanted_id: int) -> str:
    return f"swap_{line.line_id}_{line.variant_id}_{wanted_id}"


def _count(request: HttpRequest, name: str) -> int:
    return read_number(request.POST.get(name, "")) or 0


def _render_form(
    request: HttpRequest, page: OrderPage, problem: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "page": page,
        "lines": [_ask_line(request, line) for line in page.returns.lines],
        "problem": problem,
        "key": request.POST.get("key") or str(uuid4()),
        "reason": request.POST.get("reason", ""),
        "comment": request.POST.get("comment", ""),
    }
    return render(request, "storefront/return_ask.html", context, status=status)


def _ask_line(request: HttpRequest, line: ReturnableLine) -> dict[str, Any]:
    """Return the fields of a line: how many pieces to refund, and to exchange for what."""
    swaps = [
        _ask_count(request, _swap_name(line, one.variant_id), one.free) | {"label": one.name}
        for one in line.choices
    ]
    return {
        "line": line,
        "refund": _ask_count(request, _line_name(line), line.pieces),
        "swaps": swaps,
        "is_swapped": any(one["chosen"] for one in swaps),
    }


def _ask_count(request: HttpRequest, name: str, most: int) -> dict[str, Any]:
    counts = range(min(most, MOST_CHOICES) + 1)
    return {"name": name, "counts": counts, "chosen": _count(request, name)}


def _find(page: OrderPage, number: str) -> ReturnView:
    for shown in page.returns.returns:
        if shown.number == number:
            return shown
    raise Http404
