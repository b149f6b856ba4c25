#!/bin/sh
# The whole suite: unit tests, a few seconds of each fuzz target, then the server from outside: on SQLite, then on PostgreSQL.
# Everything runs with ASan and UBSan. Each part runs even when an earlier one failed; the last line says which did.
#   test.sh [PYTEST ARGUMENTS]      with arguments only those tests, on SQLite
#   PARVIS_TEST_DATABASE=postgres   on PostgreSQL alone        PARVIS_TEST_DATABASE=sqlite   on SQLite alone
#   TEST_JOBS                       how many tests run side by side; one more than there are processors, since most of them wait
set -eu
cd "$(dirname "$0")/.."
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export PYTHON="${PYTHON:-/usr/bin/python3}"
failed=""
started=$(date +%s)

part() { # part NAME COMMAND…: says what runs, how long it took, and remembers when it fails
    name=$1
    shift
    echo "== $name"
    at=$(date +%s)
    "$@" || failed="$failed, $name"
    echo "== $name: $(($(date +%s) - at)) s"
}
outside() { # outside ENGINE PYTEST-ARGUMENTS…
    engine=$1
    shift
    PARVIS_TEST_DATABASE=$engine
    export PARVIS_TEST_DATABASE
    runs=$((${runs:-0} + 1))
    # A short path: that of a Unix socket has a hundred bytes.
    part "on $engine" tools/steady.sh "$PYTHON" -m pytest ${FENCED:+"--basetemp=$FENCED/$runs"} "$@"
}

tools/build.sh check
if [ -f tests/browser/package.json ] && [ ! -d tests/browser/node_modules/axe-core ]; then
    npm ci --prefix tests/browser --include=dev --ignore-scripts --no-audit --no-fund --loglevel=error || failed="$failed, npm"
fi
export PARVIS_NIGHTLY="${PARVIS_NIGHTLY-no}" # empty: everything, also what tests/nightly.txt leaves to the night
if [ $# -gt 0 ]; then
    PARVIS_NIGHTLY=""
    outside "${PARVIS_TEST_DATABASE:-sqlite}" "$@"
else
    part unit tools/steady.sh meson test -C build/check --no-rebuild --suite unit --print-errorlogs --num-processes 2
    tools/build.sh fuzz && part fuzz tools/fuzz.sh "${FUZZ_SECONDS:-2}" || failed="$failed, fuzz"
    jobs=${TEST_JOBS:-$(($(nproc) + 1))}
    for engine in ${PARVIS_TEST_DATABASE:-sqlite postgres}; do
        # What is in tests/nightly.txt is left to `make nightly`.
        outside "$engine" -m "not timed" -n "$jobs" --dist loadfile --durations=10 tests/browser tests/api tests/attack
        # Alone: what they measure is not the others' work. On PostgreSQL at night.
        [ "$engine$PARVIS_NIGHTLY" = postgresno ] || outside "$engine" -m timed tests/api tests/attack
        # What only a database apart can do: be lost, be shared by several nodes.
        [ "$engine" = sqlite ] || outside "$engine" -n 2 --dist loadfile tests/postgres tests/nodes
    done
fi
[ -z "$failed" ] || { echo "test: FAILED${failed#,} after $(($(date +%s) - started)) s" >&2; exit 1; }
echo "test: passed in $(($(date +%s) - started)) s"
