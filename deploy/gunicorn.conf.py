"""The web server, in the demo and in production; HOST, PORT and sizes come by environment."""

import gc
import os
from itertools import count
from typing import Any

from prometheus_client import multiprocess

from shop.doors.web.web_worker import STEP_SECONDS
from shop.logs import build_logging

wsgi_app = "shop.wsgi:application"
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "shop.doors.web.web_worker.GatheringWorker"
worker_connections = 2000
# shop.doors.web.middleware alone judges whose headers are believed.
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 30
graceful_timeout = 8
keepalive = 5
# Read the code once, then fork: half the start-up work, and the workers share its memory.
preload_app = True
# No access log: the shop logs each request once, by its route.
logconfig_dict = build_logging(os.environ.get("LOG_LEVEL", "INFO"))
# No recycling (max_requests): each new process would leave another set of metric files behind.
control_socket_disable = True
# By then a process holds price book, catalogue, templates and addresses.
WARM_REQUESTS = 200
# A connection stays with the process that took it. All of a proxy's may end with one process while
# another is idle; after so many requests it is closed, and the next goes to who is free.
MOST_REQUESTS = 50
_requests = count(1)


# Young objects are looked through before they are many: twenty thousand held a process up for 5 ms,
# once a second. Old ones no more often than by default.
gc.set_threshold(2_000, 2, 50)


def pre_fork(_server: Any, _worker: Any) -> None:
    """Leave what was loaded before the fork out of collections, so that its memory stays shared."""
    gc.freeze()


def pre_request(_worker: Any, request: Any) -> None:
    """Ask the client to come back on a new connection once this one has carried enough.

    Whoever stops sending a large body, or stops reading, keeps its thread for some seconds only.
    """
    request.unreader.sock.settimeout(STEP_SECONDS)
    if request.req_number >= MOST_REQUESTS:
        request.force_close()


def post_request(_worker: Any, _request: Any, _environ: Any, _response: Any) -> None:
    """Leave a warm process's lasting objects out of collections.

    A full collection looked at 350,000 of them and held every request up for 0.2 s.
    """
    if next(_requests) == WARM_REQUESTS:
        gc.freeze()


def child_exit(_server: Any, worker: Any) -> None:
    """Keep a dead process's counters in the sum, and drop its live gauges."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.mark_process_dead(worker.pid)
