PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test clean

# from bundled data to a score over HTTP; DEMO_FLAGS=--exit stops there
demo: .venv/installed
	$(BIN)/walletrisk demo $(DEMO_FLAGS)

test: .venv/installed-dev
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/walletrisk warmup
	$(BIN)/python -m pytest -q --numprocesses=auto --dist=loadfile

clean:
	rm -rf .venv demo-run build *.egg-info

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .
	touch $@

.venv/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[dev,gnn,bench]'
	touch $@ .venv/installed
