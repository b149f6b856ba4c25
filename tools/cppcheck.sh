#!/bin/sh
# cppcheck over every file that is compiled from src/, with the macros and includes of its compile command: cppcheck.sh JOBS
set -eu
"$PYTHON" tools/lint_sources.py >/dev/null
exec cppcheck --quiet -j "$1" --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,performance,portability \
    --project=build/fuzz/lint/compile_commands.json --suppressions-list=tools/cppcheck.txt \
    --include=tools/cppcheck.h \
    --template='{file}:{line}: {id}: {message}'
