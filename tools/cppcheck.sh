#!/bin/sh
# cppcheck over what tools/lint_sources.py has chosen, with the macros and includes of its compile command: cppcheck.sh JOBS FILES…
set -eu
[ $# -gt 1 ] || exit 0
exec cppcheck --quiet -j "$1" --error-exitcode=1 --inline-suppr --std=c11 --enable=warning,performance,portability \
    --project=build/fuzz/lint/compile_commands.json --suppressions-list=tools/cppcheck.txt \
    --include=tools/cppcheck.h \
    --template='{file}:{line}: {id}: {message}'
