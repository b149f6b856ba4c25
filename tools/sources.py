#!/usr/bin/env python3
"""The C sources of a folder of src/, a line each, for Meson: sources.py SRC FOLDER. A new file counts by standing there;
tools/build.sh configures again when the list of files has changed."""
import pathlib
import sys

root = pathlib.Path(sys.argv[1])
print("\n".join(sorted(str(p.relative_to(root)) for p in (root / sys.argv[2]).glob("*.c"))))
