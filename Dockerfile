# One image for web, worker, beat and migrate. Built in two steps: the final one has neither uv nor the tests.
FROM python:3.13-slim-bookworm AS build
ENV UV_COMPILE_BYTECODE=1 UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never UV_PROJECT_ENVIRONMENT=/app/.venv
RUN pip install --no-cache-dir "uv>=0.9,<1"
WORKDIR /app
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-install-project --no-default-groups
COPY manage.py ./
COPY scripts/messages.py scripts/
COPY locale locale
COPY static static
COPY templates templates
COPY core core
COPY outbox outbox
COPY members members
COPY showcase showcase
COPY workshops workshops
COPY roadmap roadmap
COPY industrie_positive industrie_positive
COPY deploy/healthcheck.py deploy/
# polib is a tool of the build alone. collectstatic opens neither database nor Redis: the values are placeholders.
RUN uv pip install --quiet --target /tmp/tools "polib>=1.2,<2" \
    && PYTHONPATH=/tmp/tools .venv/bin/python scripts/messages.py compile \
    && PORTAL_MODE=demo SECRET_KEY=unused-at-run-time DATABASE_URL=postgres://unused@unused/unused REDIS_URL=redis://unused \
       .venv/bin/python manage.py collectstatic --noinput --verbosity 0 \
    && rm -r scripts industrie_positive/services

FROM python:3.13-slim-bookworm
ENV PATH=/app/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 MEDIA_ROOT=/srv/media
RUN groupadd --system --gid 10001 portal \
    && useradd --system --uid 10001 --gid portal --no-create-home --shell /usr/sbin/nologin portal \
    && install -d -o portal -g portal -m 0750 /srv/media
WORKDIR /app
COPY --from=build /app /app
USER portal
EXPOSE 8000
CMD ["granian", "--interface", "wsgi", "--host", "0.0.0.0", "--port", "8000", "--blocking-threads", "4", \
     "--workers-kill-timeout", "20", "--respawn-failed-workers", "--no-ws", "industrie_positive.wsgi:application"]
