"""Write the JSON Schema of campaigns into `docs/schemas/`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from promotions.campaigns.api import NAMED
from promotions.planning.api import describe_campaigns


class Command(BaseCommand):
    """One file for each version; that of an older version is never written again."""

    help = "Write the JSON Schema of campaigns with their offers into docs/schemas/."

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the file of the version this code speaks."""
        path = Path(settings.BASE_DIR) / "docs" / "schemas" / f"campaign-{NAMED}.json"
        text = json.dumps(describe_campaigns(), ensure_ascii=False, indent=1)
        path.write_text(f"{text}\n", encoding="utf-8")
        self.stdout.write(str(path))
