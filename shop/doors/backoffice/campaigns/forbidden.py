"""What may not be promoted in a market: its kinds by name, and how many products they have."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from promotions.law.api import Forbidden
from shop.doors.backoffice.campaigns.product_picker import say_on_sale
from shop.ground.catalog.selectors import list_categories
from shop.ground.staff.phrases import join_names

# Kinds that are flags of categories; the others are words of their paths
_FLAGS: dict[str, Promise] = {
    "restricted": gettext_lazy("age-restricted products"),
    "child_directed": gettext_lazy("products for children"),
    "sensitive": gettext_lazy("sensitive products"),
}


def say_leave_out(found: Forbidden) -> str:
    """Return what leaves out the forbidden products, "" where there are none. No query."""
    if not found.kinds:
        return ""
    named = join_names(_name_kind(kind) for kind in found.kinds)
    said = _("Leave out what may not be promoted here: %(kinds)s (%(products)s)")
    return said % {"kinds": named, "products": say_on_sale(found.product_count)}


def _name_kind(kind: str) -> str:
    """Return the name of a flag, or of the highest category that the kind means."""
    if kind in _FLAGS:
        return str(_FLAGS[kind])
    nodes = list_categories(get_language() or "en").nodes.values()
    meant = [node for node in nodes if kind in node.path.split("/")]
    return min(meant, key=lambda node: node.depth).name if meant else kind
