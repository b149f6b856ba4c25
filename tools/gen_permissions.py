#!/usr/bin/env python3
"""spec/permissions.yaml, words.yaml -> permission_table.h: one bit a permission, one mask a role."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from yaml_once import load  # noqa: E402

source, words, target = sys.argv[1:4]
roles_known = load(words)["role"]["words"]
table = load(source)
assert len(table) <= 64, "a permission mask has 64 bits"


def name(permission):
    return "PERM_" + permission.upper().replace(".", "_")


with open(target, "w", encoding="utf-8") as out:
    out.write("/* Generated from spec/permissions.yaml. */\n#ifndef PARVIS_PERMISSION_TABLE_H\n#define PARVIS_PERMISSION_TABLE_H\n\n")
    out.write("#include <stdint.h>\n\ntypedef uint64_t permission;\n\n")
    for bit, key in enumerate(table):
        out.write(f"#define {name(key)} ((permission)1 << {bit})\n")
    out.write("\n#define PERMISSION_TABLE(X) \\\n" + " \\\n".join(f'    X("{key}", {name(key)})' for key in table) + "\n\n")
    for role in roles_known:
        held = " | ".join(name(key) for key, roles in table.items() if role in roles) or "0"
        out.write(f"#define ROLE_MASK_{role.upper()} ({held})\n")
    out.write("\n#endif\n")
