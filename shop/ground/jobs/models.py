"""Runs of jobs and the rows they refused."""

from __future__ import annotations

from django.db import models


class JobRun(models.Model):
    """One run of one job: when, how long, how many rows, how it ended."""

    class Outcome(models.TextChoices):
        RUNNING = "running", "running"
        OK = "ok", "ok"
        FAILED = "failed", "failed"
        HUNG = "hung", "hung"

    name = models.CharField(max_length=80)
    queue = models.CharField(max_length=40, blank=True)
    task_id = models.CharField(max_length=64, blank=True)
    attempt = models.PositiveSmallIntegerField(default=1)
    started_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    time_limit_seconds = models.PositiveIntegerField(default=900)
    outcome = models.CharField(max_length=8, choices=Outcome, default=Outcome.RUNNING)
    rows = models.BigIntegerField(default=0)
    report = models.JSONField(default=dict, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["name", "-started_at"], name="jobrun_name_started"),
            models.Index(fields=["outcome", "heartbeat_at"], name="jobrun_outcome_heartbeat"),
        ]
        ordering = ["-started_at", "-id"]

    def __str__(self) -> str:
        return f"{self.name} {self.pk}: {self.outcome}"


class QuarantinedRow(models.Model):
    """A row that was refused, with the reason; never dropped unseen."""

    run = models.ForeignKey(JobRun, on_delete=models.CASCADE, related_name="quarantined_rows")
    source = models.CharField(max_length=80)
    row_number = models.BigIntegerField()
    reason = models.CharField(max_length=80)
    payload = models.JSONField()

    class Meta:
        indexes = [models.Index(fields=["run", "reason"], name="quarantine_run_reason")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.source}:{self.row_number} {self.reason}"
