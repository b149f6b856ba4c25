#!/bin/sh
# clang-tidy over every file that is compiled from src/, one process a file: tidy.sh JOBS
# How the analyzer came to what it says stands in build/fuzz/tidy.log.
set -u
"$PYTHON" tools/lint_sources.py |
    xargs -P "$1" -n 1 clang-tidy --quiet -p build/fuzz/lint >build/fuzz/tidy.log 2>&1
found=$?
grep -A2 ' error: ' build/fuzz/tidy.log | sed "s|$(pwd)/build/fuzz/\.\./\.\./||; s|^\.\./\.\./||"
exit $found
