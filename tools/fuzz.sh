#!/bin/sh
# Runs every fuzz target of build/fuzz for so many seconds: fuzz.sh SECONDS [TARGET…]. FUZZ_JOBS of them at a time (2).
# Seeds are tests/fuzz/corpus/TARGET/; tests/fuzz/regressions/TARGET/ holds one file for each finding that was mended. Both
# are replayed first. What is newly found stays in build/fuzz/found/TARGET/, a crash in build/fuzz/crashes/.
set -eu
cd "$(dirname "$0")/.."

# Runs one target. fuzz.sh --one SECONDS TARGET
if [ "$1" = --one ]; then
    seconds=$2
    target=$3
    found=build/fuzz/found/$target
    log=build/fuzz/$target.log
    mkdir -p "$found"
    set --
    for folder in "tests/fuzz/corpus/$target" "tests/fuzz/regressions/$target"; do
        [ ! -d "$folder" ] || set -- "$@" "$folder"
    done
    [ $# -gt 0 ] || { echo "fuzz $target: no seeds in tests/fuzz/corpus/$target" >&2; exit 1; }
    if tools/steady.sh "build/fuzz/tests/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
        -print_final_stats=1 -artifact_prefix="build/fuzz/crashes/$target-" "$found" "$@" >"$log" 2>&1; then
        echo "fuzz $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs, no finding"
        exit 0
    fi
    tail -n 40 "$log" >&2
    echo "fuzz $target: a finding, see build/fuzz/crashes" >&2
    exit 1
fi

seconds=$1
shift
mkdir -p build/fuzz/crashes
if [ $# = 0 ]; then
    for program in build/fuzz/tests/fuzz/fuzz_*; do
        [ -x "$program" ] && [ -f "$program" ] || continue
        set -- "$@" "${program##*/fuzz_}"
    done
fi
[ $# -gt 0 ] || { echo "fuzz: no targets were built" >&2; exit 1; }
printf '%s\n' "$@" | xargs -n 1 -P "${FUZZ_JOBS:-2}" tools/fuzz.sh --one "$seconds" || { echo "fuzz: there were findings" >&2; exit 1; }
