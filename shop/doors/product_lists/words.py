"""Results of imports and changes of many products, as sentences."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pricing.publishing.core.values import BELOW_COST, BELOW_FLOOR, DOUBTS, FAR_FROM_PRESENT
from shop.doors.product_lists.core.many import ManyChange, What
from shop.doors.product_lists.selectors.imports import ImportView
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_count


def say_counts(view: ImportView) -> list[str]:
    """Return how many rows were read and what became of them; the parts sum to the whole."""
    counts = view.counts
    if view.kind == "customers":
        return _say_customers(view)
    if view.change is not None:
        return _say_change(view, view.change)
    is_done = view.state in ("done", "undoing", "undone")
    said = (
        _(
            "%(read)s rows read: %(new)s new, %(changed)s changed, %(same)s unchanged,"
            " %(added)s added to their product, %(refused)s refused."
        )
        if is_done
        else _(
            "%(read)s rows read: %(new)s would be new, %(changed)s changed, %(same)s unchanged,"
            " %(added)s added to their product, %(refused)s refused."
        )
    )
    lines = [said % {name: show_count(counts.get(name, 0)) for name in NAMES}]
    bare = counts.get("without_stock", 0)
    if bare:
        told = ngettext(
            "%(count)s new variant has no stock: it is sold out until you receive some.",
            "%(count)s new variants have no stock: they are sold out until you receive some.",
            bare,
        )
        lines.append(told % {"count": show_count(bare)})
    return [*lines, *_say_undone(view)]


def _say_change(view: ImportView, change: ManyChange) -> list[str]:
    """Return how many variants change; a category is one of the whole product."""
    is_done = view.state in ("done", "undoing", "undone")
    refused = view.counts.get("refused", 0)
    changed = view.counts.get("changed", 0)
    same = view.counts.get("same", 0)
    if change.what is What.CATEGORY:
        same = max(0, change.products - changed - refused)
        said = (
            _("Products: %(changed)s moved, %(same)s are there already, %(refused)s refused.")
            if is_done
            else _(
                "Products: %(changed)s would move, %(same)s are there already, %(refused)s refused."
            )
        )
    else:
        said = (
            _("Variants: %(changed)s changed, %(same)s left as they were, %(refused)s refused.")
            if is_done
            else _("Variants: %(changed)s would change, %(same)s would not, %(refused)s refused.")
        )
    figures = {"changed": changed, "same": same, "refused": refused}
    counted = said % {name: show_count(count) for name, count in figures.items()}
    return [counted, *_say_undone(view)]


def name_change(change: ManyChange) -> str:
    """Return what a change of many products is called."""
    words: dict[What, str] = {
        What.PRICE_PERCENT: _("List price %(number)+d %%") % {"number": change.number},
        What.PRICE: _("List price %(amount)s") % {"amount": show_money(change.number)},
        What.PRICES: _("List prices"),
        What.STOCK: _("Stock %(number)d") % {"number": change.number},
        What.CATEGORY: " > ".join(change.category),
        What.ARCHIVED: _("Archive") if change.is_archived else _("Sell again"),
    }
    count = change.products
    products = ngettext("%(n)s product", "%(n)s products", count) % {"n": show_count(count)}
    return f"{words[change.what]} · {products}"


def say_doubts(view: ImportView) -> list[str]:
    """Return how many new prices are doubtful, by what speaks against them."""
    said = {
        BELOW_COST: _("below cost: %(count)s"),
        BELOW_FLOOR: _("below the floor that keeps the minimum margin: %(count)s"),
        FAR_FROM_PRESENT: _("more than half above or below the present price: %(count)s"),
    }
    return [
        said[code] % {"count": show_count(view.counts[code])}
        for code in DOUBTS
        if view.counts.get(code)
    ]


def _say_customers(view: ImportView) -> list[str]:
    said = (
        _(
            "%(read)s rows read: %(new)s new customers, %(changed)s changed, %(same)s unchanged,"
            " %(refused)s refused."
        )
        if view.state in ("done", "undoing", "undone")
        else _(
            "%(read)s rows read: %(new)s would be new customers, %(changed)s changed, %(same)s"
            " unchanged, %(refused)s refused."
        )
    )
    figures = {name: show_count(view.counts.get(name, 0)) for name in NAMES}
    return [said % figures, *_say_undone(view)]


def _say_undone(view: ImportView) -> list[str]:
    if view.state == "done" and view.counts.get("kept"):
        return [_("Nothing could be taken back; the reasons are below.")]
    if view.state != "undone":
        return []
    told = (
        _("Undone: %(undone)s rows taken back, %(kept)s kept.")
        if view.change is None
        else _("Undone: %(undone)s taken back, %(kept)s kept.")
    )
    return [told % {name: show_count(view.counts.get(name, 0)) for name in ("undone", "kept")}]


NAMES = ("read", "new", "changed", "same", "added", "refused")
