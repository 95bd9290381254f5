# The README's commands. They need Python 3.11 to 3.13 and make; everything else comes into .venv.
PYTHON ?= python3
VENV := .venv
UV := $(VENV)/bin/uv
RUN := $(UV) run --frozen --no-sync
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test debian check bench soak clean

help: ## what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

$(UV):
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14) and "Python 3.11, 3.12 or 3.13 is needed; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check uv

# A network with certificates of its own (a company's proxy) needs the machine's; a bare container may have none.
$(READY): $(UV) pyproject.toml uv.lock
	$(UV) sync --frozen --quiet 2>/dev/null || UV_SYSTEM_CERTS=1 $(UV) sync --frozen --quiet
	@touch $@

demo: $(READY) ## a synthetic shop, a year backfilled, the dashboard and Dagster
	$(RUN) unit-economics demo

test: $(READY) debian ## the whole test suite, on a real embedded PostgreSQL; what the pages look like stays in .artifacts
	UNIT_ECONOMICS_SCREENSHOTS=$(CURDIR)/.artifacts/screenshots $(RUN) pytest -n auto

debian:
	@scripts/debian.sh

check: $(READY) ## lint, types, layers, lock
	$(UV) lock --check --quiet 2>/dev/null || UV_SYSTEM_CERTS=1 $(UV) lock --check
	$(RUN) ruff check
	$(RUN) ruff format --check
	$(RUN) basedpyright
	$(RUN) lint-imports

bench: $(READY) ## ratios, in one run
	$(RUN) python -m unit_economics_tests.benchmarks

soak: $(READY) ## the long fault runs
	$(RUN) pytest -n 0 -m soak unit_economics_tests

clean: ## remove what make made
	rm -rf $(VENV) .unit_economics .artifacts
