#!/usr/bin/env python3
"""The compile commands of what stands in src/ (tests and generated sources left out), for the analyzers; prints the files.

    lint_sources.py          of what changed since everything was found clean, and of what includes it (tools/lint_changed.py)
    lint_sources.py --all    of everything
    lint_sources.py --note   notes that everything was found clean
"""
import json
import os
import sys

import lint_changed


def source_of(row):
    return os.path.relpath(os.path.realpath(os.path.join(row["directory"], row["file"])))


def main():
    if "--note" in sys.argv:
        clean = lint_changed.note()
        print(f"{lint_changed.NOTE}: " + ("written, to be committed" if clean else "as it was, since not everything is committed"))
        return
    with open("build/fuzz/compile_commands.json") as told:
        rows = [row for row in json.load(told) if source_of(row).startswith("src/")]
    wanted = None if "--all" in sys.argv else lint_changed.affected()
    if wanted is not None:
        rows = [row for row in rows if source_of(row) in wanted]
    os.makedirs("build/fuzz/lint", exist_ok=True)
    with open("build/fuzz/lint/compile_commands.json", "w") as out:
        json.dump(rows, out)
    for path in sorted({source_of(row) for row in rows}):
        print(path)


main()
