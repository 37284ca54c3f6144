"""Embedded PostgreSQL and Redis, the mail sink and the supervisor behind `make run` and `make test`.

Nothing here imports Django: these modules start what the portal needs before there is a portal.
None of it serves production, where docker-compose.yml brings real servers.
"""
