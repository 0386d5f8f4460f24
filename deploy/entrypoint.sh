#!/bin/sh
# Starts one process of the shop. The metrics folder is this container's own and begins empty:
# another run's process ids mean nothing here.
set -eu
if [ -n "${PROMETHEUS_MULTIPROC_DIR:-}" ]; then
    rm -rf "$PROMETHEUS_MULTIPROC_DIR"
    mkdir -p "$PROMETHEUS_MULTIPROC_DIR"
fi
exec "$@"
