"""`manage.py choose_ceiling 0.10`: how far above the list price public prices may go."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from pricing.publishing.services.proposals import TooLate, choose_ceiling
from shop.ground.kernel.clock import utc_now


class Command(BaseCommand):
    help = "Choose, before prices are first published, how far above list public prices may go."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("share", type=float, help="0.10 is 10 %%; 0: never above list")

    def handle(self, *args: Any, **options: Any) -> None:
        """Choose it, or say why it is too late."""
        share = options["share"]
        reason = f"Set-up: public prices up to {share:.0%} above list."
        try:
            is_new = choose_ceiling(share=share, reason=reason, now=utc_now())
        except TooLate as refusal:
            self.stdout.write(f"{refusal} Nothing changed.")
            return
        except ValueError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(reason if is_new else "The ceiling is that already.")
