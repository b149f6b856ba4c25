#!/bin/sh
# The whole suite: unit tests, the seeds of each fuzz target among them, then the server from outside, on SQLite and beside it on
# PostgreSQL, then alone what measures time.
# Everything runs with ASan and UBSan. Each part runs even when an earlier one failed; the last line says which did.
#   test.sh [PYTEST ARGUMENTS]      with arguments only those tests, on SQLite
#   PARVIS_TEST_DATABASE=postgres   on PostgreSQL alone        PARVIS_TEST_DATABASE=sqlite   on SQLite alone
#   TEST_JOBS                       how many files run side by side on each engine; one more than there are processors
set -eu
cd "$(dirname "$0")/.."
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
export PYTHON="${PYTHON:-/usr/bin/python3}"
started=$(date +%s)
said=$(mktemp -d) # what parts beside each other say, pytest's reports, and which parts failed
trap 'rm -rf "$said"' EXIT

part() { # part NAME COMMAND…: says what runs, how long it took, and remembers when it fails
    name=$1
    shift
    echo "== $name"
    at=$(date +%s)
    "$@" || echo "$name" >>"$said/failed"
    echo "== $name: $(($(date +%s) - at)) s"
}
beside() { # beside NAME COMMAND…: runs while others do
    name=$1
    shift
    "$@" >"$said/$name" 2>&1 &
    running="${running:-} $!:$name"
}
joined() { # waits for what runs beside, and shows what each said
    for one in $running; do
        wait "${one%%:*}" || echo "${one#*:}" >>"$said/failed"
        cat "$said/${one#*:}"
    done
    running=""
}
outside() { # outside NAME ENGINE PYTEST-ARGUMENTS…
    name=$1
    engine=$2
    shift 2
    # A short path: that of a Unix socket has a hundred bytes.
    part "$name" env PARVIS_TEST_DATABASE="$engine" tools/steady.sh "$PYTHON" -m pytest ${FENCED:+"--basetemp=$FENCED/$name"} \
        --junitxml="$said/$name.xml" "$@"
}
suite() { # suite ENGINE
    # What is in tests/nightly.txt is left to `make nightly`, and what is marked `judge` to `make judges`.
    outside "$1" "$1" -m "not timed and not judge" -n "${TEST_JOBS:-$(($(nproc) + 1))}" --dist loadfile tests/browser tests/api tests/attack
    # What only a database apart can do: be lost, be shared by several nodes.
    [ "$1" = sqlite ] || outside nodes "$1" -n 2 --dist loadfile tests/postgres tests/nodes
}

tools/build.sh check
if [ -f tests/browser/package.json ] && [ ! -d tests/browser/node_modules/axe-core ]; then
    npm ci --prefix tests/browser --include=dev --ignore-scripts --no-audit --no-fund --loglevel=error || echo npm >>"$said/failed"
fi
export PARVIS_NIGHTLY="${PARVIS_NIGHTLY-no}" # empty: everything, also what tests/nightly.txt leaves to the night
if [ $# -gt 0 ]; then
    PARVIS_NIGHTLY=""
    outside "${PARVIS_TEST_DATABASE:-sqlite}" "${PARVIS_TEST_DATABASE:-sqlite}" "$@"
else
    part unit tools/steady.sh meson test -C build/check --no-rebuild --suite unit --print-errorlogs --timeout-multiplier 3
    # Beside each other: most tests wait, for a mail or a time to be over, and one engine's last run beside the other's.
    for engine in ${PARVIS_TEST_DATABASE:-sqlite postgres}; do
        beside "on-$engine" suite "$engine"
    done
    joined
    # Alone: what they measure is not the others' work. On PostgreSQL at night.
    for engine in ${PARVIS_TEST_DATABASE:-sqlite postgres}; do
        [ "$engine$PARVIS_NIGHTLY" = postgresno ] || outside "timed-$engine" "$engine" -m timed tests/api tests/attack
    done
fi
"$PYTHON" tools/slowest.py "$said"/*.xml
took="$(($(date +%s) - started)) s"
[ ! -s "$said/failed" ] || { echo "test: FAILED $(paste -s -d, "$said/failed") after $took" >&2; exit 1; }
echo "test: passed in $took"
