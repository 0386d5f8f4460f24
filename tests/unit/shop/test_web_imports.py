"""Web and worker processes load no library that few need, and nothing of demo or lab."""

import json
import subprocess
import sys

import pytest

HEAVY = (
    *("sklearn", "pandas", "scipy.stats", "scipy.optimize", "scipy.sparse", "pyarrow", "openpyxl"),
    *("opendp", "duckdb", "pypinyin"),
)
# Demo content, imports of the demo's list, simulated visits and simulated markets: commands only.
APART = ("shop.lab", "shop.traffic", "shop.doors.intake", "promotions.demo")
WEB = "import shop.wsgi; importlib.import_module(settings.ROOT_URLCONF).urlpatterns"
WORKERS = "import shop.workers; app.loader.import_default_modules()"
LOADED = """
import importlib, json, sys
import django
django.setup()
from django.conf import settings
from shop.celery import app
{starts}
print(json.dumps(sorted(sys.modules)))
"""


@pytest.mark.parametrize(
    ("starts", "own"),
    [
        (WEB, {"shop.doors.storefront.urls", "shop.doors.backoffice.site"}),
        (WORKERS, {"pricing.tasks", "orders.payments.tasks", "shop.doors.product_lists.tasks"}),
    ],
    ids=["web", "workers"],
)
def test_a_production_process_loads_nothing_heavy_nor_apart(starts: str, own: set[str]) -> None:
    said = subprocess.run(
        [sys.executable, "-c", LOADED.format(starts=starts)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    loaded = set(json.loads(said.stdout))
    assert own <= loaded
    assert sorted(loaded & set(HEAVY)) == []
    assert sorted(name for name in loaded if name.startswith(APART)) == []
