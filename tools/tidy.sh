#!/bin/sh
# clang-tidy over what tools/lint_sources.py has chosen, one process a file: tidy.sh JOBS FILES…
# How the analyzer came to what it says stands in build/fuzz/tidy.log.
set -u
jobs=$1
shift
[ $# -gt 0 ] || exit 0
printf '%s\n' "$@" | xargs -P "$jobs" -n 1 clang-tidy --quiet -p build/fuzz/lint >build/fuzz/tidy.log 2>&1
found=$?
grep -A2 ' error: ' build/fuzz/tidy.log | sed "s|$(pwd)/build/fuzz/\.\./\.\./||; s|^\.\./\.\./||"
exit $found
