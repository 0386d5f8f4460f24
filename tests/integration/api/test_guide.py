"""The guide's requests run as they are written."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest

from tests.contracts.house import ROOT
from tests.factories.orders import Shelf

pytestmark = pytest.mark.django_db(transaction=True)


def read_script() -> str:
    """The first block of the document, with strict errors."""
    text = (ROOT / "docs" / "api.md").read_text()
    block = text.partition("## From nothing to a paid order\n")[2].partition("```sh\n")[2]
    return "set -euo pipefail\n" + block.partition("```")[0]


def test_the_guide_leads_from_nothing_to_a_paid_order(live_server: Any, shelf: Shelf) -> None:
    script = read_script().replace("http://localhost:8000", live_server.url)
    done = subprocess.run(
        ["bash", "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == ["2", "succeeded"]
