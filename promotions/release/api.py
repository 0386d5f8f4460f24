"""The door of `release`, the only module of it that others import.

Saving, checking and releasing campaigns; conflicts between them.
"""

from promotions.release.core.conflicts import Conflict
from promotions.release.selectors.checks import (
    EVERY_RULE,
    GOODS,
    CheckView,
    list_checks,
    list_live_verdicts,
    load_answers,
    load_goods_of,
)
from promotions.release.selectors.gates import find_gates
from promotions.release.selectors.overlaps import (
    find_worst_stack,
    list_addressed,
    list_conflicts,
    list_neighbours,
    list_proven,
    name_campaigns,
)
from promotions.release.services.checks import (
    BROKEN,
    REFUSED,
    TOO_LONG,
    CheckStopped,
    CheckTask,
    advance_check,
    ask_check,
    ask_law_of_running,
    begin_next_check,
    fail_check,
    finish_check,
    stop_check,
)
from promotions.release.services.exclusions import (
    MAY_TAKE_OUT,
    MOST_AT_ONCE,
    accept_below_floor,
    leave_out_of,
    say_why_taken_out,
    take_out_asked,
    take_out_goods,
)
from promotions.release.services.experiments import launch_experiment, save_experiment
from promotions.release.services.preconditions import LawBroken
from promotions.release.services.revisions import (
    Saved,
    clone_campaign,
    open_for_change,
    record_change,
    roll_back,
    save_campaign,
)
from promotions.release.services.steps import (
    approve_campaign,
    approve_thresholds,
    move_campaign,
    propose_thresholds,
    release_agreed,
    say_origin,
    say_step,
    send_back_campaign,
)

__all__ = [
    "BROKEN",
    "EVERY_RULE",
    "GOODS",
    "MAY_TAKE_OUT",
    "MOST_AT_ONCE",
    "REFUSED",
    "TOO_LONG",
    "CheckStopped",
    "CheckTask",
    "CheckView",
    "Conflict",
    "LawBroken",
    "Saved",
    "accept_below_floor",
    "advance_check",
    "approve_campaign",
    "approve_thresholds",
    "ask_check",
    "ask_law_of_running",
    "begin_next_check",
    "clone_campaign",
    "fail_check",
    "find_gates",
    "find_worst_stack",
    "finish_check",
    "launch_experiment",
    "leave_out_of",
    "list_addressed",
    "list_checks",
    "list_conflicts",
    "list_live_verdicts",
    "list_neighbours",
    "list_proven",
    "load_answers",
    "load_goods_of",
    "move_campaign",
    "name_campaigns",
    "open_for_change",
    "propose_thresholds",
    "record_change",
    "release_agreed",
    "roll_back",
    "save_campaign",
    "save_experiment",
    "say_origin",
    "say_step",
    "say_why_taken_out",
    "send_back_campaign",
    "stop_check",
    "take_out_asked",
    "take_out_goods",
]
