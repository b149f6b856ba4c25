#!/bin/sh
# The whole suite: unit tests, a few seconds of each fuzz target, then the server from outside. Everything runs with ASan and
# UBSan. Each part runs even when an earlier one failed; pytest's closing line is the last. test.sh [PYTEST ARGUMENTS]
set -eu
cd "$(dirname "$0")/.."
export ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1
status=0
export PYTHON="${PYTHON:-/usr/bin/python3}"

tools/build.sh check
if [ $# = 0 ]; then
    tools/steady.sh meson test -C build/check --no-rebuild --suite unit --print-errorlogs --num-processes 2 || status=1
    tools/build.sh fuzz && tools/fuzz.sh "${FUZZ_SECONDS:-4}" || status=1
    for folder in tests/api tests/attack tests/browser; do
        [ -z "$(find $folder -name 'test_*.py')" ] || set -- "$@" $folder
    done
fi
if [ -f tests/browser/package.json ] && [ ! -d tests/browser/node_modules/axe-core ]; then
    npm ci --prefix tests/browser --include=dev --ignore-scripts --no-audit --no-fund --loglevel=error || status=1
fi
if [ $# -gt 0 ]; then
    tools/steady.sh "$PYTHON" -m pytest "$@" || status=1
fi
exit $status
