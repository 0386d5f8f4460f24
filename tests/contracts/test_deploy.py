"""The demo, the Procfile and the compose file run the same processes; no queue is left unread."""

from __future__ import annotations

import ast
import re
from fnmatch import fnmatch
from typing import Any

import yaml

from shop.workers import read_worker
from tests.contracts.house import (
    ROOMS,
    ROOT,
    expect_none,
    list_sources,
    name_of,
    read_imports,
)
from tools.programs import PROCESSES, WORKERS, list_programs

SERVERS = {"postgres", "valkey"}


def read_compose() -> dict[str, Any]:
    """The services of deploy/compose.yaml."""
    services: dict[str, Any] = yaml.safe_load((ROOT / "deploy/compose.yaml").read_text())[
        "services"
    ]
    return services


def read_procfile() -> dict[str, str]:
    """Process name -> command."""
    lines = (ROOT / "deploy/Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line)


def find_queues(source: str) -> set[str]:
    """The queues that tasks of a file are sent to."""
    if "queue" not in source:
        return set()
    return {
        keyword.value.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg == "queue"
        and isinstance(keyword.value, ast.Constant)
        and isinstance(keyword.value.value, str)
    }


def used_queues() -> set[str]:
    """The queues of all rooms."""
    sources = list_sources("shop", *ROOMS)
    return set().union(*(find_queues(path.read_text()) for path in sources))


def demo_queues() -> set[str]:
    """The queues that the workers of the demo read."""
    return {queue for word in WORKERS for queue in read_worker(word).queues.split(",")}


def worker_queues(commands: list[str]) -> set[str]:
    """The queues that worker.sh commands read."""
    found = (re.search(r"worker\.sh,? ([a-z,]+)", command) for command in commands)
    return {queue for match in found if match for queue in match.group(1).split(",")}


def test_demo_workers_read_every_queue_in_use() -> None:
    assert used_queues() <= demo_queues()


def test_procfile_and_compose_read_the_same_queues_as_the_demo() -> None:
    composed = [" ".join(service.get("command", [])) for service in read_compose().values()]
    assert read_procfile()["web"].endswith(" ".join(("python -m shop.workers", *PROCESSES)))
    assert worker_queues(composed) == demo_queues()


def test_all_three_run_a_web_server_and_one_clock() -> None:
    assert [list(program.command[-5:]) for program in list_programs()] == [list(PROCESSES)]
    assert {"web", "beat"} <= set(read_procfile()["web"].split())
    assert {"web", "beat"} <= set(read_compose())


def test_secrets_come_from_the_environment_only() -> None:
    text = (ROOT / "deploy/compose.yaml").read_text()
    named = re.findall(r"^\s+(\w*(?:PASSWORD|SECRET|TOKEN|KEY)\w*):[ ]*(.*)$", text, re.MULTILINE)
    assert len(named) >= 4
    expect_none(f"{name}: {value}" for name, value in named if value and "${" not in value)


def test_the_shop_runs_without_root_and_without_a_writable_disk() -> None:
    dockerfile = (ROOT / "deploy/Dockerfile").read_text()
    assert re.findall(r"^USER (\S+)", dockerfile, re.MULTILINE) == ["10001"]
    own = {name: service for name, service in read_compose().items() if name not in SERVERS}
    expect_none(name for name, service in own.items() if service.get("read_only") is not True)
    expect_none(name for name, service in own.items() if service.get("cap_drop") != ["ALL"])


def test_ports_are_open_to_this_machine_only() -> None:
    ports = [port for service in read_compose().values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:${PORT:-8000}:8000"]


def test_every_container_is_bounded_in_memory_and_logs() -> None:
    services = read_compose()
    expect_none(name for name, service in services.items() if "mem_limit" not in service)
    expect_none(
        name for name, one in services.items() if "max-size" not in one["logging"]["options"]
    )


def test_every_service_is_checked_or_says_why_not() -> None:
    text = (ROOT / "deploy/compose.yaml").read_text()
    assert "HEALTHCHECK" in (ROOT / "deploy/Dockerfile").read_text()
    checked = {name for name, service in read_compose().items() if "healthcheck" in service}
    assert set(read_compose()) - checked == {"web"}, "web uses the image's own check"
    assert text.count("healthcheck: { disable: true }") == 2


def test_every_file_a_command_names_exists() -> None:
    everything = "\n".join(
        path.read_text() for path in (ROOT / "deploy").iterdir() if path.is_file()
    )
    named = set(re.findall(r"deploy/[\w.]+\.(?:py|sh|yaml)", everything))
    assert len(named) >= 5
    expect_none(name for name in named if not (ROOT / name).exists())


def test_the_check_finds_a_queue() -> None:
    assert find_queues('@job(queue="slow", time_limit=3)\ndef f(): ...') == {"slow"}
    assert worker_queues(["sh deploy/worker.sh a,b", "gunicorn"]) == {"a", "b"}
    assert name_of(ROOT / "deploy/Procfile") == "deploy/Procfile"


def test_the_image_misses_nothing_that_it_imports() -> None:
    inside = [path for path in list_sources("shop", *ROOMS) if not _is_left_out(name_of(path))]
    left_out = tuple(
        pattern.removesuffix(".py").replace("/", ".").rstrip("*_") for pattern in _read_left_out()
    )
    assert "shop.lab" in left_out
    expect_none(
        f"{name_of(path)}:{line} imports {name}, which is not in the image"
        for path in inside
        for line, name in read_imports(path.read_text())
        if name.startswith(left_out)
    )


def _read_left_out() -> list[str]:
    """The folders and files of the rooms that stay out of the image."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    return [line for line in lines if line.startswith(("shop/", *(f"{room}/" for room in ROOMS)))]


def _is_left_out(name: str) -> bool:
    return any(fnmatch(name, p) or name.startswith(f"{p}/") for p in _read_left_out())
