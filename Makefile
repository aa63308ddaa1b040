# Sessional: serve · test · check · fmt · bench · web · lock  (each does its own set-up)
#
# Python packages come from hashed locks, JavaScript packages from package-lock.json files.
# Stamps in .venv say which lock is installed; nothing is installed outside .venv and node_modules,
# except that `make test` asks apt-get for Chromium where it may.

PYTHON ?= python3
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install --disable-pip-version-check --quiet
export PATH := $(CURDIR)/$(BIN):$(PATH)
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.PHONY: help setup serve test check fmt bench web lock clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(VENV)/dev.stamp web ## everything that serving, testing and checking need

serve: $(VENV)/serve.stamp web ## the API with demonstration data at http://127.0.0.1:8000 (PORT= changes the port)
	@exec $(BIN)/sessional serve --demo --port $(PORT)

test: setup $(VENV)/node-tests.stamp ## every test, with a real PostgreSQL and a real browser
	@$(BIN)/python tests/support/prepare.py
	@$(BIN)/pytest -n 2 --dist loadfile $(PYTEST)

check: $(VENV)/dev.stamp ## format, lint, types, who may import whom, the documents
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/pytest -q tests/docs

fmt: $(VENV)/dev.stamp ## put the code into its one form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/bench.stamp ## speed, beside other servers on this machine (takes a while)
	@$(BIN)/python -m bench $(BENCH)
	@$(BIN)/python -m bench.search $(filter --quick,$(BENCH))
	@$(BIN)/python -m bench.costs $(filter --quick,$(BENCH))

# ---- Python -------------------------------------------------------------------------------------

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Sessional needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) -V 2>&1). Try: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
	  { echo "Python's venv module is missing; on Debian and Ubuntu: apt-get install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/serve.stamp: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked Python packages …"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev.stamp: requirements-dev.lock $(VENV)/serve.stamp
	@echo "Installing what the tests need …"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

# ---- the browser's code ---------------------------------------------------------------------------

# Node.js from the machine where it is new enough, else from a wheel, into .venv.
$(VENV)/node.stamp: requirements-node.lock | $(VENV)/serve.stamp
	@if node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null && command -v npm >/dev/null; then :; else \
	  echo "Installing Node.js into $(VENV) …"; $(PIP) --require-hashes -r requirements-node.lock; fi
	@touch $@

WEB_SOURCES := web/package.json web/package-lock.json web/vite.config.ts web/tsconfig.json $(shell find web/src web/pages -type f 2>/dev/null)
BUNDLE := src/sessional/web/static/built.txt

web: $(BUNDLE) ## the browser's code, built into the package

$(BUNDLE): $(WEB_SOURCES) | $(VENV)/node.stamp
	@echo "Building the browser's code …"
	@cd web && npm ci --no-audit --no-fund --loglevel=error && npm run --silent build
	@date > $@

$(VENV)/node-tests.stamp: tests/javascript/package-lock.json | $(VENV)/node.stamp
	@echo "Installing the JavaScript clients that the tests use …"
	@cd tests/javascript && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(VENV)/bench.stamp: requirements-bench.lock bench/peers/mercurius/package-lock.json $(VENV)/dev.stamp | $(VENV)/node.stamp
	@echo "Installing the servers to compare with …"
	@$(PIP) --require-hashes -r requirements-bench.lock
	@cd bench/peers/mercurius && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

# ---- for those who change dependencies ------------------------------------------------------------

COMPILE := $(VENV)/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
	--generate-hashes --no-header --no-emit-index-url --no-annotate $(UPGRADE)

lock: $(VENV)/dev.stamp ## the lock files anew from pyproject.toml (UPGRADE=--upgrade takes newer versions)
	@$(PIP) uv
	@$(COMPILE) --group build -o requirements.lock
	@$(COMPILE) --group build --group dev -c requirements.lock -o requirements-dev.lock
	@$(COMPILE) --group build --group dev --group bench -c requirements-dev.lock -o requirements-bench.lock
	@$(COMPILE) --group postgres -c requirements-dev.lock -o requirements-postgres.lock
	@$(COMPILE) --group node -c requirements-dev.lock -o requirements-node.lock

clean: ## remove what was built; databases stay
	@rm -rf $(VENV) src/sessional/web/static src/*.egg-info
	@find . -name node_modules -type d -prune -exec rm -rf {} +
