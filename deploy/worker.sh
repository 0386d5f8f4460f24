#!/bin/sh
# usage: worker.sh <queue>[,<queue>...]
# A Celery worker. With METRICS_PORT set it also serves its metrics there: one scrape target for
# each container, because process ids collide between containers.
set -eu
if [ -n "${METRICS_PORT:-}" ]; then
    python deploy/worker_metrics.py &
fi
exec celery -A shop.celery worker -n "$(echo "$1" | tr , -)@%h" -Q "$1" \
    -c "${WORKER_CONCURRENCY:-1}" --without-mingle --without-gossip -l "${LOG_LEVEL:-INFO}"
