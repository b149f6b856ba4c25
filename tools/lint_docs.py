#!/usr/bin/env python3
"""The documents name only files, tests and doors that exist."""
import pathlib
import re
import sys

doors = set(re.findall(r"^([a-z]+):", pathlib.Path("Makefile").read_text("utf-8"), re.M))
faults = []
for document in sorted(pathlib.Path(".").glob("*.md")):
    text = document.read_text("utf-8")
    for path, test in re.findall(r"`((?:tests|tools|src|spec|packaging|docs|locale)/[\w./-]+?)(?:::(\w+))?`", text):
        if re.search(r"[A-Z]{3}", path):
            continue  # a pattern, not a path
        if not pathlib.Path(path).exists():
            faults.append(f"{document}: {path} does not exist")
        elif test and f"def {test}(" not in pathlib.Path(path).read_text("utf-8"):
            faults.append(f"{document}: {path} has no {test}")
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        if not pathlib.Path(target).exists():
            faults.append(f"{document}: {target} does not exist")
    for door in re.findall(r"`make ([a-z]+)", text):
        if door not in doors:
            faults.append(f"{document}: there is no make {door}")
readme = pathlib.Path("README.md").read_text("utf-8")
for snippet in ("packaging/nginx.conf", "packaging/Caddyfile"):
    if pathlib.Path(snippet).read_text("utf-8") not in readme:
        faults.append(f"README.md: does not show {snippet} as it stands")
print("\n".join(faults))
sys.exit(bool(faults))
