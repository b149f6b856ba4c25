# The doors of the house, thin over Meson. Each installs what is missing (tools/packages.txt), builds, runs.
#   make run ARGS="--listen 127.0.0.1:9000"     make test     make lint     make build     make install DESTDIR=…
# INSTALL=: skips the look for missing packages.
INSTALL      ?= tools/install.sh
PREFIX       ?= /usr/local
FUZZ_SECONDS ?= 120
NODES_ROUNDS ?= 50
PYTHON       ?= /usr/bin/python3
TESTS        ?=
ARGS         ?=
export PYTHON PREFIX
.PHONY: help run build test nightly lint lint-all format rooms tsan fuzz judges crash nodes bench bench-scale costs bench-peers screenshots proxies timing mutants install clean
.NOTPARALLEL:

help:
	@sed -n '1,3p' Makefile

run: build
	@exec build/parvis serve $(ARGS)

build:
	@$(INSTALL) build
	@tools/build.sh release
	@install -m 755 build/release/parvis build/parvis

# What has to hold for every change, on both engines. One file on SQLite: make test TESTS=tests/api/test_revoke.py
test:
	@$(INSTALL) build test nodes
	@tools/fenced.py tools/test.sh $(TESTS)

# The whole suite on both engines, also what CI leaves out (tests/nightly.txt); the analyzers on everything; a few seconds of each
# fuzz target; and the mistakes that the suite must notice.
nightly:
	@$(INSTALL) build test nodes
	@status=0; PARVIS_NIGHTLY= tools/fenced.py tools/test.sh || status=1; \
	$(MAKE) --keep-going lint-all fuzz judges mutants FUZZ_SECONDS=10 || status=1; exit $$status

# The analyzers read what changed since everything was found clean (tools/linted.txt), and what includes it.
lint:
	@$(INSTALL) build test lint
	@tools/build.sh --configure fuzz
	@tools/lint.sh

# They read everything, which takes minutes, and note it when nothing was found: nightly, and the note is committed.
lint-all:
	@$(INSTALL) build test lint
	@tools/build.sh --configure fuzz
	@tools/lint.sh --all

# Draws the house from what the compiler read and the linker joins, into ARCHITECTURE.md.
rooms:
	@$(INSTALL) build
	@tools/build.sh release
	@$(PYTHON) tools/rooms.py build/release --write ARCHITECTURE.md
	@$(PYTHON) tools/rooms.py build/release --check

tsan:
	@$(INSTALL) build test
	@tools/build.sh tsan
	@for engine in $${PARVIS_TEST_DATABASE:-sqlite postgres}; do \
	    PARVIS_TEST_DATABASE=$$engine CONCURRENCY_SECONDS=20 PARVIS_BINARY=build/tsan/parvis \
	        tools/steady.sh $(PYTHON) -m pytest tests/api/test_concurrency.py $(ARGS) || exit 1; \
	done

fuzz:
	@$(INSTALL) build test
	@tools/build.sh fuzz
	@tools/fuzz.sh $(FUZZ_SECONDS)

# Programs that know a standard judge what we make of it (axe-core today): tests marked `judge`, for what needs node, Java and the
# like, or long. Nightly. A judge's packages are the group `judges` of tools/packages.txt.
judges:
	@$(INSTALL) build test judges
	@tools/fenced.py tools/test.sh -m judge tests/api tests/attack tests/browser $(ARGS)

crash:
	@$(INSTALL) build test
	@tools/build.sh hooks
	@PARVIS_BINARY=build/hooks/parvis $(PYTHON) tests/crash/crash.py

bench:
	@$(INSTALL) build test bench
	@tools/build.sh release
	@PARVIS_BINARY=build/release/parvis $(PYTHON) tests/bench/bench.py $(ARGS)

# What the hot paths cost as members, organizations and clients grow.
bench-scale:
	@$(INSTALL) build test bench
	@tools/build.sh release
	@PARVIS_BINARY=build/release/parvis $(PYTHON) tests/bench/scale.py $(ARGS)

# Queries, allocations, system calls and commits of each hot path.
costs:
	@$(INSTALL) build test bench
	@tools/build.sh release
	@PARVIS_BINARY=build/release/parvis $(PYTHON) tests/bench/costs.py $(ARGS)

# Beside Better Auth, Glewlwyd and what the machine allows: about seven minutes, once they are installed.
bench-peers:
	@$(INSTALL) build test bench peers
	@tools/build.sh release
	@PARVIS_BINARY=build/release/parvis $(PYTHON) tests/bench/peers/peers.py $(ARGS)

# Whether time tells a known address from an unknown one: 2,000 of each, on the build that is installed but for the tests' levers.
timing:
	@$(INSTALL) build test
	@tools/build.sh hooks
	@for engine in $${PARVIS_TEST_DATABASE:-sqlite postgres}; do \
	    PARVIS_TEST_DATABASE=$$engine TIMING_COUNT=2000 PARVIS_BINARY=build/hooks/parvis $(PYTHON) -m pytest -s tests/api/test_timing.py $(ARGS) || exit 1; \
	done

screenshots:
	@$(INSTALL) build test
	@tools/build.sh hooks
	@SHOTS=all PARVIS_BINARY=build/hooks/parvis $(PYTHON) -m pytest tests/browser/test_screenshots.py $(ARGS)

# Three nodes behind HAProxy over one PostgreSQL: the concurrency tests, then nodes killed and paused in turn, NODES_ROUNDS times.
nodes:
	@$(INSTALL) build test nodes
	@tools/build.sh hooks
	@NODES_ROUNDS=$(NODES_ROUNDS) PARVIS_BINARY=build/hooks/parvis tools/steady.sh $(PYTHON) -m pytest -s tests/nodes $(ARGS)

# The reverse proxies of packaging/, real ones, in front of the real server.
proxies:
	@$(INSTALL) build test proxies
	@tools/build.sh hooks
	@PARVIS_BINARY=build/hooks/parvis $(PYTHON) -m pytest tests/proxies $(ARGS)

# The mistakes of tests/mutants, made one at a time: does a test notice? ONLY=ROOM, an id, a kind or a file; JOBS side by side.
mutants:
	@$(INSTALL) build test
	@tools/fenced.py $(PYTHON) tools/mutants.py $(if $(JOBS),--jobs $(JOBS)) $(ARGS) $(ONLY)

install: build
	@meson install -C build/release --no-rebuild --destdir "$(abspath $(DESTDIR))"

format:
	@$(INSTALL) lint
	@tools/format.sh

clean:
	@rm -rf build
