.DELETE_ON_ERROR:
.PHONY: help setup demo test versions check types slow interop peer tools formats generate refresh twins architecture cli-docs bench stress browser lock wheel clean test-live live-long live-servers

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check

help: ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/ready ## Create .venv with everything needed

$(VENV)/ready: pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; choose it with: make PYTHON=python3.12 …"; exit 1; }
	@echo "Setting up $(VENV) …"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --quiet --upgrade 'pip>=25.1'
	@$(PIP) install --quiet -c requirements.lock --editable '.[cli,sandbox,pandas]' --group dev
	@touch $@

demo: setup ## Run a complete example against a Provena on this machine
	@$(BIN)/python scripts/demo.py

test: setup ## Run the fast tests
	@$(BIN)/python -m pytest -q -n 3 --dist loadgroup -m "not slow and not browser and not interop and not live"

versions: setup ## Run the fast tests on every installed Python from 3.11 to 3.13
	@$(BIN)/python scripts/versions.py

slow: setup ## Run the slower tests
	@$(BIN)/python -m pytest -q -n 2 --dist loadgroup -m "slow and not browser and not interop and not live"

interop: setup ## Install pandas, xarray, Dask, DuckDB and others, and test with them
	@$(PIP) install --quiet -c requirements.lock --editable '.[interop]'
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m interop tests/interop tests/test_documents.py

browser: setup ## Run the browser tests, which need Chromium
	@$(PIP) install --quiet -c requirements.lock --group browser
	@$(BIN)/python -m pytest -q -m browser tests/browser

test-live: setup ## Test against Keycloak and object stores, which are downloaded and built the first time
	@$(PIP) install --quiet -c requirements.lock --group browser
	@$(BIN)/python -m scripts.live get --possible
	@$(PIP) install --quiet -c requirements.lock --editable '.[interop]'
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "live and not slow" -rs tests/live
	@$(BIN)/python -m scripts.live.suites versitygw

live-long: setup ## Run the tests against real servers that take minutes each
	@$(BIN)/python -m scripts.live get --possible
	@$(BIN)/python -m pytest -q -n 2 --dist loadfile -m "live and slow" -rs tests/live

live-servers: setup ## Download and build all servers for test-live, which may take ten minutes
	@$(BIN)/python -m scripts.live get --all

peer: setup ## Test the sandbox with provenaclient, another client of Provena
	@$(BIN)/python scripts/peer_check.py

tools: setup ## Read and write a dataset with the AWS CLI, rclone, DuckDB and GDAL
	@$(BIN)/python scripts/other_tools.py

formats: setup ## Hold exports against validators that do not go with the other tools
	@$(BIN)/python scripts/formats_check.py

stress: setup ## Run the stress tests: hostile servers, shared sessions, faults, kills, two processes, many files
	@$(BIN)/python scripts/stress/hostile.py
	@$(BIN)/python scripts/stress/refresh.py
	@$(BIN)/python scripts/stress/token_file.py
	@$(BIN)/python scripts/stress/dask_worker_lost.py
	@$(BIN)/python scripts/stress/dask_parquet.py
	@$(BIN)/python scripts/stress/dask_parquet.py --lease
	@$(BIN)/python scripts/stress/faults.py --seeds 1
	@$(BIN)/python scripts/stress/kill_resume.py --times 3
	@$(BIN)/python scripts/stress/two_processes.py --rounds 4
	@$(BIN)/python scripts/stress/million.py --files 200000
	@$(BIN)/python scripts/stress/memory.py --megabytes 1000 --files 10000

types: setup ## Check types with mypy and pyright
	@$(BIN)/mypy
	@$(BIN)/pyright

check: setup types ## Check style, types and layers, and that generated files are up to date
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check --quiet
	@$(BIN)/lint-imports --no-logo
	@$(BIN)/python scripts/layers.py
	@$(BIN)/python scripts/generate.py --check
	@$(BIN)/python scripts/twins.py --check
	@$(BIN)/python scripts/architecture.py --check
	@$(BIN)/python scripts/cli_docs.py --check

generate: setup ## Generate the low-level client from openapi/
	@$(BIN)/python scripts/generate.py

refresh: setup ## Fetch OpenAPI documents with DEPLOYMENT=example.org or datastore=URL search=URL …, and regenerate
	@$(BIN)/python scripts/refresh.py $(if $(DEPLOYMENT),--deployment "$(DEPLOYMENT)") \
	  $(foreach name,datastore search registry auth job prov,$(if $($(name)),--$(name) "$($(name))"))

cli-docs: setup ## Write the reference of the commands in docs/cli.md
	@$(BIN)/python scripts/cli_docs.py

twins: setup ## Generate the async resources from the sync ones
	@$(BIN)/python scripts/twins.py

architecture: setup ## Draw docs/architecture.svg from the imports
	@$(BIN)/python scripts/architecture.py

bench: setup ## Run the benchmarks beside other tools
	@$(BIN)/python scripts/bench/models.py
	@$(BIN)/python scripts/bench/catalogue.py
	@$(BIN)/python scripts/bench/cli_startup.py
	@$(BIN)/python scripts/bench/transfer.py --budget 60 --picture docs/transfer.svg
	@$(BIN)/python scripts/bench/slow_line.py --picture docs/slow-line.svg
	@$(BIN)/python scripts/bench/open.py --picture docs/open.svg
	@$(BIN)/python scripts/bench/transfer.py --gigabits 4 --delays 30 --only mid,big --picture docs/transfer-line.svg

lock: ## Update both lock files: the newest versions, and the lowest that pyproject.toml allows
	@rm -rf .venv && $(PYTHON) -m venv .venv
	@$(PIP) install --quiet --upgrade 'pip>=25.1'
	@$(PIP) install --quiet --editable '.[cli,sandbox,pandas,interop]' --group dev --group browser
	@$(PIP) freeze --exclude-editable --exclude pip > requirements.lock
	@touch .venv/ready
	@$(PIP) install --quiet uv
	@$(BIN)/uv pip compile --quiet --resolution lowest-direct --python-version 3.11 --universal --no-annotate \
	  --no-header --extra cli --extra excel --extra keyring --extra lineage --extra pandas --extra parquet --extra qr --extra rich --extra sandbox --extra tqdm \
	  pyproject.toml -o requirements-lowest.lock
	@$(PIP) uninstall --quiet --yes uv

wheel: setup ## Build the wheel, and test it in an empty environment
	@$(BIN)/python scripts/try_wheel.py

clean: ## Remove everything that can be regenerated
	rm -rf .venv .venv-* .bench build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
