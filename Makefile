# Everything a person does in a checkout. `make` alone prints this list.
PYTHON ?= python3
RATCHET_STATE ?= $(CURDIR)/.ratchet
BIN := $(CURDIR)/.venv/bin
export RATCHET_STATE
export PATH := $(RATCHET_STATE)/bin:$(PATH)
BOOTSTRAP = $(PYTHON) -m ops.bootstrap --quiet
COMPILE = uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate

.DEFAULT_GOAL := help
.PHONY: help setup demo up test check bench bench-throughput bench-search bench-null bench-imports bench-corpus bench-audit \
	bench-kills bench-nemesis format image image-hip image-triton lock clean \
	check-style check-alerts check-policies check-imports check-types

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

setup: ## prepare this machine: Python packages, Docker engine, OPA, sandbox image (repeat at will)
	@$(BOOTSTRAP) $(IMAGES) $(STEPS)

demo: setup ## set up, then run a whole campaign offline and watch it
	@$(BIN)/ratchet demo

up: setup ## run the daemon in the foreground
	@$(BIN)/ratchet up

test: IMAGES = --with hip --with triton
test: setup ## the whole suite, against the real engines
	$(BIN)/pytest -m 'not e2e and not measures' --numprocesses 2 --dist loadfile
	$(BIN)/pytest -m measures
	$(BIN)/pytest -m e2e --numprocesses 2 --dist loadfile

check: setup ## style, types, import directions, policies, alert rules; all of it, quickest first
	@$(MAKE) --no-print-directory --keep-going check-style check-alerts check-policies check-imports check-types

check-style:
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { echo 'run: make format'; exit 1; }
	@opa fmt --fail --list policies > /dev/null || { opa fmt --list policies; echo 'run: make format'; exit 1; }

check-alerts:
	@promtool check rules ops/prometheus/rules/*
	@promtool test rules ops/prometheus/tests/*

check-policies:
	@$(BIN)/ratchet policy test policies

check-imports:
	@$(BIN)/lint-imports

check-types:
	@$(BIN)/mypy

bench: setup ## how fast containers start and what governance costs per candidate, as ratios
	@$(BIN)/python -m tests.bench.starts
	@$(BIN)/python -m tests.bench.containers
	@$(BIN)/python -m tests.bench

bench-throughput: setup ## candidates per second end to end, beside what the engine alone can do and beside peers
	@$(BIN)/python -m tests.bench.throughput

bench-search: setup ## best score against evaluations: our search, sampling, and peers below RATCHET_BENCH_PEERS
	@$(BIN)/python -m tests.bench.search

bench-null: setup ## a hundred changes that change nothing, through the whole daemon: what it accepts is false
	@$(BIN)/python -m tests.bench.null

bench-imports: setup ## other people's examples (EXAMPLES='openevolve=FOLDER …'), one candidate of each
	@$(BIN)/python -m tests.bench.imports $(EXAMPLES)

bench-corpus: setup ## the attacks of the corpus on an evaluation without defences: what is believed, what does harm (4 minutes)
	@$(BIN)/python -m tests.corpus.undefended

bench-audit: setup ## seconds to verify an audit log of a million records, from files and public key alone
	@$(BIN)/python -m tests.bench.audit

bench-kills: setup ## the reference campaign killed a hundred times, against an undisturbed one (15 minutes)
	@$(BIN)/python -m tests.bench.kills

bench-nemesis: setup ## campaigns under faults at random (20 seeds, 25 minutes): whether the books agree afterwards
	@$(BIN)/python -m tests.bench.nemesis

format: ## rewrite code and policies into house style
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/ruff format .
	opa fmt --write policies

image: ## build the sandbox image, if the engine lacks it; WITH='scipy …': another, with packages for imported tasks
	@$(BOOTSTRAP) docker image
	@test -z "$(WITH)" || PATH=$(BIN):$(PATH) sandbox/images/with $(WITH)

image-hip: ## build the image with the HIP compiler, for targets on AMD GPUs
	@$(BOOTSTRAP) docker image hip

image-triton: ## build the image with Triton, for targets on NVIDIA and AMD GPUs
	@$(BOOTSTRAP) docker image python triton

lock: ## resolve pyproject.toml again into the hash-locked files
	@PATH=$(BIN):$(PATH) && \
	echo 'setuptools>=80' | $(COMPILE) pyproject.toml - -o requirements.lock && \
	$(COMPILE) --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock && \
	echo uv | $(COMPILE) - -o ops/bootstrap/uv.lock.txt
	@grep -c == requirements.lock requirements-dev.lock ops/bootstrap/uv.lock.txt

clean: ## remove caches and the Python environment (never the state directory)
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache ./*.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
