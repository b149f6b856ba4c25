#!/usr/bin/env python3
"""Every refusal of spec/problems.yaml has its texts, and every text of a refusal its code."""
import re
import sys

import polib
import yaml

codes = set(yaml.safe_load(open("spec/problems.yaml", encoding="utf-8")))
keys = {entry.msgid for entry in polib.pofile("locale/en.po", encoding="utf-8") if entry.msgid.startswith("problem.")}
faults = []
for code in sorted(codes):
    for part in ("title", "detail"):
        if f"problem.{code}.{part}" not in keys:
            faults.append(f"locale: problem.{code}.{part} is missing")
for key in sorted(keys):
    match = re.fullmatch(r"problem\.([a-z0-9-]+)\.(title|detail)(\..+)?", key)
    if match and match.group(1) not in codes:
        faults.append(f"locale: {key} belongs to no code of spec/problems.yaml")
print("\n".join(faults))
sys.exit(bool(faults))
