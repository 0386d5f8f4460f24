"""Many runs over two processes: worlds x seeds x agents."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import get_args

from shop.lab.agent import PricingAgent
from shop.lab.episode import INSIGHTS, Course, Run, run_agent, run_insider
from shop.lab.market import Insight
from shop.lab.shop_path import POLICIES
from shop.lab.shop_path_bounds import run_within_bounds

BOUNDS = "bounds of "
MakeAgent = Callable[[int], PricingAgent]
# Small matrices: threads inside numpy would only wait for each other.
_ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(slots=True)
class CourseRuns:
    """All runs on one course: of agents, of those who know the truth, and, by the shop's path, of
    somebody who knows it within the bounds of that path."""

    course: Course
    insiders: dict[Insight, Run] = field(default_factory=dict)
    agents: dict[str, Run] = field(default_factory=dict)
    bounds: dict[str, Run] = field(default_factory=dict)


def run_grid(
    courses: Sequence[Course],
    agents: Mapping[str, MakeAgent],
    *,
    processes: int = 2,
    has_bounds: bool = False,
    on_done: Callable[[], None] = lambda: None,
) -> list[CourseRuns]:
    """Return the runs of every agent, and of the three insiders, on every course.

    `agents` maps a name to what makes an agent from a seed: a class or function of a module, as
    processes find it by its name. `on_done` is called after each run. With `processes=1`
    everything runs here. With `has_bounds` it is also run what the bounds of the shop's paths
    among the agents allow.
    """
    done = {course: CourseRuns(course) for course in courses}
    jobs = [
        (course, name, make)
        for course in courses
        for name, make in [
            *((name, None) for name in INSIGHTS),
            *((BOUNDS + name, None) for name in POLICIES if has_bounds and name in agents),
            *agents.items(),
        ]
    ]
    for course, name, run in _run_jobs(jobs, processes):
        if name.startswith(BOUNDS):
            done[course].bounds[name.removeprefix(BOUNDS)] = run
        elif name in get_args(Insight):
            done[course].insiders[name] = run  # type: ignore[index]  # narrowed by the line above
        else:
            done[course].agents[name] = run
        on_done()
    return list(done.values())


Job = tuple[Course, str, MakeAgent | None]


def run_job(job: Job) -> Run:
    """Return the run of an agent, or of an insider where there is nothing to make.

    Raises ValueError, saying who and where, if an agent breaks the rules of the game.
    """
    course, name, make = job
    if make is None and name.startswith(BOUNDS):
        return run_within_bounds(course, POLICIES[name.removeprefix(BOUNDS)])
    if make is None:
        return run_insider(course, next(one for one in INSIGHTS if one == name))
    try:
        return run_agent(course, make(course.seed))
    except ValueError as error:
        raise ValueError(f"{name} in {course.world}, seed {course.seed}: {error}") from error


def _run_jobs(jobs: Sequence[Job], processes: int) -> Iterator[tuple[Course, str, Run]]:
    if processes == 1:
        for job in jobs:
            yield job[0], job[1], run_job(job)
        return
    # Spawned, not forked: a fork would copy locks that progress bars and connections hold.
    with _one_thread_each(), ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        waiting: dict[Future[Run], Job] = {pool.submit(run_job, job): job for job in jobs}
        while waiting:
            for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                job = waiting.pop(future)
                yield job[0], job[1], future.result()


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let processes started inside use one thread each: numpy reads this when it is imported."""
    before = {name: os.environ.get(name) for name in _ONE_THREAD}
    os.environ.update(_ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
