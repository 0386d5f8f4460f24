"""A model whose stored arrays are damaged fails no page that tells of it."""

from __future__ import annotations

import numpy as np
import pytest
from django.test import Client
from django.urls import reverse

from pricing.demand.models.demand import DemandModelVersion
from shop.ground.kernel.arrays import pack_arrays


@pytest.mark.parametrize("arrays", [b"cut off", pack_arrays({"a": np.arange(3)})])
def test_the_leaderboard_names_damaged_arrays_of_the_model_in_use(
    root: Client, arrays: bytes
) -> None:
    newest = DemandModelVersion.objects.order_by("-trained_at")[0]
    DemandModelVersion.objects.filter(pk=newest.pk).update(status="active", arrays=arrays)
    page = root.get(reverse("admin:models"))
    assert page.status_code == 200
    assert "arrays of the demand model in use are damaged" in page.content.decode()
