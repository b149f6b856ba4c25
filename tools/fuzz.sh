#!/bin/sh
# Runs every fuzz target of build/fuzz for so many seconds: fuzz.sh SECONDS
# Seeds are tests/fuzz/corpus/TARGET/; tests/fuzz/regressions/TARGET/ holds one file for each finding that was mended. Both
# are replayed first. What is newly found stays in build/fuzz/found/TARGET/, a crash in build/fuzz/crashes/.
set -eu
cd "$(dirname "$0")/.."
seconds=$1
failed=""
count=0
mkdir -p build/fuzz/crashes
for program in build/fuzz/tests/fuzz/fuzz_*; do
    [ -x "$program" ] && [ -f "$program" ] || continue
    target=${program##*/fuzz_}
    count=$((count + 1))
    found=build/fuzz/found/$target
    log=build/fuzz/$target.log
    mkdir -p "$found"
    seeds=""
    for folder in "tests/fuzz/corpus/$target" "tests/fuzz/regressions/$target"; do
        [ ! -d "$folder" ] || seeds="$seeds $folder"
    done
    [ -n "$seeds" ] || { echo "fuzz $target: no seeds in tests/fuzz/corpus/$target" >&2; failed="$failed $target"; continue; }
    # shellcheck disable=SC2086 — a list of folders
    if tools/steady.sh "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/crashes/$target-" "$found" $seeds >"$log" 2>&1; then
        echo "fuzz $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs, no finding"
    else
        tail -n 40 "$log" >&2
        failed="$failed $target"
    fi
done
[ -z "$failed" ] || { echo "fuzz: findings in$failed" >&2; exit 1; }
[ "$count" -gt 0 ] || { echo "fuzz: no targets were built" >&2; exit 1; }
