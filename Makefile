# Chorus. `make` alone lists what can be made.
#
# Nothing here is installed outside this folder, except Debian's Chromium for `make browser`.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
# Where Python is told to keep nothing compiled, each of a test run's hundreds of processes would compile Chorus anew.
export PYTHONDONTWRITEBYTECODE :=

# The system's own Python where it is new enough and whole: distributions build it with what makes it a tenth faster.
PYTHON ?= $(shell for one in /usr/bin/python3 python3; do \
  $$one -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && break; done; echo $$one)
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
# pip keeps one core busy: two of them share the list, which names all that each package needs.
	@mkdir -p .make; awk '/^[^ #]/ { half = !half } { print >".make/half-" half }' requirements-dev.lock; \
	install() { $(BIN)/pip install $(PIP_QUIET) --no-deps --require-hashes -r .make/half-$$1; }; \
	install 0 & install 1 && wait $$!
	@touch $@

$(VENV)/.installed: $(VENV)/.locked pyproject.toml
	@$(BIN)/pip install $(PIP_QUIET) --no-deps --no-build-isolation --editable .
	@touch $@

# ---- things from npm: fonts for the pages, axe for the tests ----------------------------------------

FONTS := survey/static/fonts
NPM_FILES := .make/npm

.PHONY: fonts
fonts: $(NPM_FILES) ## the pages' fonts (and axe for the tests); pages fall back to system fonts without

# No stamp when npm is missing or fails: the next `make` tries again, and nothing else waits for it.
$(NPM_FILES): package.json package-lock.json Makefile
	@mkdir -p .make $(FONTS)
	@if ! command -v npm >/dev/null; then \
	  echo "npm is not here, so the fonts were not fetched; pages will use the system's fonts."; \
	elif ! npm ci --silent >.make/npm.log 2>&1; then \
	  echo "npm could not fetch the fonts (it said why in .make/npm.log); pages will use the system's fonts."; \
	else \
	  for weight in 400 700; do for set in latin latin-ext; do \
	    cp node_modules/@fontsource/andika/files/andika-$$set-$$weight-normal.woff2 \
	       node_modules/@fontsource/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-$$set-$$weight-normal.woff2 \
	       node_modules/@fontsource/atkinson-hyperlegible-next/files/atkinson-hyperlegible-next-$$set-$$weight-normal.woff \
	       $(FONTS)/; \
	  done; done; \
	  cp node_modules/@fontsource/andika/LICENSE $(FONTS)/andika-LICENSE; \
	  cp node_modules/@fontsource/atkinson-hyperlegible-next/LICENSE $(FONTS)/atkinson-hyperlegible-next-LICENSE; \
	  touch $@; \
	fi

# ---- the browser the tests drive --------------------------------------------------------------------

# Chromium without a window around the page: the same engine for half of the work. A machine whose user may not install
# it, and that has the whole Chromium, uses that one (tests/conftest.py looks for both).
HEADLESS := chromium-headless-shell

.PHONY: browser
browser: ## Debian's Chromium for the tests (or say where yours is: CHROMIUM=/path/to/chromium)
	@if [ -x "$(CHROMIUM)" ] || command -v $(HEADLESS) >/dev/null; then exit 0; fi; \
	as_root=""; [ "$$(id -u)" = 0 ] || as_root=sudo; \
	if [ -x /usr/bin/chromium ] && { [ -n "$$as_root" ] || ! command -v apt-get >/dev/null; }; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
	  echo "The tests need Chromium. Install it, then say where it is: make test CHROMIUM=/path/to/chromium"; exit 1; \
	fi; \
	[ -z "$$as_root" ] || command -v sudo >/dev/null \
	  || { echo "The tests need Chromium. Ask the person who looks after this machine to run: apt-get install $(HEADLESS) fonts-noto-core"; exit 1; }; \
	echo "Installing Debian's Chromium for the tests"; mkdir -p .make; \
	export DEBIAN_FRONTEND=noninteractive; \
	install() { $$as_root apt-get install -y -qq --no-install-recommends "$$@" fonts-noto-core; }; \
	{ install $(HEADLESS) || { $$as_root apt-get update -qq && install $(HEADLESS); } \
	  || [ -x /usr/bin/chromium ] || install chromium; } >.make/browser.log 2>&1 \
	  || { echo "Chromium could not be installed; apt-get said why in .make/browser.log"; exit 1; }

# Both ask apt, which serves one at a time.
ifneq (,$(filter browser,$(MAKECMDGOALS)))
proxy: | browser
endif

# ---- the web server in front of ours, for the test of its documented configuration --------------------

# Unpacked here, not installed: it would begin to serve. A machine that has nginx uses that one.
export NGINX ?= $(shell command -v nginx || ls /usr/sbin/nginx 2>/dev/null || echo $(CURDIR)/.make/nginx/usr/sbin/nginx)

.PHONY: proxy
proxy: ## Debian's nginx for the tests (or say where yours is: NGINX=/path/to/nginx)
	@if [ -x "$(NGINX)" ]; then exit 0; fi; \
	if ! command -v apt-get >/dev/null; then \
	  echo "The tests need nginx. Install it, then say where it is: make test NGINX=/path/to/nginx"; exit 1; \
	fi; \
	echo "Fetching Debian's nginx for the tests"; mkdir -p .make/nginx; cd .make/nginx; \
	{ apt-get download -qq nginx || { apt-get update -qq && apt-get download -qq nginx; }; } >../nginx.log 2>&1 \
	  && dpkg -x nginx_*.deb . >>../nginx.log 2>&1 \
	  || { echo "nginx could not be fetched; apt-get said why in .make/nginx.log"; exit 1; }

# ---- using it ---------------------------------------------------------------------------------------

.PHONY: demo
demo: setup fonts ## a study full of pretended answers: prints links to click, stops with Ctrl-C
	@$(BIN)/survey demo

.PHONY: pages
pages: setup fonts ## every state of every page of the shipped questionnaires under every check, ten minutes and more
	@$(BIN)/python -m tests.browser.sweep $(ONLY)

.PHONY: bench
bench: setup ## speed and memory on this machine, beside the same work done bare
	@$(BIN)/python -m bench

# ---- what R says, which the tests only read -----------------------------------------------------------

GOLDEN := tests/scales/golden tests/analysis/golden
R_PACKAGES := r-base-core r-cran-psych r-cran-gparotation r-cran-lme4 r-cran-lmertest r-cran-nlme r-cran-clubsandwich \
  r-cran-effectsize

.PHONY: golden
golden: ## make the tests' golden files again with R, which is installed from Debian when it is not here
	@if ! command -v Rscript >/dev/null || ! Rscript -e 'for (p in c("psych", "GPArotation", "lmerTest", "clubSandwich", "effectsize", "nlme")) library(p, character.only = TRUE)' >/dev/null 2>&1; then \
	  command -v apt-get >/dev/null || { echo "The golden files need R. Install it with the packages $(R_PACKAGES)"; exit 1; }; \
	  as_root=""; \
	  if [ "$$(id -u)" != 0 ]; then \
	    command -v sudo >/dev/null || { echo "Ask the person who looks after this machine to run: apt-get install $(R_PACKAGES)"; exit 1; }; \
	    as_root=sudo; \
	  fi; \
	  echo "Installing R from Debian"; mkdir -p .make; export DEBIAN_FRONTEND=noninteractive; \
	  { $$as_root apt-get update -qq && $$as_root apt-get install -y -qq --no-install-recommends $(R_PACKAGES); } >.make/golden.log 2>&1 \
	    || { echo "R could not be installed; apt-get said why in .make/golden.log"; exit 1; }; \
	fi
	@for folder in $(GOLDEN); do echo "$$folder"; (cd $$folder && Rscript make.R) || exit 1; done

# ---- keeping it right -------------------------------------------------------------------------------

# What does not wait for each other is done at the same time: npm and apt while pip installs, the fences while mypy reads.
TOGETHER := $(MAKE) --jobs 4

.PHONY: lint style types fences
lint: setup ## style, types and fences only
	@$(TOGETHER) types fences style

style: setup
	@$(BIN)/ruff check --quiet
	@$(BIN)/ruff format --check --quiet || { echo "To lay the files out: .venv/bin/ruff format"; exit 1; }

types: setup
	@$(BIN)/mypy --no-error-summary

fences: setup
	@$(BIN)/lint-imports --no-logo

# Each worker gets its share of the folders, so that what a module makes is made once; the first to end takes over from another.
# Three at a time on two cores: a test of a browser or a server waits a third of its time. Four are no quicker.
PYTEST := $(BIN)/pytest -n 3 --dist worksteal

# In a fresh clone each worker would compile all the tests, all of them at the same time.
compiled: setup
	@[ -d tests/__pycache__ ] || $(BIN)/pytest --collect-only -qq -p no:xdist >.make/compiled.log 2>&1 || true

.PHONY: check
check: ## the quick one: style, types, fences, and the quick tests, on SQLite alone
	@$(TOGETHER) types fences style
	@$(PYTEST) -q -m "not browser and not postgres and not slow"

.PHONY: test
test: ## everything, browser and PostgreSQL included
	@mkdir -p .make; $(TOGETHER) fences style compiled fonts browser proxy
# mypy keeps one core busy for half a minute. It takes what the tests leave of both; what it says comes after them.
	@nice $(BIN)/mypy --no-error-summary >.make/types.log 2>&1 & types=$$!; failed=0; \
	$(PYTEST) || failed=1; \
	wait $$types || { cat .make/types.log; failed=1; }; \
	exit $$failed

# ---- how much the tests notice ------------------------------------------------------------------------

# In an environment of its own: nobody who works on Chorus or runs it needs what plants the bugs.
.PHONY: mutants
mutants: .mutants-venv/.locked ## plant small bugs and count how many the tests notice (docs/mutants.md); OF=journey: one part
	@.mutants-venv/bin/python -m tests.mutants $(OF) $(if $(SAMPLE),--sample $(SAMPLE)) $(if $(SEED),--seed $(SEED)) $(if $(CONTROL),--control)

.mutants-venv/.locked: requirements-mutants.lock
	@$(PYTHON) -m venv .mutants-venv
	@echo "Installing the locked dependencies into .mutants-venv (a minute or two, once)"
	@.mutants-venv/bin/pip install $(PIP_QUIET) --require-hashes -r requirements-mutants.lock
	@.mutants-venv/bin/pip install $(PIP_QUIET) --no-deps --no-build-isolation --editable .
	@touch $@

# ---- dependencies -----------------------------------------------------------------------------------

# The locks hold names, versions and the hashes of every file of a release, and no address: what is
# installed is the same wherever it is fetched from. LOCK=--upgrade takes the newest releases.
LOCK ?=
COMPILE = .lock-venv/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 \
  --generate-hashes --no-emit-index-url --no-emit-find-links --no-header $(LOCK)

.PHONY: lock
lock: ## make the locks again after a change in pyproject.toml or package.json (LOCK=--upgrade: newest)
	@[ -x .lock-venv/bin/uv ] || { $(PYTHON) -m venv .lock-venv && .lock-venv/bin/pip install $(PIP_QUIET) uv; }
	@$(COMPILE) --output-file requirements.lock
	@$(COMPILE) --group dev --constraint requirements.lock --output-file requirements-dev.lock
	@$(COMPILE) --group dev --group mutants --constraint requirements-dev.lock --output-file requirements-mutants.lock
	@if command -v npm >/dev/null; then npm install --package-lock-only --silent; fi

.PHONY: clean
clean: ## remove what was made here (not your databases in instance/)
	@rm -rf $(VENV) .lock-venv .mutants-venv .make node_modules $(FONTS) build dist
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
