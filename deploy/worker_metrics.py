"""Serves the metrics of a worker's processes on METRICS_PORT; the web server serves its own."""

import os
import threading

from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector


def main() -> None:
    """Serve until the container ends."""
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    start_http_server(int(os.environ["METRICS_PORT"]), registry=registry)
    threading.Event().wait()


if __name__ == "__main__":
    main()
