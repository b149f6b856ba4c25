#!/usr/bin/env python3
"""What comments owe the reader: each source says at its top what it is for and why it is so, each function of a header is told about,
and no comment is longer than a line. What clang-format does not look at.

A comment above functions that follow each other without a blank line is all of theirs. Names the places, a line each.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
WIDTH = 120  # .clang-format's ColumnLimit
FUNCTION = re.compile(r"^(?!typedef\b|return\b|static\b)[a-z_]\w*(?: \w+)*[ *]+(\w+)\(")
AT_ITS_TOP = {"src/cli/run.h"}  # what all of its functions are
SECTION = re.compile(r"^/\* -{2,} ")


def untold(text):
    """(line, function) of a header that no comment stands above."""
    lines = text.split("\n")
    told = False
    for at, line in enumerate(lines):
        if FUNCTION.match(line):
            told = told or lines[at - 1].rstrip().endswith("*/") and not SECTION.match(lines[at - 1])
            if not told:
                yield at + 1, FUNCTION.match(line)[1]
        elif not line.startswith(" "):  # what is broken over lines goes on
            told = False


def faults(path, text):
    if path.startswith("src/") and path.endswith(".c") and not text.startswith("/*"):
        yield 1, "says nothing of what it is for"
    if path.startswith("src/") and path.endswith(".h") and path not in AT_ITS_TOP:
        for line, name in untold(text):
            yield line, f"{name} stands there without a word"
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > WIDTH and re.search(r"/\*|\*/|^\s*\*", line):
            yield number, f"a comment of {len(line)} columns, {WIDTH} are a line"


def main():
    files = subprocess.run(["git", "ls-files", "src/*.[ch]", "tests/*.[ch]"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    found = [f"{path}:{line}: {what}" for path in files if (ROOT / path).exists()
             for line, what in faults(path, (ROOT / path).read_text(encoding="utf-8"))]
    return "\n".join(found)


if __name__ == "__main__":
    sys.exit(main() or 0)
