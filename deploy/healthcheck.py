"""Exit status 0 when this container's web server is ready: it reaches its database and Redis."""

import http.client
import os
import sys


def main() -> int:
    """Ask /readyz under a host name that the settings allow."""
    allowed = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].strip()
    host = allowed.lstrip(".") if allowed not in ("", "*") else "localhost"
    connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["PORT"]), timeout=4)
    try:
        connection.request("GET", "/readyz", headers={"Host": host})
        return 0 if connection.getresponse().status == http.client.OK else 1
    except OSError:
        return 1


if __name__ == "__main__":
    sys.exit(main())
