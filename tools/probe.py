"""Asks one given server who it is: `python -m tools.probe database|redis`, the address on stdin.

The only module here that needs packages. It fails with one line on standard error.
"""

import sys

import psycopg
import redis

OLDEST_POSTGRES = 150000
IDENTITY = """
select current_setting('server_version_num'),
       (select oid from pg_database where datname = current_database()),
       (select oid from pg_namespace where nspname = 'public')
"""


def probe_database(url: str) -> str:
    """Return what identifies the database, or exit with the reason why it cannot be used."""
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            row = connection.execute(IDENTITY).fetchone()
    except psycopg.Error as error:
        sys.exit((str(error).strip() or type(error).__name__).splitlines()[0])
    version, *identity = row or ("0",)
    if int(version) < OLDEST_POSTGRES:
        sys.exit("Fairtag needs PostgreSQL 15 or newer.")
    return ":".join(map(str, identity))


def probe_redis(url: str) -> str:
    """Return "" for a server that answers, or exit with the reason why it does not."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as connection:
            connection.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        sys.exit(str(error).strip() or type(error).__name__)
    return ""


if __name__ == "__main__":
    probes = {"database": probe_database, "redis": probe_redis}
    print(probes[sys.argv[1]](sys.stdin.read()))
