#!/usr/bin/env python3
"""spec/console.yaml and what stands around it -> console_table.h, console_table.c: notices, navigation, and the rights that pages ask for.

gen_console.py CONSOLE.yaml PERMISSIONS.yaml EN.po SOURCES TEMPLATES OUT.h OUT.c OUT.d

A notice is a text, notice.NAME in the catalogue; with a plural, it is said with a count. It tells of success, where x-notices does not
say otherwise. A route with x-nav stands in the navigation, for whoever may call it. Templates ask {{#may.members_remove}}, a right of
permissions.yaml. What does not hold fails the build: a notice that nobody says, a kind of none, a right that is none."""
import os
import re
import sys

import polib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from write_anew import write_anew  # noqa: E402
from yaml_once import load  # noqa: E402

KEY = "notice."
KINDS = ["success", "info", "warning"]
INSIDE = "/o/{org}"


def constant(notice):
    return "NOTICE_" + notice.upper()


def notices_of(catalog):
    """name -> whether it is counted."""
    return {entry.msgid.removeprefix(KEY): bool(entry.msgid_plural) for entry in polib.pofile(catalog, encoding="utf-8")
            if entry.msgid.startswith(KEY) and not entry.obsolete}


def faults_of_notices(spec, notices, code):
    said = set(re.findall(r"\bNOTICE_\w+", code))
    for kind, names in spec.items():
        if kind not in KINDS[1:]:
            yield f"x-notices: {kind} is none of {KINDS[1:]}"
        for name in names:
            if name not in notices:
                yield f"x-notices: no text {KEY}{name}"
    every = [name for names in spec.values() for name in names]
    for name in sorted({name for name in every if every.count(name) > 1}):
        yield f"x-notices: {name} is of two kinds"
    for name in notices:
        if constant(name) not in said:
            yield f"{KEY}{name}: no source says {constant(name)}"


def navigation_of(paths):
    """(pattern, x-nav, operation), in the order of the document."""
    return [(pattern, item["get"]["x-nav"], item["get"]) for pattern, item in paths.items() if "x-nav" in item.get("get", {})]


def faults_of_navigation(navigation):
    for pattern, row, operation in navigation:
        if not isinstance(row, dict) or set(row) != {"text", "icon"} or not pattern.startswith(INSIDE):
            yield f"{pattern}: x-nav is {{text, icon}} of a page below {INSIDE}"
        if "x-permission" not in operation and operation.get("x-access") != "member":
            yield f"{pattern}: in the navigation, and not for members"


def right_of(permission):
    return "PERM_" + permission.upper().replace(".", "_")


def header(notices):
    names = "".join(f"    {constant(name)},\n" for name in notices)
    return ('/* Generated from spec/console.yaml and the catalogue. */\n#ifndef PARVIS_CONSOLE_TABLE_H\n#define PARVIS_CONSOLE_TABLE_H\n\n'
            '#include "base/str.h"\n#include "permission_table.h"\n\n'
            f"typedef enum notice {{\n{names}    NOTICE_COUNT\n}} notice;\n\n"
            "typedef struct notice_row {\n    str key, text; /* in the address; in the catalogue */\n    str kind;      /* is_success, is_info, is_warning */\n    bool counted;\n} notice_row;\n"
            "extern const notice_row notice_table[NOTICE_COUNT];\n\n"
            "typedef struct nav_row {\n    str pattern, icon;\n    const char *text;\n    permission right; /* 0: any member's */\n} nav_row;\n"
            "extern const nav_row nav_table[]; /* ended by pattern STR_NONE */\n\n"
            "typedef struct right_row {\n    str name;\n    permission right;\n} right_row;\n"
            "extern const right_row right_table[]; /* those that templates ask for, ended by name STR_NONE */\n\n#endif\n")


def source(spec, notices, navigation, rights):
    kind = {name: kind for kind, names in spec.items() for name in names}
    rows = "".join(f'    [{constant(name)}] = {{S_INIT("{name}"), S_INIT("{KEY}{name}"), S_INIT("is_{kind.get(name, KINDS[0])}"), {str(counted).lower()}}},\n'
                   for name, counted in notices.items())
    nav = "".join(f'    {{S_INIT("{pattern}"), S_INIT("{row["icon"]}"), "{row["text"]}", {right_of(operation["x-permission"]) if "x-permission" in operation else 0}}},\n'
                  for pattern, row, operation in navigation)
    may = "".join(f'    {{S_INIT("{name.replace(".", "_")}"), {right_of(name)}}},\n' for name in rights)
    return ('/* Generated from spec/console.yaml, the catalogue and the templates. */\n#include "console_table.h"\n\n'
            f"const notice_row notice_table[NOTICE_COUNT] = {{\n{rows}}};\n\nconst nav_row nav_table[] = {{\n{nav}    {{{{NULL, 0}}}},\n}};\n\n"
            f"const right_row right_table[] = {{\n{may}    {{{{NULL, 0}}}},\n}};\n")


def files_below(folder, ending):
    walked = sorted((where, sorted(names)) for where, _, names in os.walk(folder))
    return [where for where, _ in walked], [os.path.join(where, name) for where, names in walked for name in names if name.endswith(ending)]


def text_of(paths):
    texts = []
    for path in paths:
        with open(path, encoding="utf-8") as text:
            texts.append(text.read())
    return "\n".join(texts)


def main(console, permissions, catalog, sources, templates, header_path, source_path, depfile):
    spec, notices = load(console), notices_of(catalog)
    folders, code = files_below(sources, (".c", ".h"))
    more, pages = files_below(templates, ".mustache")
    by_name = {name.replace(".", "_"): name for name in load(permissions)}
    asked = sorted(set(re.findall(r"\{\{[#^/]may\.(\w+)\}\}", text_of(pages))))
    navigation = navigation_of(spec["paths"])
    found = [*faults_of_notices(spec.get("x-notices") or {}, notices, text_of(code)), *faults_of_navigation(navigation),
             *[f"may.{name}: no right of permissions.yaml" for name in asked if name not in by_name]]
    if found:
        sys.exit("\n".join(f"{console}: {fault}" for fault in found))
    write_anew(header_path, header(notices))
    write_anew(source_path, source(spec.get("x-notices") or {}, notices, navigation, [by_name[name] for name in asked]))
    with open(depfile, "w", encoding="utf-8") as out:
        out.write(f"{header_path} {source_path}: {' '.join([*folders, *more, *code, *pages])}\n")


main(*sys.argv[1:])
