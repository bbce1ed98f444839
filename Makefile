# Seven words; a plain `make` prints them. Everything needs only Python 3.11 or newer and make.

VENV ?= .venv
PY = $(VENV)/bin/python
INSTALL = $(PYTHON) kosops/local/install.py

# The first Python that is new enough; say PYTHON=/path/to/python to choose another.
ifndef PYTHON
PYTHON := $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$name; break; fi; done)
endif

export VENV CONFIRM
# Where this is set, each of a run's processes would compile Django anew: seconds instead of one.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run test check fix bench demo-real clean python

help:
	@echo 'make run        start kosops here; Ctrl-C stops it (PORT=9000 for another port)'
	@echo 'make test       run the tests (ARGS="tests/local -n0" for some of them)'
	@echo 'make check      formatting, lint, types, import order, templates, settings, migrations'
	@echo 'make fix        put right what can be put right without thought'
	@echo 'make bench      measure, and write bench/results.json'
	@echo 'make demo-real  load real store baskets beside the demo brand'
	@echo 'make clean      remove what was built and fetched (CONFIRM=yes: the data as well)'

run: python
	@$(INSTALL) base local
	@$(PY) -m kosops.local.run

test: python
	@$(INSTALL) base local dev
	@$(PY) -m kosops.local.build catalogues assets
	$(PY) -m pytest $(if $(ARGS),$(ARGS),-n 2)

check: python
	@$(INSTALL) base local dev
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy .
	$(PY) $(VENV)/bin/lint-imports
	$(PY) -m djlint templates --lint
	$(PY) -m kosops.local.checks

fix: python
	@$(INSTALL) base local dev
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: python
	@$(INSTALL) base local dev
	$(PY) -m kosops.local.borrow $(PY) -m bench $(ARGS)

demo-real: python
	@$(INSTALL) base local real
	@$(PY) -m kosops.local.borrow --migrate $(PY) manage.py demo_real $(ARGS)

clean: python
	@if [ "$(CONFIRM)" = yes ] && [ -d "$${KOSOPS_STATE:-.kosops}" ] && [ ! -x $(PY) ]; then \
		$(INSTALL) base local; fi
	@if [ -x $(PY) ]; then $(PY) -m kosops.local.clean; fi
	@rm -rf $(VENV) assets/node_modules static/build staticfiles
	@rm -rf mutants .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name '*.mo' -delete; find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "kosops: Python 3.11 or newer is needed, and none was found ($$(python3 --version 2>&1 | head -1))." >&2; \
		echo "kosops: install one, or say where it is: make run PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "kosops: $(PYTHON) is $$($(PYTHON) --version 2>&1); Python 3.11 or newer is needed." >&2; exit 1; }
