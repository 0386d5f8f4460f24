"""Result of an import, as sentences."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop.doors.product_lists.selectors.imports import ImportView
from shop.ground.staff.numbers import show_count


def say_counts(view: ImportView) -> list[str]:
    """Return how many rows were read and what became of them; the parts sum to the whole."""
    counts = view.counts
    if view.kind == "customers":
        return _say_customers(view)
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
    if view.state != "undone":
        return []
    told = _("Undone: %(undone)s rows taken back, %(kept)s kept.")
    return [told % {name: show_count(view.counts.get(name, 0)) for name in ("undone", "kept")}]


NAMES = ("read", "new", "changed", "same", "added", "refused")
