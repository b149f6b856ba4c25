#!/bin/sh
# clang-format over every C file of the project: format.sh writes them, format.sh --check names those that would change.
set -eu
cd "$(dirname "$0")/.."
files=$(git ls-files 'src/*.[ch]' 'tests/*.[ch]')
# shellcheck disable=SC2086 — a list of files
if [ "${1:-}" != --check ]; then exec clang-format -i $files; fi
changed=$(clang-format --dry-run $files 2>&1 | sed -n 's/^\([^ :]*\):[0-9].*/\1/p' | sort | uniq -c)
[ -z "$changed" ] || { printf 'lines to format, by file (make format writes them):\n%s\n' "$changed"; exit 1; }
