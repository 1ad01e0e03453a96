# The portal: web, worker, beat and migrations are the same image with another command (docker-compose.yml).

FROM node:24-slim AS assets
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund

FROM python:3.13-slim AS build
WORKDIR /app
ENV PATH=/app/.venv/bin:$PATH PIP_NO_CACHE_DIR=1
RUN python -m venv .venv
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock
COPY manage.py ./
COPY propman propman
COPY complaints complaints
COPY cards cards
COPY billing billing
COPY hr hr
COPY templates templates
COPY --from=assets /app/node_modules node_modules
# only the settings are read here; no service is asked
RUN python -m propman.common.catalogues compile \
 && DATABASE_URL=postgres://nobody@127.0.0.1/none DATABASE_OWNER_URL=postgres://nobody@127.0.0.1/none \
    REDIS_URL=redis://127.0.0.1/0 DJANGO_SETTINGS_MODULE=propman.settings.base SECRET_KEY=none \
    python manage.py collectstatic --noinput --verbosity 0 \
 && rm -rf node_modules

FROM python:3.13-slim
WORKDIR /app
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin portal
COPY --from=build /app /app
# uploads and beat's timetable: the only folders that are written
RUN mkdir -p var/files var/beat && chown portal var/files var/beat
ENV PATH=/app/.venv/bin:$PATH DJANGO_SETTINGS_MODULE=propman.settings.production PYTHONUNBUFFERED=1
USER portal
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-m", "propman.ops.probe"]
CMD ["gunicorn", "propman.wsgi", "--bind", "0.0.0.0:8000", "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--access-logfile", "-"]
