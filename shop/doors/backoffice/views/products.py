"""The page of a product: create it, edit it, archive it, and see beside it what shoppers see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from orders.checkout.api import IdempotencyInFlight, IdempotencyMismatch, run_once
from pricing.api import PricesDoubted, SecondPersonNeeded, say_doubtful
from pricing.publishing.core.values import Doubt, Meant, name_setter
from profiles.shoppers.api import ShopperNotFound, get_shopper_by_id
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.products.product_forms import ProductForm, variant_set
from shop.doors.backoffice.products.product_page import describe_product
from shop.doors.backoffice.products.product_pictures import describe_pictures, describe_progress
from shop.doors.backoffice.products.products import (
    Draft,
    draft_product,
    fill_product,
    fill_variants,
    open_table,
    read_product,
    save_draft,
)
from shop.doors.product_lists.api import ListRefused, ask_for_prices, say_doubt
from shop.ground.catalog.core.loading import VariantRow
from shop.ground.catalog.selectors import ProductNotFound, get_market, home_market
from shop.ground.catalog.selectors.editing import EditedProduct, EditedVariant, list_brands
from shop.ground.catalog.selectors.keys import find_ids
from shop.ground.catalog.selectors.markets import list_currencies
from shop.ground.catalog.services import (
    CatalogConflict,
    ProductChanged,
    archive_product,
    restore_product,
)
from shop.ground.database.retrying import try_twice
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import OutOfStock, adjust_stock, receive_stock
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.hashing import fingerprint
from shop.ground.kernel.ids import uuid7
from shop.ground.staff.columns import show_money
from shop.ground.staff.keys import read_number
from shop.ground.staff.log import SHORTEST_REASON, write_act
from shop.ground.staff.numbers import EMPTY
from shop.ground.staff.phrases import join_names
from shop.ground.staff.reasons import account_id, say_refusal


def tell_changes(known: EditedProduct, draft: Draft, currency: str) -> str:
    """Return what a save changes: fields by name, prices with their amounts."""
    told = [name for name, is_changed in _fields(known, draft).items() if is_changed]
    before = {one.ref: one for one in known.variants}
    told += [_variant(before.get(row.ref), row, currency) for row in draft.product.variants]
    for market, prices in draft.abroad.items():
        told += [
            _abroad(before.get(row.ref), row, market, prices) for row in draft.product.variants
        ]
    skus = {one.variant_id: one.sku for one in known.variants}
    told += [
        _("%(sku)s counted: %(pieces)s") % {"sku": skus[variant_id], "pieces": pieces}
        for variant_id, pieces in draft.counted.items()
    ]
    return join_names(filter(None, told))


def _fields(known: EditedProduct, draft: Draft) -> dict[str, bool]:
    row = draft.product
    flags = (known.is_sensitive, known.is_child_directed, known.minimum_age or 0)
    return {
        "name": (known.name, known.name_zh) != (row.name, row.name_zh),
        "category": known.category_path != row.category_path,
        "brand": known.brand_ref != row.brand_ref,
        "description": (known.description, known.description_zh)
        != (row.description, row.description_zh),
        "attributes": known.attributes != row.attributes,
        "facts": known.facts != draft.facts,
        "options": known.option_names != row.option_names,
        "flags": flags != (row.is_sensitive, row.is_child_directed, row.minimum_age),
        "tax class": known.tax_class != row.tax_class,
    }


def _variant(old: EditedVariant | None, row: VariantRow, currency: str) -> str:
    if old is None:
        return f"{row.sku} {show_money(row.list_minor, currency)}"
    if old.list_minor != row.list_minor:
        was, becomes = (show_money(one, currency) for one in (old.list_minor, row.list_minor))
        return f"{row.sku} {was} → {becomes}"
    kept = (old.sku, old.cost_minor, old.gtin, old.is_active, old.name, old.options)
    now = (row.sku, row.cost_minor, row.gtin, row.is_active, row.name, row.options)
    return "" if kept == now else row.sku


def _abroad(
    old: EditedVariant | None, row: VariantRow, market: str, prices: Mapping[str, int | None]
) -> str:
    was, becomes = None if old is None else old.abroad.get(market), prices.get(row.ref)
    if was == becomes:
        return ""
    currency = get_market(market).currency
    said = (EMPTY if one is None else show_money(one, currency) for one in (was, becomes))
    return f"{row.sku} ({market}) {' → '.join(said)}"


def show_doubts(doubts: Sequence[Doubt]) -> list[str]:
    """Return doubtful prices, each with what speaks against it."""
    currencies = list_currencies()
    return [say_doubt(one, currencies[one.price.market]) for one in doubts]


@try_twice
@transaction.atomic
def save_or_ask(
    draft: Draft,
    known: EditedProduct | None,
    revision: int,
    *,
    meant: Meant,
    by_id: int,
    now: datetime,
) -> tuple[Draft, int | None]:
    """Save a product; return what is saved and the list by which a second person is asked for its
    prices below cost.

    Those stay as they are until then. Raises what `save_draft` raises, and ListRefused for a new
    variant below cost.
    """
    try:
        with transaction.atomic():
            save_draft(draft, known, revision, now, meant=meant)
    except SecondPersonNeeded as needed:
        below = {one.price.sku: one.price for one in needed.doubts}
        if any(one.present_minor is None for one in below.values()):
            raise ListRefused(
                _("A new variant below its cost needs a second person: import it with a list.")
            ) from needed
        kept = [_keep_price(draft, sku, one.present_minor or 0) for sku, one in below.items()]
    else:
        return draft, None
    variants = {row.ref: row for row in draft.product.variants} | {row.ref: row for row in kept}
    product = replace(draft.product, variants=tuple(variants.values()))
    rest = replace(meant, count=meant.count - len(below))
    saved = replace(draft, product=product)
    save_draft(saved, known, revision, now, meant=rest)
    return saved, ask_for_prices(
        {sku: one.price_minor for sku, one in below.items()},
        currency=get_market(home_market()).currency,
        reason=meant.reason,
        by_id=by_id,
        now=now,
    )


def _keep_price(draft: Draft, sku: str, present_minor: int) -> VariantRow:
    row = next(one for one in draft.product.variants if one.sku == sku)
    return replace(row, list_minor=present_minor)


SEE, ADD, CHANGE_IT = "shop.view_product", "shop.add_product", "shop.change_product"
SET_PRICES = "pricing.change_publicprice"
MOVE_STOCK = "shop.change_stockrecord"
SEE_AS = ("profiles.view_shopper", "pricing.view_quote")
MOST_PIECES = 1_000_000


class StockForm(forms.Form):
    """What came in, or what a count found, of one variant."""

    variant = forms.IntegerField(min_value=1)
    kind = forms.ChoiceField(
        choices=[("received", gettext_lazy("Received")), ("counted", gettext_lazy("Counted"))]
    )
    pieces = forms.IntegerField(min_value=0, max_value=MOST_PIECES)
    reason = forms.CharField(min_length=SHORTEST_REASON, max_length=80)
    request_key = forms.UUIDField(required=False)

    def clean(self) -> dict[str, Any]:
        """Nothing cannot come in."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("kind") == "received" and cleaned.get("pieces") == 0:
            self.add_error("pieces", _("Write how many pieces came in."))
        return cleaned


@needs(ADD)
def add_product(request: HttpRequest) -> HttpResponse:
    """Show the form of a new product, or create it with all that hangs on it."""
    if not request.user.has_perm(SET_PRICES):
        raise PermissionDenied
    return _edit(request, None)


@needs(SEE)
def change_product(request: HttpRequest, product_id: int) -> HttpResponse:
    """Show a product with its form, or save it."""
    known = require_product(product_id)
    if request.method == "POST" and not request.user.has_perms([CHANGE_IT, SET_PRICES]):
        raise PermissionDenied
    return _edit(request, known)


def require_product(product_id: int) -> EditedProduct:
    """Return a product. Raises Http404."""
    try:
        return read_product(product_id)
    except ProductNotFound as missing:
        raise Http404(str(missing)) from missing


def _edit(request: HttpRequest, known: EditedProduct | None) -> HttpResponse:
    now, data = utc_now(), request.POST if request.method == "POST" else None
    currency = get_market(home_market()).currency
    form = ProductForm(data, initial=fill_product(known))
    variants = variant_set(data, initial=fill_variants(known), currency=currency)
    if known is not None:
        open_table(known, variants, may_move_stock=request.user.has_perm(MOVE_STOCK))
    doubts: tuple[Doubt, ...] = ()
    if data is not None:
        is_valid = form.is_valid()
        variants.option_names = form.cleaned_data.get("option_names")
        is_valid = variants.is_valid() and is_valid
        draft = draft_product(known, form, variants, now) if is_valid else None
        try:
            if draft is not None and (saved := _save(request, form, draft, known)) is not None:
                return saved
        except PricesDoubted as doubted:
            doubts = doubted.doubts
    return _show(request, known, form, variants, doubts)


def _save(
    request: HttpRequest, form: ProductForm, draft: Draft, known: EditedProduct | None
) -> HttpResponse | None:
    """Save and go to the product's page; None where it is refused, which the form then says.

    Raises PricesDoubted. Prices below cost wait on the page of their list.
    """
    now, revision = utc_now(), form.cleaned_data["revision"] or 0
    meant = Meant(
        read_number(request.POST.get("meant", "")) or 0,
        request.POST.get("reason", ""),
        set_by=name_setter(account_id=account_id(request)),
    )
    try:
        saved, asked = save_or_ask(
            draft, known, revision, meant=meant, by_id=account_id(request), now=now
        )
    except ProductChanged:
        _tell_stale(form, known)
        return None
    except (CatalogConflict, OutOfStock, ListRefused) as refusal:
        form.add_error(None, str(refusal))
        return None
    product_id = _log_save(request, saved, known, meant.reason if meant.count else "")
    if asked is not None:
        messages.warning(
            request, _("Prices below cost wait for a second person. All else is saved.")
        )
        return HttpResponseRedirect(reverse("admin:product_list", args=[asked]))
    messages.success(request, _("The product is saved and can be bought as shown here."))
    return HttpResponseRedirect(reverse("admin:product_change", args=[product_id]))


def _tell_stale(form: ProductForm, known: EditedProduct | None) -> None:
    form.add_error(
        None,
        _(
            "Somebody else changed this product after you opened it. Nothing was saved. Open it in"
            " another tab to compare; saving again overwrites what was changed."
        ),
    )
    if known is not None:
        data: Any = form.data.copy()  # type: ignore[attr-defined]  # what a request sent
        data["revision"] = str(known.revision)
        form.data = data


def _log_save(request: HttpRequest, draft: Draft, known: EditedProduct | None, reason: str) -> int:
    key = ("product", draft.product.ref)
    product_id = known.product_id if known else find_ids([key])[key]
    if known is None:
        act = write_act(gettext_lazy("Created the product."))
    else:
        changes = tell_changes(known, draft, get_market(home_market()).currency)
        said = gettext_lazy("Saved the product: %(changes)s.")
        act = write_act(said, reason=reason, changes=changes or "–")
    log_act(request, product_id, act, is_new=known is None)
    return product_id


def log_act(
    request: HttpRequest, product_id: int, act: list[dict[str, Any]], *, is_new: bool = False
) -> None:
    """Note in the product's log what somebody did."""
    table: Any = next(t for m, t in admin.site._registry.items() if m._meta.label == "shop.Product")
    row = table.get_object(request, str(product_id))
    (table.log_addition if is_new else table.log_change)(request, row, act)


def _show(
    request: HttpRequest,
    known: EditedProduct | None,
    form: ProductForm,
    variants: Any,
    doubts: Sequence[Doubt],
) -> HttpResponse:
    account = request.user
    context: dict[str, Any] = {
        "form": form,
        "variants": variants,
        "brands": [name for _ref, name in list_brands()],
        "may_save": account.has_perms([CHANGE_IT if known else ADD, SET_PRICES]),
        "may_move_stock": account.has_perm(MOVE_STOCK),
        "stock_form": StockForm(),
        "doubts": show_doubts(doubts),
        "doubtful": say_doubtful(len(doubts)),
        "reason": request.POST.get("reason", ""),
    }
    if known is not None:
        context |= _see_as(request)
        context |= describe_product(known, utc_now(), account, context["seen_by"])
        context["price_rows"] = list(zip(context["prices"], variants.forms, strict=False))
        pictures = describe_pictures(known, utc_now())
        context |= {
            "pictures": pictures,
            "progress": describe_progress(pictures, ()),
            "moved": read_number(request.GET.get("moved", "")),
            "may_change_pictures": account.has_perm("shop.change_productpicture"),
        }
    title: str | Promise = known.name if known else gettext_lazy("New product")
    return render_page(request, "admin/product.html", title, context)


def _see_as(request: HttpRequest) -> dict[str, Any]:
    """Return the shopper whose price is looked at, by number; None for a guest."""
    asked = request.GET.get("as", "").strip()
    found: dict[str, Any] = {"asked_as": asked, "seen_by": None, "refused_as": ""}
    found["may_see_as"] = request.user.has_perms(SEE_AS)
    number = read_number(asked)
    if asked and found["may_see_as"]:
        try:
            found["seen_by"] = get_shopper_by_id(shopper_id=number or 0)
        except ShopperNotFound:
            found["refused_as"] = _("There is no shopper of this number.")
    return found


@require_POST
@needs(CHANGE_IT)
def archive(request: HttpRequest, product_id: int) -> HttpResponse:
    """Take a product out of the shop, or sell it again. Nothing that was sold is ever deleted."""
    known = require_product(product_id)
    if known.is_active:
        archive_product(product_id=product_id)
        said: Promise = gettext_lazy("Archived: it is no longer sold.")
    else:
        restore_product(product_id=product_id)
        said = gettext_lazy("On sale again.")
    log_act(request, product_id, write_act(said))
    messages.success(request, str(said))
    return HttpResponseRedirect(reverse("admin:product_change", args=[product_id]))


@require_POST
@needs(MOVE_STOCK)
def move_stock(request: HttpRequest, product_id: int) -> HttpResponse:
    """Add what came in, or set what a count found: each is a movement with its reason."""
    known, form = require_product(product_id), StockForm(request.POST)
    own = {one.variant_id: one for one in known.variants}
    back = HttpResponseRedirect(reverse("admin:product_change", args=[product_id]) + "#ft-stock")
    if not form.is_valid() or form.cleaned_data["variant"] not in own:
        said = [str(each) for errors in form.errors.values() for each in errors]
        messages.error(request, " ".join(said) or _("This variant is of another product."))
        return back
    try:
        is_done = _move_once(request, product_id, form.cleaned_data)
    except (OutOfStock, IdempotencyMismatch, IdempotencyInFlight) as refusal:
        messages.error(request, say_refusal(refusal))
        return back
    if not is_done:
        messages.warning(request, _("The stock was moved before: nothing is done again."))
        return back
    act = write_act(
        gettext_lazy("Stock of %(sku)s: %(pieces)s pieces %(kind)s."),
        reason=form.cleaned_data["reason"],
        sku=own[form.cleaned_data["variant"]].sku,
        pieces=str(form.cleaned_data["pieces"]),
        kind=form.cleaned_data["kind"],
    )
    log_act(request, product_id, act)
    messages.success(request, _("The stock is moved."))
    return back


def _move_once(request: HttpRequest, product_id: int, said: dict[str, Any]) -> bool:
    """Move the stock unless this very form was sent before; return whether it moved now."""
    answer = run_once(
        scope=f"stock:{request.user.pk}:{product_id}",
        key=str(said.pop("request_key") or uuid7()),
        fingerprint=fingerprint({name: str(given) for name, given in said.items()}),
        now=utc_now(),
        act=lambda: _move(said),
    )
    return not answer.is_replay


def _move(said: dict[str, Any]) -> tuple[int, dict[str, str]]:
    variant_id, pieces, now = said["variant"], said["pieces"], utc_now()
    if said["kind"] == "received":
        receive_stock(lines=[StockLine(variant_id, pieces)], reference=said["reason"], now=now)
    else:
        adjust_stock(variant_id=variant_id, on_hand=pieces, reference=said["reason"], now=now)
    return 200, {}
