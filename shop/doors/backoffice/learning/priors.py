"""Sentences on the evidence behind prices of products without sales."""

from __future__ import annotations

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from pricing.api import DemandBasis, UntrustedModel, count_priors
from shop.ground.catalog.selectors import home_market, list_categories
from shop.ground.staff.numbers import show_count, show_number


def say_basis(basis: DemandBasis) -> str:
    """Return what the price of a variant rests on: its sales, a prior, or the merchant alone."""
    if basis.source == "none":
        return _("No demand model was trained yet: it sells at the list price.")
    elasticity = show_number(-(basis.elasticity or 0.0))
    if basis.source == "own":
        said = _("The model learned its elasticity from its own sales: %(elasticity)s.")
        return said % {"elasticity": elasticity}
    if basis.source == "all":
        said = _(
            "The model has seen no sale of it and takes the elasticity of all products,"
            " %(elasticity)s."
        )
        return said % {"elasticity": elasticity}
    node = list_categories(get_language() or "en").nodes.get(basis.family_id)
    said = _(
        "The model has seen no sale of it and takes the prior of %(family)s, an elasticity of"
        " %(elasticity)s."
    )
    return said % {"family": "" if node is None else node.name, "elasticity": elasticity}


def say_priors() -> str:
    """Return how many variants on sale rest on a prior of their family. No query once cached but
    for the model."""
    try:
        counted = count_priors(market=home_market())
    except UntrustedModel:
        return _(
            "The stored arrays of the demand model in use are damaged: they do not have the hash"
            " they were stored with. Take another model into use, or train one."
        )
    if counted is None:
        return _("No demand model was trained yet: all products sell at their list prices.")
    without, all_of_them = counted
    if not without:
        return _("The model has seen sales of every variant that is on sale.")
    said = ngettext(
        "The model has seen no sale of %(n)s of %(all)s variants on sale: its price rests on the"
        " merchant's list price and the prior of its family.",
        "The model has seen no sale of %(n)s of %(all)s variants on sale: their prices rest on the"
        " merchant's list prices and the priors of their families.",
        without,
    )
    return said % {"n": show_count(without), "all": show_count(all_of_them)}
