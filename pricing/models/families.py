"""What families of demand models are called."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

type Text = str | Promise

FAMILIES: dict[str, Text] = {
    "pooled_poisson": gettext_lazy("Hierarchical Poisson"),
    "hierarchical_logit": gettext_lazy("Hierarchical logit"),
    "linear": gettext_lazy("Linear"),
    "polynomial": gettext_lazy("Polynomial"),
    "trees": gettext_lazy("Boosted trees, falling in price"),
    "support_vectors": gettext_lazy("Support vectors"),
    "neural": gettext_lazy("Neural network"),
    "softmax": gettext_lazy("Softmax over prices"),
    "bayesian": gettext_lazy("Bayesian regression"),
    "logit_with_offset": gettext_lazy("Hierarchical logit beside trees"),
}


def name_model(kind: str, version: int | None) -> str:
    """Return a model's family and the number of its version."""
    named = {"family": FAMILIES.get(kind, kind), "number": version}
    return gettext("%(family)s, version %(number)s") % named
