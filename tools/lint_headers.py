#!/usr/bin/env python3
"""One header, one source: whoever reads a header finds its functions in the file of that name.

OF_SEVERAL are the doors of several files, which say above each group whose it is; it only gets shorter. Names the places, a line each.
"""
import collections
import pathlib
import re
import sys

SRC = pathlib.Path(__file__).resolve().parents[1] / "src"
OF_SEVERAL = {
    "cli/command.h", "console/console.h", "console/invite.h", "http/schema.h", "ports/mustache.h", "ports/mustache_tree.h",
    "store/copy_parts.h", "store/postgres.h", "store/sqlite.h",
}
DEFINED = re.compile(r"^(?!static\b|typedef\b|return\b|else\b)[a-z_][\w *]*?\b(\w+)\s*\([^;{]*\)\s*\{", re.M)
DECLARED = re.compile(r"^(?!static\b|typedef\b)[a-zA-Z_][\w *]*?\b(\w+)\s*\([^{]*?;", re.M)


def code(path):
    return re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.S)


def strangers():
    """{header: {source: [functions]}} of those that are declared elsewhere than in the header of their file's name."""
    owner = {name: path for path in SRC.rglob("*.c") for name in DEFINED.findall(code(path))}
    found = {}
    for path in sorted(SRC.rglob("*.h")):
        if "include" in path.relative_to(SRC).parts:
            continue
        others = collections.defaultdict(list)
        for name in DECLARED.findall(code(path)):
            if owner.get(name, path.with_suffix(".c")) != path.with_suffix(".c"):
                others[str(owner[name].relative_to(SRC))].append(name)
        if others:
            found[str(path.relative_to(SRC))] = others
    return found


def main():
    found = strangers()
    lines = [f"src/{header}: declares {', '.join(names)} of src/{source}"
             for header, others in found.items() if header not in OF_SEVERAL for source, names in sorted(others.items())]
    lines += [f"tools/lint_headers.py: {header} declares nothing of other files any more" for header in sorted(OF_SEVERAL - found.keys())]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main() or 0)
