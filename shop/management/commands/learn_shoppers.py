"""Everything the shop learns about its shoppers, at once: for a first start or after an import."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from profiles.events.api import rebuild_online_features
from profiles.recommend.api import refit_recommender
from profiles.segments.api import refit_segments, refresh_profiles
from shop.ground.jobs.services import record_run
from shop.ground.kernel.clock import utc_now

Step = tuple[str, str, Callable[[datetime], int]]
STEPS: tuple[Step, ...] = (
    ("online features", "rebuild_online_features", lambda now: rebuild_online_features(as_of=now)),
    ("segments and tags", "refit_segments", lambda now: refit_segments(now=now)),
    ("profiles", "refresh_profiles", lambda now: refresh_profiles(now=now)),
    ("recommendations", "refit_recommender", lambda now: refit_recommender(now=now)),
)


class Command(BaseCommand):
    """`manage.py learn_shoppers`."""

    help = "Compute online features, segments, tags, profiles and recommendations from all events."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "jobs",
            nargs="*",
            metavar="JOB",
            help=f"only these of {', '.join(job for _label, job, _run in STEPS)}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run the steps, each recorded like the scheduled job of the same name."""
        jobs = set(options["jobs"]) or {job for _label, job, _run in STEPS}
        unknown = sorted(jobs - {job for _label, job, _run in STEPS})
        if unknown:
            raise CommandError(f"There is no step called {', '.join(unknown)}.")
        steps = [step for step in STEPS if step[1] in jobs]
        columns = (TextColumn("{task.description:<20}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, TimeElapsedColumn(), console=Console()) as progress:
            bar = progress.add_task("learning shoppers", total=len(steps))
            for label, job_name, run_step in steps:
                progress.update(bar, description=label)
                with record_run(name=job_name) as run:
                    run.advance(run_step(utc_now()))
                progress.advance(bar)
