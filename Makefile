# Two commands: `make build` and `make test`. Everything installs into .venv.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
TARGET ?= duckdb
READ := $(TARGET:duckdb=published)
EXTRA := $(patsubst %,.venv/%,$(filter-out duckdb,$(TARGET)))

export DO_NOT_TRACK := 1
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help build report test test-slow test-engines test-cluster check lint unit metrics docs demo readme bench try-superset clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: .venv/core .venv/report $(EXTRA) ## install, build the demo (or ARGS="--connector ... --data ...") on duckdb (or TARGET=postgres, spark), test, verify, publish, report
	@python scripts/build.py --target $(TARGET) --report $(ARGS)

report: .venv/core .venv/report ## draw warehouse/report.html again from what is published
	@python scripts/report.py $(ARGS)

test: .venv/dev check ## install, check, then pytest: it builds the demo and other shops and runs all unit tests
	pytest --numprocesses auto --dist loadfile

test-slow: .venv/dev .venv/benchmark lint ## the tests that take minutes: the report in a browser, killed builds, flipped rules, rivals
	pytest -m 'slow and not engines' --numprocesses auto --dist loadfile

test-engines: .venv/dev .venv/engines ## install, then all tests of PostgreSQL and Spark (needs Java); a PostgreSQL server comes along
	pytest -m engines --durations=10

test-cluster: .venv/dev .venv/engines ## the demo on Spark with two worker processes (slow)
	SPARK_MASTER='local-cluster[2,1,1024]' pytest -m engines -k "(verified and spark and not flat) or workers"

check: .venv/dev ## ruff, and dbt parse with warnings as errors
	ruff check .
	ruff format --check .
	dbt --quiet --warn-error parse --no-partial-parse

lint: check ## check, then sqlfluff over all models
	REPURCHASE_BUILD_DATABASE=:memory: sqlfluff lint models --processes 2

unit: .venv/dev ## only the dbt unit tests, of all connectors
	pytest tests/python/test_dbt.py

metrics: .venv/metrics ## list the metrics, or ask the published marts: ARGS="query --metrics revenue --group-by metric_time__month"
	@DBT_TARGET=$(READ) dbt --quiet parse
	@DBT_TARGET=$(READ) mf $(or $(ARGS),list metrics)

docs: build .venv/docs ## dbt's page about all models, and column lineage, to warehouse/docs
	python scripts/pages.py

demo: .venv/core ## make the demo seeds again
	rm -rf target/demo
	python scripts/generate.py --customers 2000 --months 30 --seed 42 --prefix demo_ --no-truth --out target/demo
	cp target/demo/demo_*.csv seeds/demo/

readme: build ## rewrite the made parts of README and docs from the demo
	python scripts/docs.py

bench: .venv/core .venv/report .venv/benchmark ## measure what builds cost, beside rivals (slow; ARGS="rivals --orders 1000000 10000000", ARGS=--help)
	python scripts/benchmark.py $(ARGS)

try-superset: .venv/core .venv/superset/installed ## the published file in a Superset of its own, its charts compared with the marts (slow; ARGS=--stay to look at it)
	python scripts/try_superset.py $(ARGS)

clean: ## remove what was built, not what was installed
	rm -rf target logs warehouse/*.duckdb* warehouse/*.html warehouse/docs warehouse/spark

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/core: .venv/bin/python requirements.txt
	@echo "installing ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt
	@touch $@

.venv/dev: .venv/core .venv/docs requirements-dev.txt
	@echo "installing test tools ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

.venv/postgres .venv/spark .venv/engines .venv/benchmark .venv/export .venv/report .venv/metrics .venv/docs: .venv/%: .venv/core requirements-%.txt
	@echo "installing what $* needs ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-$*.txt
	@touch $@

.venv/superset/installed: requirements-superset.txt
	@echo "installing Superset, apart from everything else ..."
	@$(PYTHON) -m venv .venv/superset
	@.venv/superset/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-superset.txt
	@touch $@
