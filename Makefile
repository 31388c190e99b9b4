# Everything a person types. `make help` lists it. Nothing needs to be installed by hand before:
# a fresh Debian 12 with git, make and python3 is enough, as an ordinary user.

.DEFAULT_GOAL := help
SHELL := /bin/bash

# The first Python 3.11 or later; the system's own before others, so that the services' user,
# who may not enter somebody's home, can use it too. `make PYTHON=/path/to/python3 run` overrides.
PYTHON ?= $(shell for p in /usr/bin/python3 /usr/local/bin/python3 python3 python3.13 python3.12 \
	python3.11; do command -v $$p >/dev/null 2>&1 \
	&& $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' && { command -v $$p; break; }; done)
SETUP = $(PYTHON) -m rexian.app.bootstrap
INSIDE = $(MAKE) --no-print-directory
ROOMS = rexian agi agents ivr outbound exchange hotspot cases knowledge approvals contacts calls \
	directory sms
DEMO ?= 1

.PHONY: help run test check soak bench audit docs shell lock screenshots clean down status python \
	in-check in-test in-soak in-bench in-audit in-docs

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 18

run: python ## install what is missing, start everything, robots place a call (DEMO=0|1|once)
	@$(SETUP) run -- rexian up --demo $(DEMO)

status: ## what runs, since when, how well
	@$(call installed,status)

down: ## stop everything cleanly
	@$(call installed,down)

check: python ## format, lint, types, layers, unit tests, docs (90 s)
	@$(SETUP) check -- $(INSIDE) in-check

test: python ## every behaviour once on real parts (20 minutes)
	@$(SETUP) test -- $(INSIDE) in-test

soak: python ## kills in a loop while calls come in (MINUTES=30)
	@$(SETUP) test -- $(INSIDE) in-soak

bench: python ## figures for docs/
	@$(SETUP) test -- $(INSIDE) in-bench

audit: python ## known faults in the dependencies
	@$(SETUP) check -- $(INSIDE) in-audit

shell: python ## a shell in which `rexian`, `pytest` and the other tools are found
	@$(SETUP) check -- bash

docs: python ## write the pages that are generated from code
	@$(SETUP) check -- $(INSIDE) in-docs

screenshots: python ## pictures of every page of the running system (first: make run)
	@$(SETUP) test -- python -m tests.support.pictures $(ONLY)

lock: python ## resolve requirements/*.in anew into *.lock, with hashes
	@$(SETUP) check -- bash requirements/lock

clean: ## remove everything installed and all data (asks first)
	@if [ -x .venv/bin/rexian ]; then .venv/bin/rexian down; fi
	@read -r -p "Remove .venv and var with all its data? Type yes: " answer && [ "$$answer" = yes ]
	rm -rf .venv var rexian.egg-info build

# -- the lanes themselves, run inside .venv by the set-up -----------------------------------------

in-check:
	@echo "== format"; ruff format --check --quiet .
	@echo "== lint"; ruff check --quiet .
	@echo "== types"; mypy $(ROOMS) tests
	@echo "== layers"; lint-imports --no-cache
	@echo "== unit tests"; pytest -q -n 2 tests/unit
	@echo "== docs"; python -m rexian.app.commands.docs check
	@echo "check: all well"

in-test:
	@echo "== unit tests"; pytest -q -n 2 tests/unit
	@echo "== tests on real parts"; pytest -q $(wildcard tests/integration tests/system)
	@echo "test: all well"

in-soak:
	@pytest -q -s -m soak tests/soak

in-bench:
	@python -m bench

in-audit:
	@python -m rexian.app.commands.dependencies

in-docs:
	@python -m rexian.app.commands.docs write

python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "Python 3.11 or later is not there. Helps, as root: apt-get install python3 (Debian 12)"; \
		echo "缺少 Python 3.11 或更高版本，请安装 python3。"; exit 1; fi

define installed
if [ -x .venv/bin/rexian ]; then .venv/bin/rexian $(1); \
else echo "Nothing is installed here yet, so nothing runs. Start: make run"; fi
endef
