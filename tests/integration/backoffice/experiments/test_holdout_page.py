"""The permanent holdout on the page of experiments."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from profiles.experiments.selectors.outcomes import read_holdout
from profiles.experiments.services.experiments import set_holdout
from tests.factories.experiments import spend_by_side
from tests.factories.pricing import NOON
from tests.factories.pricing_shocks import make_teas

pytestmark = pytest.mark.usefixtures("forgetful")


@pytest.fixture(autouse=True)
def _not_counted_today() -> None:
    read_holdout.cache_clear()


def test_the_page_of_experiments_says_it_in_words(
    root: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shop.doors.backoffice.views.experiments.utc_now", lambda: NOON)
    set_holdout(namespace="everything", share=0.3)
    (tea,) = make_teas(1)
    spend_by_side(1_000, 1_500, variant=tea)
    page = root.get(reverse("admin:experiments")).content.decode()
    assert "Held out of all experiments" in page
    assert "What the shop does pays off: everybody else brings +" in page
