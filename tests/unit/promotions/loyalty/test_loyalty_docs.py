"""The tables of docs/loyalty.md name what the code has, and nothing else."""

from __future__ import annotations

import re

from promotions import tasks
from promotions.loyalty.core.tiers import judge_invitation, judge_reward
from promotions.models import Bucket
from shop.schedule import SCHEDULE
from tests.contracts.house import ROOT

TEXT = (ROOT / "docs/loyalty.md").read_text()


def test_every_bucket_of_the_ledger_is_told_and_no_other() -> None:
    table = TEXT.split("| step | when |")[1].split("\n\n")[0]
    pairs = re.findall(r"`(\w+) -> (\w+)`", table)
    assert {bucket for pair in pairs for bucket in pair} == {bucket.value for bucket in Bucket}


def test_every_reason_why_an_invitation_does_not_count_is_told() -> None:
    asked = {"inviters": {1: 2}, "has_ordered": False}
    spoken = {
        judge_invitation(referrer_id=1, invited_id=1, **asked),  # type: ignore[arg-type]  # keywords
        judge_invitation(referrer_id=1, invited_id=2, **asked),  # type: ignore[arg-type]  # keywords
        judge_invitation(referrer_id=1, invited_id=3, inviters={}, has_ordered=True),
        judge_reward(invited_keys={"a"}, referrer_keys={"a"}, rewarded=0, cap=1),
        judge_reward(invited_keys={"a"}, referrer_keys=(), rewarded=1, cap=1),
    }
    table = TEXT.split("| not counted | when |")[1].split("\n\n")[0]
    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == spoken


def test_the_jobs_that_are_told_exist_and_are_scheduled() -> None:
    told = re.findall(r"^\| `(\w+)` \|", TEXT.split("## Jobs")[1], re.MULTILINE)
    scheduled = {entry["task"] for entry in SCHEDULE.values()}
    assert told == ["move_points", "write_to_members", "win_back"]
    assert {f"promotions.tasks.{name}" for name in told} <= scheduled
    assert all(hasattr(tasks, name) for name in told)
