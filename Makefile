# vfm-workflow: `make help` lists what there is.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
PORT ?= 8000
UPGRADE ?=
PYTEST_ARGS ?=
SEED ?=
FAULTS_ARGS ?=

SUDO = $$([ "$$(id -u)" = 0 ] || echo sudo -n)
MAY_INSTALL = command -v apt-get >/dev/null && { [ "$$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
APT_INSTALL = $(SUDO) apt-get update -q && \
	$(SUDO) env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends

.PHONY: help
help: ## List the targets
	@awk 'BEGIN { FS = ":.*## " } /^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: install
install: $(STAMP) libraries ## Make .venv with everything pinned, and vfm in it

# PDF files are drawn with these. Without them everything else works, and a PDF says what is missing.
LIBRARIES = libpango-1.0.so.0 libpangoft2-1.0.so.0 libharfbuzz-subset.so.0 libcairo.so.2
LIBRARY_PACKAGES = libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 libcairo2 fonts-liberation
.PHONY: libraries
libraries: ## See that the libraries are there that draw a PDF
	@known="$$(PATH="$$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null || true)"; missing=""; \
	for library in $(LIBRARIES); do [[ "$$known" == *"$$library"* ]] || missing=1; done; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if $(MAY_INSTALL) && $(APT_INSTALL) $(LIBRARY_PACKAGES); then exit 0; fi; \
	echo "PDF reports need Pango. As root: apt-get install $(LIBRARY_PACKAGES)" >&2

$(STAMP): requirements/dev.txt pyproject.toml
	@python=""; \
	for candidate in python3.11 python3.12 python3.13 python3; do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then python="$$candidate"; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
		echo "make install: no Python 3.11 or newer on PATH. On Debian: apt-get install python3 python3-venv" >&2; \
		exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		if $(MAY_INSTALL); then $(APT_INSTALL) python3-venv; fi; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
		echo "make install: $$python has no venv module. As root: apt-get install python3-venv" >&2; \
		exit 1; \
	fi; \
	[ -x $(BIN)/python ] && $(BIN)/python -m pip --version >/dev/null 2>&1 || "$$python" -m venv --clear $(VENV)
	@echo "Installing into $(VENV): about a minute, once"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: demo
demo: install ## Start a demo council with a mailbox and a clock: make demo PORT=8000
	$(BIN)/vfm demo --port $(PORT)

.PHONY: test
test: install system lint ## Run every check and every test
	$(BIN)/python -m pytest -n auto --dist loadgroup -rs $(PYTEST_ARGS)

.PHONY: lint
lint: install ## Run ruff, mypy, import-linter and deptry
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .

.PHONY: format
format: install ## Let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: bench
bench: install ## Measure against the peers
	$(BIN)/python -m bench

.PHONY: faults
faults: install postfix ## Kill workers by the dozen, break servers and disks, and count: make faults SEED=7
	$(BIN)/python -m tests.faults $(if $(SEED),--seed $(SEED)) $(FAULTS_ARGS)

# Made-up councils, each of its own seed, lived through for years: a failing one says how it is seen again.
YEARS_SEEDS ?= 12
.PHONY: years
faults: years
years: install ## Live through the years of a dozen made-up councils: make years SEED=100
	$(BIN)/vfm simulate --years 2 --faults --seed $(or $(SEED),1) --seeds $(YEARS_SEEDS)

.PHONY: system
system: postfix ## See that Chromium and Postfix are there for the tests
	@if command -v chromium-headless-shell >/dev/null; then exit 0; fi; \
	if $(MAY_INSTALL) && $(APT_INSTALL) chromium-headless-shell fonts-liberation; then exit 0; fi; \
	if command -v chromium >/dev/null; then exit 0; fi; \
	if $(MAY_INSTALL); then $(APT_INSTALL) chromium fonts-liberation; exit 0; fi; \
	echo "The browser tests need Chromium. As root: apt-get install chromium-headless-shell fonts-liberation" >&2; exit 1

# Without a configuration of its own it does not start by itself, nor listen on port 25; and no other mail server is
# removed for it. The rig of tests/faults starts it with a configuration, queue, log and port of the rig's own.
.PHONY: postfix
postfix: ## See that Postfix is there for the fault rig
	@if [ -x /usr/sbin/postfix ]; then exit 0; fi; \
	if [ "$$(id -u)" != 0 ]; then \
		echo "Postfix starts as root alone: without, what the fault rig does with it is skipped." >&2; exit 0; \
	fi; \
	if $(MAY_INSTALL); then \
		echo "postfix postfix/main_mailer_type select No configuration" | debconf-set-selections; \
		$(APT_INSTALL) --no-remove postfix; exit 0; \
	fi; \
	echo "The fault rig needs Postfix, in /usr/sbin." >&2; exit 1

.PHONY: assets
assets: ## Compile the style sheet and copy the scripts (needs Node; at release only)
	npm ci --prefix assets --no-fund --no-audit
	npm run build --prefix assets

PIP_COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --generate-hashes --allow-unsafe \
	--strip-extras --no-emit-index-url --no-emit-find-links --no-emit-trusted-host --no-emit-options

.PHONY: lock
lock: install ## Pin the dependencies again, with hashes: make lock UPGRADE=1 takes newer ones
	$(PIP_COMPILE) $(if $(UPGRADE),--upgrade) --extra dev --output-file requirements/dev.txt pyproject.toml
	cp requirements/dev.txt requirements/runtime.txt
	$(PIP_COMPILE) --output-file requirements/runtime.txt pyproject.toml

.PHONY: clean
clean: ## Remove what can be made again
	rm -rf $(VENV) build dist assets/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
