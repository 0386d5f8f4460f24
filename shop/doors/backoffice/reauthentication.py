"""Proofs of who acts: a second factor for all staff, and asking again before what can do harm.

`ACTIONS` lists what asks again: a browser left open, or a stolen session, must not move prices,
models, money or rights. What only stops something is not asked for: in an emergency each second
counts, and a stop harms nobody. Releasing what was stopped is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from shop.doors.pages.recent import address_to_prove, is_recent
from shop.ground.kernel.clock import utc_now

# What is guarded -> names of the addresses.
ACTIONS: dict[str, tuple[str, ...]] = {
    "prices": (
        *("pricing_publicprice_set_list_price", "pricing_priceledgerentry_recall"),
        "pricing_priceproposal_approve",
        *("pricing_priceproposal_edit", "decide_changes", "pricing_priceoverride_add"),
        *(
            "pricing_priceoverride_end",
            "pricing_pricingpolicy_add",
            "pricing_pricingpolicy_approve",
        ),
        *("pricing_jurisdictionrow_add", "pricing_jurisdictionrow_change"),
        *("product_add", "product_change"),
        *("pricing_emergencycap_change", "act_on_experiment"),
        *("product_list_apply", "product_list_decide", "product_list_undo"),
        *("customer_list_apply", "customer_list_undo"),
    ),
    "offers": (
        *("promotions_campaign_schedule", "promotions_campaign_approve"),
        *("promotions_campaign_resume", "campaign_release", "promotions_campaignpolicy_add"),
        *("promotions_campaignpolicy_approve", "promotions_promotionlaw_add"),
        "promotions_promotionlaw_change",
    ),
    "models": (
        *("pricing_demandmodelversion_ask_for", "pricing_demandmodelversion_approve"),
        *("pricing_modelaudit_ask_to_answer", "pricing_modelaudit_approve"),
        *("pricing_modelramp_begin", "pricing_modelramp_step"),
        *("pricing_breakertrip_undo", "undo_breaker", "flip_switch"),
    ),
    "money": (
        *("orders_order_refund", "orders_order_cancel", "orders_return_inspect"),
        "orders_shipment_instead",
        *("orders_refund_try_again", "orders_taxrate_add"),
        *("orders_taxrate_change", "promotions_pointsaccount_correct"),
        *("promotions_pointsadjustment_approve", "promotions_partnershare_correct"),
        *("promotions_partner_close_period", "promotions_programmeterms_approve"),
    ),
    "rights": (
        *("profiles_account_add", "profiles_account_change", "auth_user_password_change"),
        *("auth_group_add", "auth_group_change", "promotions_tilltoken_add"),
        "promotions_stafftoken_add",
    ),
}
GUARDED = frozenset(name for names in ACTIONS.values() for name in names)
# Reading a row is no action, and these addresses show rows too.
ONLY_SENT = frozenset(name for name in GUARDED if name.endswith("_change"))


def is_asked(request: HttpRequest) -> bool:
    """Return whether the request is, or opens the form of, a guarded action."""
    match = request.resolver_match
    name = "" if match is None else match.url_name or ""
    if name not in GUARDED:
        return False
    if name == "flip_switch":
        return request.POST.get("is_active") != "stop"
    return request.method == "POST" or name not in ONLY_SENT


def require_recent(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a staff page: a guarded action asks again who it is. No query.

    A form is opened within `REAUTHENTICATE_AFTER` seconds and may take as long to fill in.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        account = request.user
        if account.is_active and getattr(account, "is_staff", False) and is_asked(request):
            rounds = 2 if request.method == "POST" else 1
            within = rounds * settings.REAUTHENTICATE_AFTER
            if not is_recent(request.session, account, utc_now(), within=within):
                return _ask_again(request)
        return view(request, *args, **kwargs)

    return wrapped


def _ask_again(request: HttpRequest) -> HttpResponse:
    address = address_to_prove(request.user, back_to=_page_behind(request))
    if not address:
        raise PermissionDenied
    messages.info(request, _("Confirm that it is you, then do it again: nothing was changed yet."))
    if request.headers.get("HX-Request") == "true":
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def _page_behind(request: HttpRequest) -> str:
    """Return the page to come back to: the form itself, or what showed the button."""
    is_dialog = request.headers.get("HX-Request") == "true"
    if request.method == "GET" and not is_dialog:
        return request.get_full_path()
    shown = urlsplit(request.headers.get("HX-Current-URL") or request.headers.get("Referer", ""))
    if shown.netloc == request.get_host() and shown.path.startswith(reverse("admin:index")):
        return shown.path + (f"?{shown.query}" if shown.query else "")
    return reverse("admin:index")


def require_second_factor(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Wrap a staff page. One query a request where STAFF_MFA_REQUIRED; whoever has a factor was
    asked for it at the login.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if settings.STAFF_MFA_REQUIRED and lacks_factor(request.user):
            messages.warning(
                request, _("Staff need a second factor. Set one up here, then open the page again.")
            )
            return redirect("mfa_index")
        return view(request, *args, **kwargs)

    return wrapped


def lacks_factor(account: Any) -> bool:
    """Return whether this is a member of staff whose password alone opens the door."""
    return bool(account.is_active and account.is_staff and not is_mfa_enabled(account))
