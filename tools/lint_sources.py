#!/usr/bin/env python3
"""The compile commands of what stands in src/ (tests and generated sources left out), for the linters; prints the files."""
import json
import os

here = os.path.realpath("src") + os.sep
rows = [row for row in json.load(open("build/fuzz/compile_commands.json"))
        if os.path.realpath(os.path.join(row["directory"], row["file"])).startswith(here)]
os.makedirs("build/fuzz/lint", exist_ok=True)
with open("build/fuzz/lint/compile_commands.json", "w") as out:
    json.dump(rows, out)
print("\n".join(sorted({os.path.relpath(os.path.realpath(os.path.join(row["directory"], row["file"]))) for row in rows})))
