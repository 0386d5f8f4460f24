"""The web server's processes stop looking through what lasts once they are warm."""

import gc
import runpy
from types import SimpleNamespace

from tools.paths import ROOT


def test_a_warm_process_leaves_lasting_objects_out_of_collections_once() -> None:
    thresholds = gc.get_threshold()
    settings = runpy.run_path(str(ROOT / "deploy/gunicorn.conf.py"))
    before = gc.get_freeze_count()
    try:
        for _ in range(settings["WARM_REQUESTS"] - 1):
            settings["post_request"](None, None, None, None)
        assert gc.get_freeze_count() == before
        settings["post_request"](None, None, None, None)
        frozen = gc.get_freeze_count()
        assert frozen > before + 10_000
        young: list[list[object]] = [[] for _ in range(10_000)]
        settings["post_request"](None, None, None, None)
        # What ends meanwhile leaves the count; what is young must not have joined it.
        assert gc.get_freeze_count() <= frozen
        assert len(young) == 10_000
    finally:
        gc.unfreeze()
        gc.set_threshold(*thresholds)


def test_young_objects_are_looked_through_before_they_are_many() -> None:
    before = gc.get_threshold()
    try:
        runpy.run_path(str(ROOT / "deploy/gunicorn.conf.py"))
        young, middle, old = gc.get_threshold()
        assert young * middle <= 5_000
        assert middle * old >= 100
    finally:
        gc.set_threshold(*before)


def test_a_connection_is_closed_after_the_last_allowed_request() -> None:
    thresholds = gc.get_threshold()
    try:
        settings = runpy.run_path(str(ROOT / "deploy/gunicorn.conf.py"))
    finally:
        gc.set_threshold(*thresholds)
    closed, waits = [], []
    for number in range(1, settings["MOST_REQUESTS"] + 1):
        request = SimpleNamespace(
            req_number=number,
            force_close=lambda n=number: closed.append(n),
            unreader=SimpleNamespace(sock=SimpleNamespace(settimeout=waits.append)),
        )
        settings["pre_request"](None, request)
    assert closed == [settings["MOST_REQUESTS"]]
    assert set(waits) == {10.0}  # seconds for a step of a large body, or of the answer
