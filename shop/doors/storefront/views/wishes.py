"""The wish list; and *Tell me*, asked on the product page and confirmed by a letter."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from profiles.wishes.api import (
    BadRestockLink,
    ListFull,
    confirm_restock,
    end_restock,
    read_restock_link,
)
from shop.doors.pages.wishes import await_stock, find_sold_out, keep, stop_waiting
from shop.doors.pages.wishes import saved as saved_cards
from shop.doors.storefront.forms import RestockForm, read_heart
from shop.doors.storefront.limits import limited, refuse_page, wait_for
from shop.doors.storefront.messages import say_refusal
from shop.doors.storefront.rendering import is_fragment, may_be_missing
from shop.doors.storefront.templatetags.shop_site import draw_heart
from shop.doors.storefront.visitors import ensure_shopper, get_visit
from shop.ground.catalog.selectors import list_cards
from shop.ground.jobs.limits import CHANGE, LETTERS


@require_http_methods(["GET", "HEAD", "POST"])
@limited(CHANGE)
def saved(request: HttpRequest) -> HttpResponse:
    """Show the wish list. A heart's press (POST) saves a variant or takes it off the list."""
    refusal, card, is_saved = "", None, False
    if request.method == "POST":
        variant_id, is_saved = read_heart(request.POST)
        card = next(iter(list_cards([variant_id], get_visit(request).ctx.language)), None)
        if card is None:
            raise Http404
        try:
            _keep_saved(request, variant_id, is_saved=is_saved)
        except ListFull as error:
            refusal, is_saved = say_refusal(error), False
    status = 422 if refusal else 200
    if card is not None and is_fragment(request):
        heart = draw_heart(card, get_visit(request).ctx.language, is_saved=is_saved, is_swap=True)
        context = {"heart": heart, "is_saved": is_saved, "refusal": refusal}
        return render(request, "storefront/saved_change.html", context, status=status)
    if card is not None and not refusal:
        return redirect("saved")
    visit = get_visit(request)
    cards = saved_cards(visit.ctx, visit.visitor)
    return render(
        request, "storefront/saved.html", {"cards": cards, "refusal": refusal}, status=status
    )


def _keep_saved(request: HttpRequest, variant_id: int, *, is_saved: bool) -> None:
    """Save or drop a variant, and remember how many are left. Raises ListFull."""
    shopper = ensure_shopper(request)
    visit = get_visit(request)
    visit.remember_saved(keep(visit.ctx, shopper.id, variant_id, is_saved=is_saved))


@require_POST
@may_be_missing
@limited(CHANGE)
def tell_me(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep who wants to know when a variant is back, or end an account's request.

    Guests give an address, which a letter asks to confirm: these letters have a limit of their own.
    """
    ctx = get_visit(request).ctx
    form = RestockForm(request.POST, is_guest=ctx.account_id is None)
    is_valid = form.is_valid()
    variant_id = form.cleaned_data.get("variant", 0)
    address = f"{reverse('product', args=[slug])}?variant={variant_id}"
    if find_sold_out(ctx, slug, variant_id) is None:
        messages.info(request, _("It is in stock. You can buy it now."))
        return redirect(address)
    if not is_valid:
        messages.error(request, _("Please enter a valid e-mail address."))
        return redirect(address)
    if ctx.account_id is None and (wait := wait_for(request, LETTERS)):
        return refuse_page(request, wait)
    if ctx.account_id is not None:
        ensure_shopper(request)
    _keep(request, form)
    return redirect(address)


def _keep(request: HttpRequest, form: RestockForm) -> None:
    """Keep or end the request, and say so."""
    ctx = get_visit(request).ctx
    variant_id, email = form.cleaned_data["variant"], form.cleaned_data["email"]
    if form.cleaned_data["stop"]:
        stop_waiting(ctx, variant_id)
        messages.success(request, _("We will not write to you about this product."))
    elif await_stock(ctx, variant_id, email):
        said = _("Please open the link in the e-mail to {email}. It confirms your address.")
        messages.success(request, said.format(email=email))
    else:
        messages.success(request, _("We will e-mail you when it is back."))


@csrf_exempt  # mail programs send it without a page before (RFC 8058); the signed link is the proof
@require_http_methods(["GET", "HEAD", "POST"])
def restock(request: HttpRequest, token: str) -> HttpResponse:
    """Show a request to be told; a POST confirms or ends it. Looking changes nothing: programs
    look, too."""
    ctx = get_visit(request).ctx
    try:
        asked = read_restock_link(token)
        state = "told" if asked.is_told else "waiting" if asked.is_confirmed else "new"
        if request.method == "POST" and "confirm" in request.POST:
            confirm_restock(token, now=ctx.now)
            state = "waiting"
        elif request.method == "POST":
            end_restock(token)
            state = "ended"
    except BadRestockLink as error:
        context = {"refusal": _(error.message)}
        return render(request, "storefront/restock.html", context, status=404)
    card = next(iter(list_cards([asked.variant_id], ctx.language)), None)
    return render(request, "storefront/restock.html", {"state": state, "card": card})
