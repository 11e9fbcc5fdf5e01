# Chorus. `make` alone lists what can be made.
#
# Nothing here is installed outside this folder, except Debian's Chromium for `make browser`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_QUIET := -qq --disable-pip-version-check --no-input

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'

# ---- what everything needs -------------------------------------------------------------------------

.PHONY: setup
setup: $(VENV)/.installed ## virtual environment with the locked dependencies and Chorus itself

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Chorus needs Python 3.11 or newer; say which one: make setup PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.locked: requirements-dev.lock | $(VENV)/bin/python
	@echo "Installing the locked dependencies into $(VENV) (a minute or two, once)"
	@$(BIN)/pip install $(PIP_QUIET) --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@$(BIN)/pip install $(PIP_QUIET) --no-deps --no-build-isolation --editable .
	@touch $@
