# `make run` and `make test` set up all they need by themselves.
.DEFAULT_GOAL := help
SHELL := /bin/sh
# The distribution's own Python, where it will do: it is compiled with profile-guided optimization, which a plain `pyenv install` is not.
PYTHON ?= $(shell for each in /usr/bin/python3 python3; do $$each -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && exit; done; echo python3)
VENV := .venv
BIN := $(VENV)/bin
CIVICBUS := $(BIN)/civicbus
# The logs that the tests run on: both, or `LOG=sqlite` for the smaller run without Java and Kafka.
LOG ?= sqlite,kafka
# Test files run side by side in so many processes, each with a broker of its own; they wait more than they compute.
JOBS ?= 4
# Where `make run` keeps its city, log and keys.
DEMO ?= data/demo
RESIDENTS ?= 5000

.PHONY: help run test lint format bench faults canaries kafka tools docs lock clean

help: ## what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

run: $(VENV)/run.done ## the main job on the embedded log: a fictional city, published, normalized, summed up
	$(CIVICBUS) demo --into $(DEMO) --residents $(RESIDENTS)

test: $(VENV)/dev.done tools ## the tests, on the embedded log and on a real Apache Kafka (LOG=sqlite: embedded only)
	LOG=$(LOG) $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(VENV)/dev.done ## formatting, lint, types, import directions
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/dev.done ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/dev.done tools ## the figures of bench/README.md, as ratios within one run
	LOG=$(LOG) $(BIN)/python -m bench $(ARGS)

faults: $(VENV)/dev.done tools ## every crash point 50 times, on both logs
	LOG=$(LOG) FAULT_ROUNDS=50 $(BIN)/python -m pytest tests/faults --timeout=7200 $(ARGS)

canaries: $(VENV)/dev.done ## twelve agreements over a city of 20 000 canaries (some minutes): what is not granted is found nowhere
	LOG=sqlite CANARY_RESIDENTS=20000 $(BIN)/python -m pytest tests/sharing/test_canaries.py --timeout=7200 $(ARGS)

kafka: tools $(VENV)/dev.done ## a real Apache Kafka on this machine to play with (SECURED=1: TLS, users, default deny; ctrl-C stops it)
	$(BIN)/python -m deploy.kafka.$(if $(SECURED),secured,dev)

tools: ## what the tests need beside Python: Java, Maven, the broker's jars, promtool, a browser
	@LOG=$(LOG) sh deploy/ensure-tools.sh

docs: $(VENV)/dev.done ## renew what is made from the code: REFERENCE.md, the file map of ARCHITECTURE.md
	$(BIN)/python -m tests.docs.generate

lock: $(VENV)/dev.done ## pin every package anew, with hashes
	echo 'setuptools>=77' > $(VENV)/build.in
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml $(VENV)/build.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" --upgrade -q -o deploy/requirements/run.txt
	$(BIN)/uv pip compile pyproject.toml $(VENV)/build.in --extra dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" --upgrade -q -o deploy/requirements/dev.txt

clean: ## remove what was made (the environment, the demo city; not data/ of your own)
	rm -rf $(VENV) .tools $(DEMO) build ./*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit("civicbus needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV) || { echo "The venv module is missing: apt-get install python3-venv"; exit 1; }

# Packages come with their hashes and from whatever index this machine is set up for.
$(VENV)/run.done: deploy/requirements/run.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements/run.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/dev.done: deploy/requirements/dev.txt pyproject.toml | $(VENV)/bin/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r deploy/requirements/dev.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@ $(VENV)/run.done
