"""A web process loads no library that only training, audits or files need."""

import json
import subprocess
import sys

HEAVY = ("sklearn", "pandas", "scipy.stats", "pyarrow", "openpyxl", "opendp", "duckdb", "pypinyin")
LOADED = """
import importlib, json, sys
import django
django.setup()
from django.conf import settings
importlib.import_module(settings.ROOT_URLCONF).urlpatterns
print(json.dumps(sorted(sys.modules)))
"""


def test_the_addresses_of_the_shop_load_no_heavy_library() -> None:
    said = subprocess.run(
        [sys.executable, "-c", LOADED], capture_output=True, text=True, timeout=120, check=True
    )
    loaded = set(json.loads(said.stdout))
    assert {"shop.doors.storefront.urls", "shop.doors.backoffice.site"} <= loaded
    assert sorted(loaded & set(HEAVY)) == []
