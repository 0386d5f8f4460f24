"""The forecast error of a model is the same number, under the same name, wherever staff read it."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from pricing.demand.core.served import example_served
from pricing.demand.models.demand import DemandModelVersion
from shop.ground.kernel.arrays import hash_arrays, pack_arrays

BOARD = [
    {"name": "pooled_poisson", "wmape": 0.47, "is_champion": True},
    {"name": "trees", "wmape": 0.41, "reasons": ["its 90 % intervals hold 70%"]},
    {"name": "softmax", "wmape": 0.5, "may_take": True},
]


@pytest.fixture
def measured(root: Client) -> int:
    """A version that was measured on all products and on the best-sold ones; return its number."""
    newest = DemandModelVersion.objects.order_by("-trained_at")[0]
    metrics = {"wmape": 0.475, "leaderboard": BOARD}
    arrays = example_served().arrays()
    DemandModelVersion.objects.filter(pk=newest.pk).update(
        metrics=metrics, status="active", arrays=pack_arrays(arrays), sha256=hash_arrays(arrays)
    )
    return int(newest.pk)


def test_a_models_error_is_one_number_on_both_pages(root: Client, measured: int) -> None:
    kind = DemandModelVersion.objects.get(pk=measured).kind
    board = root.get(reverse("admin:models"))
    own, *others = sorted(board.context["families"], key=lambda one: not one.is_own)
    assert (kind, own.is_own, [one.is_own for one in others]) == (
        "pooled_poisson",
        True,
        [False] * 2,
    )
    line = next(one for one in board.context["versions"] if one.id == measured)
    page = root.get(reverse("admin:model_backtest", args=[measured]))
    figures = {str(one.title): one.figure for one in page.context["figures"]}
    assert figures["WMAPE, all products"] == own.wmape_all == line.wmape == "0.475"
    assert figures["WMAPE, best-selling products"] == own.wmape == "0.470"
    assert [one.wmape_all for one in others] == ["–", "–"]
    table = root.get(reverse("admin:pricing_demandmodelversion_changelist")).content.decode()
    assert "WMAPE, all products" in table
    # Wherever a figure stands, the name of its set stands beside it.
    shown = board.content.decode()
    assert [shown.count(f">{name}<") for name in ("WMAPE", "WMAPE, all products")] == [0, 2]
