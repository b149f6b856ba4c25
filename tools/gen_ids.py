#!/usr/bin/env python3
"""spec/openapi.yaml (x-ids), console.yaml -> ids.h: what the TypeID of each thing begins with. gen_ids.py OPENAPI.yaml CONSOLE.yaml OUT.h

A prefix that a schema or a path has and no thing, or the other way round, fails the build."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from write_anew import write_anew  # noqa: E402
from yaml_once import load  # noqa: E402


def prefixes_of(node):
    if isinstance(node, dict):
        if isinstance(node.get("x-prefix"), str):
            yield node["x-prefix"]
        for inner in node.values():
            yield from prefixes_of(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from prefixes_of(inner)


def faults(ids, used):
    for thing, prefix in ids.items():
        if not re.fullmatch(r"[a-z_]+", thing) or not re.fullmatch(r"[a-z]{3}", str(prefix)):
            yield f"x-ids: {thing}: {prefix} is no prefix of three letters"
        if list(ids.values()).count(prefix) > 1:
            yield f"x-ids: {thing}: {prefix} is another's, too"
        if prefix not in used:
            yield f"x-ids: {thing}: no schema and no path has the x-prefix {prefix}"
    for prefix in sorted(used - set(ids.values())):
        yield f"x-prefix {prefix}: x-ids says of no thing that its ids begin so"


def main(openapi, console, target):
    documents = [load(openapi), load(console)]
    ids = documents[0]["x-ids"]
    found = list(faults(ids, set(prefixes_of(documents))))
    if found:
        sys.exit("\n".join(f"{openapi}: {fault}" for fault in found))
    write_anew(target, '/* Generated from spec/openapi.yaml. */\n#ifndef PARVIS_IDS_H\n#define PARVIS_IDS_H\n\n#include "base/str.h"\n\n'
               + "".join(f'#define ID_{thing.upper()} S("{prefix}")\n' for thing, prefix in ids.items()) + "\n#endif\n")


main(*sys.argv[1:])
