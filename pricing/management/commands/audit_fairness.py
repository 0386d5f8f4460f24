"""`manage.py audit_fairness`: what do models charge whom? Audits the one in use and candidates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError, CommandParser

from pricing.fairness.core.audit import AuditVerdict
from pricing.fairness.selectors import list_group_rows
from pricing.fairness.services.fairness import audit_model, audit_models
from shop.ground.jobs.services import record_run
from shop.ground.kernel.clock import utc_now

LINE = "  {:<16} {:<18} {:>6}  {:<22} {:<20} {:<20} {:<20} {:<20}"
HEAD = ("trait", "group", "people", "paid", "discount", "offers", "AUC prices", "AUC inputs")


class Command(BaseCommand):
    help = "Audit the fairness of demand models: the one in use and candidates, or MODEL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("model", type=int, nargs="?", help="id of one model version")
        parser.add_argument("--missing", action="store_true", help="only models without an audit")

    def handle(self, *args: Any, **options: Any) -> None:
        """Audit, store and print. Groups of fewer than 20 people are not shown."""
        now = utc_now()
        with record_run(name="audit_models", queue="bulk") as run:
            try:
                verdicts = (
                    [audit_model(model_id=options["model"], now=now)]
                    if options["model"]
                    else audit_models(now=now, only_missing=options["missing"])
                )
            except ObjectDoesNotExist as error:
                raise CommandError(str(error)) from error
            run.advance(len(verdicts))
        for verdict in verdicts:
            self.stdout.write("\n".join(describe(verdict)))
        if not verdicts:
            self.stdout.write("every model in question has been audited already")


def describe(verdict: AuditVerdict) -> Iterator[str]:
    """Yield the lines of a verdict: state, groups, and what was found."""
    people = f"{verdict.people:,} people, {verdict.compared:,} prices compared"
    yield f"model {verdict.model}: {verdict.state}, {people} with traits exchanged"
    rows = list_group_rows(verdict.report or {})
    if rows:
        yield LINE.format(*HEAD)
    for row in rows:
        yield LINE.format(*row)
    for reason in verdict.reasons:
        yield f"  - {reason}"
