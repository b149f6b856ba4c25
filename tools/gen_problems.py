#!/usr/bin/env python3
"""spec/problems.yaml -> problem_codes.h: the error enum and its table."""
import sys
import yaml

source, target = sys.argv[1:3]
rows = [("OK", "ok", 200)]
for code, status in yaml.safe_load(open(source, encoding="utf-8")).items():
    rows.append(("ERR_" + code.upper().replace("-", "_"), code, status))

with open(target, "w", encoding="utf-8") as out:
    out.write("/* Generated from spec/problems.yaml. */\n#ifndef PARVIS_PROBLEM_CODES_H\n#define PARVIS_PROBLEM_CODES_H\n\n")
    out.write("typedef enum [[nodiscard]] err {\n" + "".join(f"    {name},\n" for name, _, _ in rows) + "    ERR_COUNT\n} err;\n\n")
    out.write("#define ERR_TABLE(X) \\\n")
    out.write(" \\\n".join(f'    X({name}, "{code}", {status})' for name, code, status in rows) + "\n\n#endif\n")
