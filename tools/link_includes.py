#!/usr/bin/env python3
"""One include folder a library, with links to the folders (and generated headers) that it may include and no others.

link_includes.py SOURCE_DIR BUILD_DIR 'lib:lower,lower' …
Generated headers belong to the library that owns them and are seen by it and by everything above.
"""
import os
import shutil
import sys

OWNER = {
    "problem_codes.h": "base",
    "queries.h": "store",
    "catalog_table.h": "ports",
    "settings_table.h": "ports",
    "permission_table.h": "domain",
    "bodies.h": "http",
    "routes.h": "http",
}

source, build, *libraries = sys.argv[1:]
for entry in libraries:
    name, _, lower = entry.partition(":")
    seen = [name] + [part for part in lower.split(",") if part]
    folder = os.path.join(build, "include", name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for part in seen:
        os.symlink(os.path.join(source, part), os.path.join(folder, part))
    for header, owner in OWNER.items():
        if owner in seen:
            os.symlink(os.path.join(build, "generated", header), os.path.join(folder, header))
