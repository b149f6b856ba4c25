#!/usr/bin/env python3
"""spec/permissions.yaml -> permission_table.h: one bit a permission, one mask a role."""
import sys
import yaml

ROLES = ["owner", "administrator", "member"]
source, target = sys.argv[1:3]
table = yaml.safe_load(open(source, encoding="utf-8"))
assert len(table) <= 64, "a permission mask has 64 bits"


def name(permission):
    return "PERM_" + permission.upper().replace(".", "_")


with open(target, "w", encoding="utf-8") as out:
    out.write("/* Generated from spec/permissions.yaml. */\n#ifndef PARVIS_PERMISSION_TABLE_H\n#define PARVIS_PERMISSION_TABLE_H\n\n")
    out.write("#include <stdint.h>\n\ntypedef uint64_t permission;\n\n")
    for bit, key in enumerate(table):
        out.write(f"#define {name(key)} ((permission)1 << {bit})\n")
    out.write("\n#define PERMISSION_TABLE(X) \\\n" + " \\\n".join(f'    X("{key}", {name(key)})' for key in table) + "\n\n")
    for role in ROLES:
        held = " | ".join(name(key) for key, roles in table.items() if role in roles) or "0"
        out.write(f"#define ROLE_MASK_{role.upper()} ({held})\n")
    out.write("\n#endif\n")
