#!/usr/bin/env python3
"""spec/ways_in.yaml -> ways_in_table.h: every way into an account, and what each case does to it.

gen_ways_in.py WAYS_IN.yaml MIGRATIONS_FOLDER OUT.h OUT.d

Every table that the migrations leave is a way's or has a reason why it is none; every case speaks of every way. What does not
hold fails the build."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sqlite_probe import Database  # noqa: E402
from yaml_once import load  # noqa: E402

EXTENTS = {"-": "KEEP", "new": "KEEP", "ends": "ALL", "others": "OTHERS", "since": "SINCE", "alone": "ALONE"}
ONLY = {"others": {"session"}, "alone": {"passkey"}, "new": {"password", "temporary_password"},
        "since": {"undo", "passkey", "app", "recovery_code"}}


def tables_of(migrations):
    db = Database()
    for path in migrations:
        with open(path, encoding="utf-8") as text:
            db.script(text.read())
    return {name for (name,) in db.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")}


def faults(spec, tables):
    ways, cases, no_way = spec["ways"], spec["cases"], spec["no_way"]
    named = {way["table"] for way in ways.values()}
    for table in sorted(tables - named - set(no_way)):
        yield f"{table} is neither a way into an account nor said to be none"
    for table in sorted((named | set(no_way)) - tables):
        yield f"{table} is no table"
    for table in sorted(named & set(no_way)):
        yield f"{table} is a way and none"
    for table, reason in no_way.items():
        if not str(reason or "").strip():
            yield f"{table} is no way in, and nothing says why"
    for case, cells in cases.items():
        for way in ways.keys() ^ cells.keys():
            yield f"{case}: what becomes of {way}?"
        for way, extent in cells.items():
            if extent not in EXTENTS or way not in ONLY.get(extent, {way}):
                yield f"{case}: {way} knows no '{extent}'"


def enum(name, prefix, words):
    lines = "".join(f"    {prefix}_{word.upper()},\n" for word in words)
    return f"typedef enum {name} {{\n{lines}}} {name};\n\n"


def header(spec):
    ways, cases = spec["ways"], spec["cases"]
    rows = "".join(f"    [WAYS_{case.upper()}] = {{" + ", ".join(f"[WAY_{way.upper()}] = WAY_{EXTENTS[cells[way]]}" for way in ways)
                   + "},\n" for case, cells in cases.items())
    return ("/* Generated from spec/ways_in.yaml. */\n#ifndef PARVIS_WAYS_IN_TABLE_H\n#define PARVIS_WAYS_IN_TABLE_H\n\n"
            + enum("way_in", "WAY", ways) + enum("ways_case", "WAYS", cases)
            + "typedef enum way_extent { WAY_KEEP, WAY_ALL, WAY_OTHERS, WAY_SINCE, WAY_ALONE } way_extent;\n\n"
            + f"enum {{ WAY_COUNT = {len(ways)} }};\n"
            + f"#define WAYS_TABLE(name) static const unsigned char name[{len(cases)}][WAY_COUNT] = {{ \\\n"
            + rows.replace("\n", " \\\n") + "}\n\n"
            + "#endif\n")


def main(source, folder, target, depfile):
    names = sorted(name for name in os.listdir(folder) if name.endswith(".sql"))
    migrations = [os.path.join(folder, name) for name in names]
    spec = load(source)
    found = list(faults(spec, tables_of(migrations)))
    for fault in found:
        print(f"{source}: {fault}", file=sys.stderr)
    if found:
        sys.exit(1)
    with open(target, "w", encoding="utf-8") as out:
        out.write(header(spec))
    with open(depfile, "w", encoding="utf-8") as out:
        out.write(f"{target}: {' '.join([folder, *migrations])}\n")


main(*sys.argv[1:])
