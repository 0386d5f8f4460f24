"""`makemessages` that also reads the marks of `shop.ground.kernel.translation` and staff tables."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.commands import makemessages

from shop.doors.backoffice.labels import list_names

MARKS = ("--keyword=translate", "--keyword=pgettext_noop:1c,2")
# Their messages are filled by `str.format`: a percent sign is no placeholder.
FLAGS = tuple(
    f"--flag={name}:{at}:no-python-format"
    for name, at in (("translate", 1), ("gettext_noop", 1), ("pgettext_noop", 2))
)


class Command(makemessages.Command):
    """Django's command with our keywords, and with the names that models declare."""

    xgettext_options = [*makemessages.Command.xgettext_options, *MARKS, *FLAGS]

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the names of tables and columns as marks while Django reads the sources."""
        names = settings.BASE_DIR / "shop" / "doors" / "backoffice" / "declared_names.py"
        names.write_text("".join(f'pgettext_noop("staff", {one!r})\n' for one in list_names()))
        try:
            super().handle(*args, **options)
        finally:
            names.unlink()
