# Everything a person does here starts with `make`. `make help` lists it.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
PY := .venv/bin/python
export PYTHONUNBUFFERED := 1
export CENTRAL_PORT ?= 8400
export TILL1_PORT ?= 8401
export TILL2_PORT ?= 8402

.PHONY: help env assets texts system-packages demo test check guide bench soak wheel lock clean

help: ## List what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

env: ## Prepare .venv from the lock (every other command does it by itself)
	@if [ -z "$(PYTHON)" ]; then \
		echo "Cannot go on: Python 3.11 or newer is needed and none was found; set PYTHON=/path/to/python3." >&2; exit 1; fi
	@$(PYTHON) tools/env.py

assets: env ## Fetch the page files that head office uses (npm, by lock file)
	@$(PY) -m tools.assets

texts: env ## Check and compile the translations
	@$(PY) -m tools.texts

system-packages:
	@tools/system_packages.sh

demo: env assets ## Start central and two tills with an invented catalogue; Ctrl-C stops all
	@$(PY) -m tools.texts --compile-only
	@$(PY) -m tools.demo

test: system-packages env ## Run all tests; TESTS=... runs some
	@$(PY) -m tools.assets --dev
	@$(PY) -m tools.texts --compile-only
	@$(PY) -m tools.run_tests $(TESTS)

check: env ## Run ruff, mypy --strict, import-linter and the project's own rules
	@$(PY) -m tools.check

guide: env ## Take the pictures of the guide to head office anew (docs/images)
	@$(PY) -m tools.assets --dev
	@$(PY) -m tools.texts --compile-only
	@mkdir -p docs/images
	@CASSAFORTE_PICTURES=docs/images $(PY) -m pytest -q tests/e2e/test_guide.py

bench: env ## Measure against the raw engines; writes build/bench.json
	@$(PY) -m tools.texts --compile-only
	@echo "Benchmarks: ours against the raw engine on this machine; takes several minutes."
	@$(PY) -m bench

soak: system-packages env ## Run the long suites (hours)
	@$(PY) -m tools.assets --dev
	@$(PY) -m tools.texts --compile-only
	@$(PY) -m tools.run_tests --soak $(TESTS)

wheel: env assets ## Build a wheel that carries the pages and needs no Node
	@$(PY) -m tools.texts --compile-only
	@echo "Wheel: building into dist/."
	@$(PY) -m build --wheel --no-isolation --outdir dist . >/dev/null
	@ls dist/*.whl

lock: env ## Renew the locks: requirements*.txt and package-lock.json
	@$(PY) -m tools.lock

clean: ## Remove what was built (.venv and data stay)
	@rm -rf build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
