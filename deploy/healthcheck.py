"""`python deploy/healthcheck.py web|worker`: exit 0 when this container does its work.

Without Django, because it runs every half minute in each container.
"""

import http.client
import os
import sys
from urllib.parse import urlsplit

# The worker's heartbeat task runs every 30 seconds; three may be missed behind a long task.
HEARTBEAT_SECONDS = 120


def web() -> bool:
    """The web server answers under the site's own name (any other is refused)."""
    site = urlsplit(os.environ["SITE_URL"])
    headers = {"Host": site.netloc, "X-Forwarded-Proto": site.scheme}
    link = http.client.HTTPConnection("127.0.0.1", 8000, timeout=5)
    link.request("GET", "/healthz", headers=headers)
    return link.getresponse().status == 200


def worker() -> bool:
    """A worker ran the heartbeat task lately: broker, beat, worker and database all work."""
    import psycopg2

    connection = psycopg2.connect(os.environ["DATABASE_URL"], connect_timeout=5)
    try:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM outbox_heartbeat"
                " WHERE name = 'worker' AND at >= now() - %s * interval '1 second'",
                [HEARTBEAT_SECONDS],
            )
            return bool(cursor.fetchone()[0])
    finally:
        connection.close()


if __name__ == "__main__":
    try:
        healthy = {"web": web, "worker": worker}[sys.argv[1]]()
    except Exception as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        healthy = False
    sys.exit(not healthy)
