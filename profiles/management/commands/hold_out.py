"""`manage.py hold_out NAMESPACE PERCENT`: hold a share of the shoppers out of experiments."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from profiles.experiments.api import BadExperiment, set_holdout


class Command(BaseCommand):
    help = "Hold a share of the shoppers out of a namespace, or of all experiments (everything)."

    def add_arguments(self, parser: CommandParser) -> None:
        """Ask for the namespace and the share in percent."""
        parser.add_argument("namespace")
        parser.add_argument("percent", type=float)

    def handle(self, *_: Any, namespace: str, percent: float, **__: Any) -> None:
        """Store the share; a larger one keeps who was held out before."""
        try:
            set_holdout(namespace=namespace, share=percent / 100)
        except BadExperiment as refusal:
            raise CommandError(str(refusal)) from refusal
        self.stdout.write(f"{namespace}: {percent:g} % of the shoppers are held out.")
