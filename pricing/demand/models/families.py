"""Names of the families of demand models."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

type Text = str | Promise

FAMILIES: dict[str, Text] = {
    "pooled_poisson": gettext_lazy("Hierarchical Poisson"),
    "hierarchical_logit": gettext_lazy("Hierarchical logit"),
    "linear": gettext_lazy("Linear"),
    "polynomial": gettext_lazy("Polynomial"),
    "tree": gettext_lazy("Decision tree, falling in price"),
    "trees": gettext_lazy("Boosted trees, falling in price"),
    "support_vectors": gettext_lazy("Support vectors"),
    "neural": gettext_lazy("Neural network"),
    "softmax": gettext_lazy("Softmax over prices"),
    "bayesian": gettext_lazy("Bayesian regression"),
}


SOLVERS: dict[str, Text] = {
    "newton": gettext_lazy("Newton"),
    "newton-cg": gettext_lazy("Newton with conjugate gradients"),
    "cg": gettext_lazy("Conjugate gradient"),
    "gd": gettext_lazy("Gradient descent"),
    "sgd": gettext_lazy("Stochastic gradient descent"),
    "adam": gettext_lazy("Adam"),
    "lbfgs": gettext_lazy("L-BFGS"),
}


def name_model(kind: str, version: int | None) -> str:
    """Return a model's family and the number of its version."""
    named = {"family": FAMILIES.get(kind, kind), "number": version}
    return gettext("%(family)s, version %(number)s") % named
