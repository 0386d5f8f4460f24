"""`manage.py evaluate_offline MODEL`: would this model have earned more than what was shown?"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pricing.learning.selectors.offline import NothingLogged, OfflineVerdict, evaluate_offline
from shop.ground.catalog.selectors import home_market
from shop.ground.kernel.clock import utc_now

LINE = "{:<10} {:>9.3f} [{:>8.3f}, {:>8.3f}]   gain {:>+8.3f} [{:>+8.3f}, {:>+8.3f}]"


class Command(BaseCommand):
    help = "Judge a model version by logged exposures: SNIPS, DR and SWITCH-DR with 95 % intervals."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", type=int, help="id of the model version in question")
        parser.add_argument("--days", type=int, default=28, help="how far to look back")
        parser.add_argument("--market", default="")
        parser.add_argument("--channel", default="online")
        parser.add_argument("--seed", type=int, default=1, help="of the bootstrap")

    def handle(self, *args: Any, **options: Any) -> None:
        """Evaluate and print; minor units per exposure."""
        now = utc_now()
        try:
            verdict = evaluate_offline(
                model_version=options["model"],
                since=now - timedelta(days=options["days"]),
                until=now,
                now=now,
                market=options["market"] or home_market(),
                channel=options["channel"],
                random_state=options["seed"],
            )
        except (ObjectDoesNotExist, NothingLogged) as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(describe(verdict)))


def describe(verdict: OfflineVerdict) -> list[str]:
    """Return the lines of a report."""
    support = verdict.evaluation.support
    window = f"{verdict.since:%Y-%m-%d} to {verdict.until:%Y-%m-%d}"
    counts = f"{verdict.exposures:,} exposures of {support.clusters:,} shoppers"
    lines = [
        f"model {verdict.model_version}, {window}: {counts}, {verdict.purchases:,} bought",
        f"logged     {verdict.evaluation.logged_value:>9.3f} minor units of margin per exposure",
    ]
    for name, estimate in verdict.evaluation.estimates.items():
        value, gain = estimate.value, estimate.gain
        numbers = (value.value, value.low, value.high, gain.value, gain.low, gain.high)
        lines.append(LINE.format(name, *numbers))
    lines.append(
        f"effective sample {support.effective:,.0f} ({support.effective_share:.1%}), largest weight"
        f" {support.largest_weight:.1f}, never shown {support.unsupported:.1%},"
        f" rules broken {verdict.violations}"
    )
    answer = "may go on to live traffic" if verdict.gate.is_open else "may not go live: "
    lines.append(answer + ", ".join(verdict.gate.reasons))
    return lines
