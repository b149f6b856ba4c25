#!/bin/sh
# clang-tidy over every file that build/fuzz compiles from src/, one process a file: tidy.sh JOBS
# How the analyzer came to what it says stands in build/fuzz/tidy.log.
set -u
"$PYTHON" -c '
import json, os
here = os.path.realpath("src") + "/"
files = {os.path.realpath(os.path.join(row["directory"], row["file"])) for row in json.load(open("build/fuzz/compile_commands.json"))}
print("\n".join(sorted(path for path in files if path.startswith(here))))' |
    xargs -P "$1" -n 1 clang-tidy --quiet -p build/fuzz >build/fuzz/tidy.log 2>&1
found=$?
grep -A2 ' error: ' build/fuzz/tidy.log | sed "s|$(pwd)/build/fuzz/\.\./\.\./||; s|^\.\./\.\./||"
exit $found
