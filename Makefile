# `make demo` on a fresh machine, then open the report it names. Every recipe uses the tools of .venv, none need be activated.
SHELL := /bin/sh
CORES ?= 4
WORKERS ?= auto
REPLICATES ?= 500
BIN := .venv/bin
STARTED := $(shell date +%s)

export PATH := $(CURDIR)/$(BIN):$(PATH)
unexport PYTHONPATH PYTHONHOME

.DEFAULT_GOAL := help
.PHONY: help demo environment test slow selftest bench calibrate recovery check ruff format rules types drift schemas lock clean distclean

help:  ## What can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

demo: environment  ## From nothing to the report of the simulated studies
	@snakemake --cores $(CORES)
	@echo "Done in $$(( $$(date +%s) - $(STARTED) )) s. Open:"
	@echo '  $(CURDIR)/results/index.html'

environment:  ## .venv from requirements.lock, securebase installed editable
	@workflow/envs/make_environment.sh

test: environment  ## Every test but the slow ones
	@python -m pytest -n $(WORKERS) $(ARGS)

slow: environment  ## The slow tests: recovery of known truths, calibration
	@python -m pytest -n $(WORKERS) -m slow $(ARGS)

selftest: environment  ## The audit of bundles against every tampering of its threat model (10 minutes)
	@securebase audit --selftest

bench: environment  ## Timings on this machine, into benchmarks/RESULTS.md (20 minutes)
	@python benchmarks/run.py

calibrate: environment  ## Simulation-based calibration, into docs/calibration (an hour)
	@python benchmarks/calibrate.py --replicates $(REPLICATES)
	@python benchmarks/vertex.py
	@python benchmarks/disclosure.py
	@python benchmarks/honest_bundles.py
	@python benchmarks/stein_power.py

recovery: environment  ## Known truths of every simulated study recovered, into docs/calibration/recovery (hours)
	@snakemake --cores $(CORES) --configfile config/sources.yaml -- recovery
	@python benchmarks/recovery_page.py

check: environment  ## Style, format, rules, types, drift of what is generated
	@$(MAKE) --no-print-directory --keep-going ruff format rules types drift

ruff:
	ruff check --quiet .

format:
	ruff format --check --quiet .
	snakefmt --check workflow

rules:
	snakemake --lint

types:
	mypy

drift:
	python -m pytest -q tests/test_config_drift.py tests/test_environment.py

schemas: environment  ## Schemas and reference tables anew from the models
	@python -m securebase.schemas workflow/schemas config/README.md

lock: environment  ## requirements.lock and environment.yml anew from pyproject.toml
	@uv pip compile --quiet --universal --python-version 3.12 --extra dev --generate-hashes \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		--output-file requirements.lock pyproject.toml
	@python workflow/envs/write_conda_environment.py

clean:  ## Remove what runs and tools have made; .venv stays
	@rm -rf results logs simulated .snakemake .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find models tests workflow -name __pycache__ -type d -prune -exec rm -rf {} +

distclean: clean  ## The same, and .venv
	@rm -rf .venv models/securebase.egg-info
