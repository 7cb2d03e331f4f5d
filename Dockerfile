# The image of Wardlight's web processes and workers: `docker compose up` builds it.

FROM python:3.11-slim AS build
RUN apt-get update && apt-get install --yes --no-install-recommends make && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/wardlight
COPY . .
RUN make install && rm -rf vue_frontend/node_modules

FROM python:3.11-slim
RUN useradd --system --home-dir /srv/wardlight wardlight
WORKDIR /srv/wardlight
COPY --from=build /srv/wardlight .
ENV PATH=/srv/wardlight/.venv/bin:$PATH PYTHONUNBUFFERED=1
USER wardlight
EXPOSE 8000
CMD ["python", "manage.py", "serve", "--host", "0.0.0.0", "--port", "8000", "--no-worker"]
