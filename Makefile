# Wardlight's commands. All of them install what they need first and do nothing twice: a stamp file beside
# each result says what it was made from.

PYTHON ?= python3 python3.11 python3.12 python3.13 python3.14
HOST ?= 127.0.0.1
PORT ?= 8000
MINUTES ?= 20
# Three tests at a time on two cores: much of a run is waiting for processes to start, stop and be killed.
at_a_time := -n 3
PART ?=

export PATH := $(CURDIR)/.venv/bin:$(PATH)

installed_runtime := .venv/.installed-runtime
installed_tools := .venv/.installed-tools
installed_packages := vue_frontend/node_modules/.installed
webpack_stats := static/app/webpack-stats.json
collected_static := staticfiles/.collected

frontend_sources := $(shell find vue_frontend -name node_modules -prune -o -type f -print)
static_sources := $(shell find static -path static/app -prune -o -type f -print)

.PHONY: help install run test torture bench soak lint format tools programs \
	lock sbom licences audit lint-python lint-frontend test-frontend check-size check-migrations
.DELETE_ON_ERROR:
.NOTPARALLEL:

help:
	@echo "make run      install everything and serve a demo ward on http://$(HOST):$(PORT)"
	@echo "make test     everything that CI checks"
	@echo "make install  virtual environment, packages, the browser's side"
	@echo "make torture  the tests at their full counts; PART= for one room of them, such as realtime"
	@echo "make bench    how fast a saved change reaches every browser, against the limit"
	@echo "make soak     200 screens and 5 saves a second for 20 minutes on each stack; MINUTES= for more or less"
	@echo "make lint     ruff, mypy, eslint, prettier, vue-tsc"
	@echo "make lock     requirements*.txt, with hashes, from pyproject.toml"
	@echo "make sbom     bills of materials (CycloneDX) into sbom/"
	@echo "make licences docs/licences.md"
	@echo "make audit    known weaknesses of the packages, where the advisory services can be asked"
	@echo "make format   let ruff and prettier rewrite the sources"

# ---------------------------------------------------------------- install

# Nothing is installed that is not locked by its hash. Two packages come as source alone; what builds them is taken
# from the lock as well, before all others, and not from wherever an isolated build would fetch it.
pip_install := .venv/bin/python -m pip install --disable-pip-version-check --quiet \
	--require-hashes --no-build-isolation --use-pep517
install_builder = @sed -n '/^setuptools==/,/[^\]$$/p' requirements.txt > .venv/builder.txt; \
	$(pip_install) -r .venv/builder.txt

install: $(collected_static)

.venv/bin/python:
	@for candidate in $(PYTHON); do \
		if "$$candidate" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Creating .venv with $$candidate"; \
			exec "$$candidate" -m venv .venv; \
		fi; \
	done; \
	echo "Wardlight needs Python 3.11 or newer with its venv module (on Debian: apt-get install python3-venv)." >&2; \
	echo "None of these is one: $(PYTHON). Name yours: make PYTHON=/path/to/python3.11" >&2; \
	exit 1

$(installed_runtime): requirements.txt | .venv/bin/python
	$(install_builder)
	$(pip_install) -r requirements.txt
	@touch $@

$(installed_packages): vue_frontend/package.json vue_frontend/package-lock.json | $(installed_runtime)
	cd vue_frontend && npm ci --no-audit --no-fund
	@touch $@

$(webpack_stats): $(installed_packages) $(frontend_sources)
	cd vue_frontend && npm run build
	@touch $@

# Pages that are open since before an update ask for the files of their own release: what was served until now goes on
# being served for a day. `before` may also be put there by hand (docs/operations.md 7).
$(collected_static): $(installed_runtime) $(webpack_stats) $(static_sources)
	@if [ -d staticfiles/app ] && [ ! -e before ]; then mv staticfiles before; fi
	.venv/bin/python manage.py collectstatic --noinput --clear --verbosity 0
	@if [ -e before ]; then deploy/keep-files before staticfiles && rm -rf before; fi
	@touch $@

# ---------------------------------------------------------------- run

.env: | $(installed_runtime)
	@umask 077; .venv/bin/python -c 'import secrets; print("SECRET_KEY=" + secrets.token_urlsafe(50))' > $@

run: install .env
	.venv/bin/python manage.py migrate --verbosity 0
	.venv/bin/python manage.py demo --if-empty
	@exec .venv/bin/python manage.py serve --host $(HOST) --port $(PORT)

# ---------------------------------------------------------------- test

# Tests and linters never read the .env of an installation that lies in the same folder.
lint lint-python test torture bench soak check-migrations: export SECRET_KEY := only-for-tests-and-linters
lint lint-python test torture bench soak check-migrations: export DEBUG := 0
test: export TORTURE := 0
torture: export TORTURE := 1

tools: $(installed_tools)

$(installed_tools): requirements-dev.txt $(installed_runtime)
	$(pip_install) -r requirements-dev.txt
	@touch $@

programs: $(installed_tools)
	@.venv/bin/python -m tests.support.programs

check-migrations: $(installed_runtime)
	.venv/bin/python manage.py makemigrations --check --dry-run patients

test-frontend: $(installed_packages)
	cd vue_frontend && npm run test

check-size: $(webpack_stats)
	cd vue_frontend && npm run size

# The browser's side is built while the tools are installed. What is not the tests of the SQLite run goes on beside
# them, one after the other; pytest's closing line is the last of the output. On PostgreSQL it repeats the tests that use
# the database; the rest runs once.
test: $(installed_runtime)
	@$(MAKE) --no-print-directory tools programs & beside=$$!; \
		$(MAKE) --no-print-directory install && wait $$beside
	.venv/bin/python -m tests.support.side_by_side \
		"$(MAKE) --no-print-directory lint check-migrations" \
		"$(MAKE) --no-print-directory test-frontend check-size" \
		"pytest --database=postgres" \
		-- pytest $(at_a_time) --database=sqlite

# For hours; one part alone: make torture PART=realtime.
torture: install tools programs
	.venv/bin/python -m tests.support.torture $(PART)

bench: install tools
	.venv/bin/python -m tests.benchmarks.fanout
	.venv/bin/python -m tests.benchmarks.reminders
	.venv/bin/python -m tests.benchmarks.reading

soak: install tools
	.venv/bin/python -m tests.benchmarks.soak --minutes $(MINUTES)

# ---------------------------------------------------------------- lint and format

lint: tools $(installed_packages)
	pre-commit run --all-files

lint-python: tools
	ruff check
	ruff format --check
	mypy

lint-frontend: $(installed_packages)
	cd vue_frontend && npm run lint && npm run typecheck

format: tools $(installed_packages)
	ruff check --fix
	ruff format
	cd vue_frontend && npm run format

# ---------------------------------------------------------------- supply chain

compile := .venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --custom-compile-command "make lock"

# Keeps what is locked as far as pyproject.toml allows; to raise what others bring along, take its line out first.
lock: tools
	$(compile) --output-file requirements.txt
	$(compile) --extra dev --constraint requirements.txt --output-file requirements-dev.txt

sbom licences audit: tools $(installed_packages)
	.venv/bin/python deploy/supply_chain.py $@
