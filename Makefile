# Everything here works in an empty clone: what a target needs is set up first, from the package registries alone.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.ONESHELL:
.DEFAULT_GOAL := help
.PHONY: help setup demo run test check lint fix test-fast fuzz licences audit golden docs release-schemas lock eval train bench-reading bench-rules bench-replay bench-sse bench-notifier bench-latency chaos console-shots clean

VENV := .venv
PY := $(VENV)/bin/python
# Images set this to stay small; here each command would compile everything it imports once more.
unexport PYTHONDONTWRITEBYTECODE

PIP_QUIET := $(if $(CI),-q,)
DEV_TOOLS := schemas streams tests benchmarks training docs/examples/python

help: ## show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 23

# --- set-up ---------------------------------------------------------------------------------------------------------

# A folder that a killed run left half-made does not start, and is made anew.
$(VENV)/.base: requirements/build.txt
	@if ! $(PY) -m pip --version >/dev/null 2>&1; then
	  found=
	  for candidate in $${PYTHON:-} python3 python3.13 python3.12 python3.11; do
	    if "$$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' >/dev/null 2>&1; then found="$$candidate"; break; fi
	  done
	  if [ -z "$$found" ]; then echo "No Python 3.11, 3.12 or 3.13 was found: install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; fi
	  rm -rf $(VENV)
	  echo "Python environment: $$("$$found" --version) in $(VENV)"
	  "$$found" -m venv $(VENV) || { rm -rf $(VENV); echo "$$found cannot make a virtual environment: on Debian and Ubuntu, apt-get install python3-venv" >&2; exit 1; }
	fi
	$(PY) -m pip install -q --disable-pip-version-check --require-hashes --only-binary :all: -r requirements/build.txt
	touch $@

$(VENV)/.run: $(VENV)/.base requirements/run.txt pyproject.toml
	@echo "Installing what Dragoman needs"
	$(VENV)/bin/uv pip install $(PIP_QUIET) --python $(PY) --require-hashes --only-binary :all: -r requirements/run.txt
	$(VENV)/bin/uv pip install -q --python $(PY) --no-deps --no-build-isolation --offline -e .
	touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	@echo "Installing what its tests need"
	$(VENV)/bin/uv pip install $(PIP_QUIET) --python $(PY) --require-hashes --only-binary :all: -r requirements/dev.txt
	touch $@

$(VENV)/.bench: $(VENV)/.dev requirements/bench.txt
	@echo "Installing the peers that benchmarks measure against"
	$(VENV)/bin/uv pip install $(PIP_QUIET) --python $(PY) --require-hashes --only-binary :all: -r requirements/bench.txt
	touch $@

$(VENV)/.fuzz: $(VENV)/.dev requirements/fuzz.txt
	@echo "Installing the fuzzer"
	$(VENV)/bin/uv pip install $(PIP_QUIET) --python $(PY) --require-hashes --only-binary :all: -r requirements/fuzz.txt
	touch $@

$(VENV)/.audit: $(VENV)/.dev requirements/audit.txt
	@echo "Installing pip-audit"
	$(VENV)/bin/uv pip install $(PIP_QUIET) --python $(PY) --require-hashes --only-binary :all: -r requirements/audit.txt
	touch $@

setup: $(VENV)/.run ## the command, at .venv/bin/dragoman
	@echo "Ready: $(VENV)/bin/dragoman --help"

# --- run ------------------------------------------------------------------------------------------------------------

demo: $(VENV)/.run ## a real Kafka, the worker, the gateway and sample transcripts; ONCE=1 ends when they are through
	@exec $(VENV)/bin/dragoman up --demo $(if $(ONCE),--once,)

run: $(VENV)/.run ## the same without samples, with data that persists
	@exec $(VENV)/bin/dragoman up

# --- checks ---------------------------------------------------------------------------------------------------------

test: lint $(VENV)/.dev ## the whole suite, on a real Kafka that it starts itself
	@if ! command -v chromium >/dev/null && [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
	  apt-get install -y -qq chromium >/dev/null 2>&1 || { apt-get update -qq && apt-get install -y -qq chromium; } >/dev/null 2>&1 || echo "No chromium could be installed: the tests of the console are skipped"
	fi
	$(PY) -m pytest

check: lint test-fast ## lint, types, import contracts, rules, and the tests that need no broker

test-fast: $(VENV)/.dev ## the tests that need no broker
	@$(PY) -m pytest -q -n 2 -m "not kafka and not slow"

lint: $(VENV)/.dev ## ruff, mypy, import contracts, rule files
	@tools="$$(ls -d $(DEV_TOOLS) 2>/dev/null | tr '\n' ' ')"
	$(VENV)/bin/ruff check -q $$tools
	$(VENV)/bin/ruff format -q --check $$tools
	$(VENV)/bin/mypy --no-error-summary
	$(VENV)/bin/lint-imports --no-logo >build-lint.log 2>&1 || { cat build-lint.log; rm -f build-lint.log; exit 1; }
	rm -f build-lint.log
	$(VENV)/bin/dragoman rules check >/dev/null

fix: $(VENV)/.dev ## format, and mend what the linter can
	@tools="$$(ls -d $(DEV_TOOLS) 2>/dev/null | tr '\n' ' ')"
	$(VENV)/bin/ruff check -q --fix $$tools || true
	$(VENV)/bin/ruff format -q $$tools

fuzz: $(VENV)/.fuzz ## a million inputs to every decoder and parser, guided by coverage; INPUTS=n for another number, RESUME=1 goes on
	@$(PY) -m tests.fuzz.run --inputs $(or $(INPUTS),1000000) $(if $(RESUME),--resume,)

licences: $(VENV)/.dev ## the licence of every dependency and of the data shipped; fails on one that is not allowed
	@$(PY) -m tests.licences

audit: $(VENV)/.audit ## known vulnerabilities of what is locked; says so where the package index publishes none
	@$(PY) -m tests.audit

# --- measured -------------------------------------------------------------------------------------------------------

eval: $(VENV)/.dev ## the quality of the reader on the bench, also to build/bench/eval.json and docs/quality.md
	@$(PY) benchmarks/eval.py $(if $(BENCH),--bench $(BENCH),)
	$(PY) benchmarks/score_seed.py $(if $(BENCH),--bench $(BENCH),)
	$(PY) benchmarks/eval_events.py $(if $(BENCH),--bench $(BENCH),)

bench-reading: $(VENV)/.bench ## speed and memory of the reader, as a ratio to spaCy on the same texts
	@$(PY) benchmarks/bench_reading.py

bench-rules: $(VENV)/.dev ## the rule index, plain and compiled, as ratios to splitting and looking up and to Lucene's Monitor
	@$(PY) -m benchmarks.bench_rules

bench-replay: $(VENV)/.dev ## how fast history is replayed, as ratios to decoding alone and to the live path
	@$(PY) -m benchmarks.bench_replay $(if $(COUNT),--transcripts $(COUNT),)

bench-sse: $(VENV)/.dev ## a thousand clients on one gateway: every alert once, how fast, memory of each
	@$(PY) -m benchmarks.bench_sse $(if $(CLIENTS),--clients $(CLIENTS),)

bench-notifier: $(VENV)/.dev ## a burst of alerts to webhooks: one subscriber, and many
	@$(PY) -m benchmarks.bench_notifier

bench-latency: $(VENV)/.dev ## from POST to the alert at a client, stage by stage
	@$(PY) -m benchmarks.bench_latency

chaos: $(VENV)/.dev ## hit every process, the disks and the clocks under load and count what was lost, also to docs/reliability.md; ONLY=name, MINUTES=n
	@$(PY) -m tests.chaos $(if $(ONLY),--only $(ONLY),) $(if $(MINUTES),--minutes $(MINUTES),)

# --- written by commands, never by hand -----------------------------------------------------------------------------

golden: $(VENV)/.dev ## write the expected results of the golden tests anew
	@$(PY) -m tests.golden

console-shots: $(VENV)/.dev ## photograph the console's pages anew, for docs/console.md
	@$(PY) -m tests.kafka.console_shots

docs: $(VENV)/.dev ## write the generated schemas and tables anew
	@$(PY) -m tests.generated_files

release-schemas: $(VENV)/.dev ## keep the schemas as they are as released versions; later ones must read what these wrote
	@$(PY) -m tests.generated_files --release-schemas

train: $(VENV)/.dev ## train the English tagger again, from the material in DATA
	@$(PY) -m training.train_tagger --data $(or $(DATA),../shared/training)

lock: $(VENV)/.base ## lock the newest versions that pyproject.toml allows
	@compile="$(VENV)/bin/uv pip compile -q --universal --generate-hashes --only-binary :all: --no-header --no-annotate --python-version 3.11 $(LOCK_FLAGS)"
	$$compile --group build -o requirements/build.txt
	$$compile pyproject.toml -c requirements/build.txt -o requirements/run.txt
	$$compile pyproject.toml --all-extras -c requirements/run.txt -o requirements/extras.txt
	$$compile pyproject.toml --all-extras --group dev -c requirements/extras.txt -c requirements/build.txt -o requirements/dev.txt
	$$compile --group bench -c requirements/dev.txt -o requirements/bench.txt
	$$compile --group fuzz -c requirements/dev.txt -o requirements/fuzz.txt
	$$compile --group audit -c requirements/dev.txt -o requirements/audit.txt

clean: ## remove what was built here; downloads in the user's cache stay
	@rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
