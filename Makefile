PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: demo test nodes clients clean

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

# real nodes that the tests of chains start; without them those tests are skipped
nodes: tests/nodes/node_modules/.installed

tests/nodes/node_modules/.installed: tests/nodes/package.json
	cd tests/nodes && npm install --ignore-scripts --no-package-lock --no-audit --no-fund --loglevel=error
	touch $@

# clients of other makers that the tests of the endpoint run, apart: their pins do not fit ours
clients: .venv-clients/installed

.venv-clients/installed: tests/clients/requirements.txt | $(BIN)/python
	$(BIN)/python -m venv .venv-clients
	.venv-clients/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	touch $@

clean:
	rm -rf .venv demo-run build *.egg-info tests/nodes/node_modules .venv-clients

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv

.venv/installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .
	touch $@

.venv/installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[dev,gnn,bench,postgres]'
	touch $@ .venv/installed
