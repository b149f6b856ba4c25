#!/usr/bin/env python3
"""One include folder a library, with links to the folders that it may include and no others.

link_includes.py SOURCE_DIR BUILD_DIR 'lib:lower,lower' …
"""
import os
import shutil
import sys

source, build, *libraries = sys.argv[1:]
for entry in libraries:
    name, _, lower = entry.partition(":")
    folder = os.path.join(build, "include", name)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for part in [name] + [part for part in lower.split(",") if part]:
        link = os.path.join(folder, part)
        os.makedirs(os.path.dirname(link), exist_ok=True)  # a room stands inside its folder
        os.symlink(os.path.join(source, part), link)
