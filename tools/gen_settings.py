#!/usr/bin/env python3
"""spec/settings.yaml, words.yaml -> settings_table.h: struct settings, its ids and the table that describes each of them."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from yaml_once import load  # noqa: E402

C_TYPES = {"text": "str", "uri": "str", "list": "str_list", "boolean": "bool", "integer": "int64_t", "duration": "msec", "enum": "int"}
KNOWN = {"type", "default", "min", "max", "words", "argument", "secret"}
UNITS = {"s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def bound(value):
    """A number, or a duration in milliseconds."""
    found = re.fullmatch(r"(\d+)([smhd])", str(value))
    return int(found[1]) * UNITS[found[2]] if found else int(value)


source, words_source, target = sys.argv[1:4]
sets = load(words_source)
rows, fields, words = [], [], []
for name, about in load(source).items():
    kind = about["type"]
    unknown = set(about) - KNOWN
    if unknown or kind not in C_TYPES or not re.fullmatch(r"[a-z][a-z_]*", name):
        sys.exit(f"{source}: {name}: cannot read {unknown or kind}")
    upper = name.upper()
    own = about.get("words", ["on", "off"] if kind == "boolean" else [])
    choice = own if isinstance(own, list) else list(sets[own]["words"])  # a set of spec/words.yaml, whose enum it is
    argument = about.get("argument", "|".join(choice) or {"integer": "NUMBER", "duration": "DURATION"}.get(kind))
    low, high = bound(about.get("min", 0)), bound(about.get("max", 0))
    default = str(about["default"])
    rows.append(f'    X({upper}, {name}, {kind.upper()}, "{default}", "{argument}", "{"|".join(choice)}", {low}, {high}, '
                f'{str(bool(about.get("secret"))).lower()})')
    fields.append(f"    {C_TYPES[kind]} {name};\n")
    if kind == "enum" and choice is own:
        words.append(f"enum {{ {', '.join(f'{upper}_{w.upper()}' for w in choice)} }};\n")

with open(target, "w", encoding="utf-8") as out:
    out.write("/* Generated from spec/settings.yaml. */\n#ifndef PARVIS_SETTINGS_TABLE_H\n#define PARVIS_SETTINGS_TABLE_H\n\n")
    out.write("typedef enum setting_id {\n" + "".join(f"    SETTING_{r.split('(')[1].split(',')[0]},\n" for r in rows))
    out.write("    SETTING_COUNT\n} setting_id;\n\n" + "".join(words) + "\n")
    out.write("typedef struct settings {\n" + "".join(fields) + "    setting_origin origin[SETTING_COUNT];\n} settings;\n\n")
    out.write("/* id, field, type, default, argument, words, least, most, secret */\n#define SETTING_TABLE(X) \\\n")
    out.write(" \\\n".join(rows) + "\n\n#endif\n")
