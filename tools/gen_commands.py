#!/usr/bin/env python3
"""spec/commands.yaml, words.yaml -> commands.h, commands.c: the table of the command line, and the functions that run it.

gen_commands.py COMMANDS.yaml WORDS.yaml EN.po OUT.h OUT.c

A command without a summary, or a flag without a meaning in the catalogue, fails the build; one without its function does not link."""
import os
import re
import sys

import polib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from write_anew import write_anew  # noqa: E402
from yaml_once import load  # noqa: E402

KEYS = {"arguments", "least", "flags", "required", "makes_data", "queues_mail"}
WORD = re.compile(r"[a-z]+(-[a-z]+)*")


def c_name(name):
    return re.sub(r"[^a-z]", "_", name)


def most_of(arguments):
    return -1 if "…" in arguments else len(arguments.split())


def allowed(value, sets):
    """How --help calls what follows a flag; None: nothing does."""
    if isinstance(value, dict):
        return "|".join([*sets[value["words"]]["words"], *([value["or"]] if "or" in value else [])])
    return "|".join(value) if isinstance(value, list) else value


def faults_of_flag(name, flag, value, sets):
    if not isinstance(flag, str) or not WORD.fullmatch(flag):
        yield f"{name}: --{flag} is no flag's name"
    if isinstance(value, dict):
        if not set(value) <= {"words", "or"} or value.get("words") not in sets:
            yield f"{name}: --{flag}: {value} is no set of words.yaml"
    elif isinstance(value, list):
        if len(value) < 2 or not all(isinstance(word, str) for word in value):
            yield f"{name}: --{flag}: {value} is no list of words"
    elif value is not None and not (isinstance(value, str) and value):
        yield f"{name}: --{flag}: {value!r} is no argument"


def faults(spec, sets, keys):
    for name, row in spec.items():
        for key in sorted(row.keys() - KEYS):
            yield f"{name}: knows no '{key}'"
        if not all(WORD.fullmatch(word) for word in name.split(" ")):
            yield f"{name}: is no command's name"
        if f"cli.command.{name.replace(' ', '.')}" not in keys:
            yield f"{name}: no text cli.command.{name.replace(' ', '.')}"
        flags = row.get("flags") or {}
        for flag, value in flags.items():
            yield from faults_of_flag(name, flag, value, sets)
            if f"cli.flag.{flag}" not in keys:
                yield f"{name}: no text cli.flag.{flag}"
        for flag in row.get("required") or []:
            if flag not in flags:
                yield f"{name}: requires --{flag}, which it does not have"
        for key in ("makes_data", "queues_mail"):
            if row.get(key, True) is not True:
                yield f"{name}: {key} is true, or not said"


def header(spec):
    return ("/* Generated from spec/commands.yaml. Each returns the exit code. */\n#ifndef PARVIS_COMMANDS_H\n#define PARVIS_COMMANDS_H\n\n#include \"cli/command.h\"\n\n"
            + "".join(f"int run_{c_name(name)}(cli *c);\n" for name in spec) + "\n#endif\n")


def c_text(text):
    return "NULL" if text is None else f'"{text}"'


def flags_of(name, row, sets):
    rows = "".join(f"    {{{c_text(flag)}, {c_text(allowed(value, sets))}, {str(flag in (row.get('required') or [])).lower()}}},\n"
                   for flag, value in row["flags"].items())
    return f"static const cli_flag flags_{c_name(name)}[] = {{\n{rows}    {{NULL, NULL, false}},\n}};\n"


def row_of(name, row):
    arguments = row.get("arguments", "")
    cells = [f".name = {c_text(name)}", f".arguments = {c_text(arguments)}", f".least = {row.get('least', len(arguments.split()))}",
             f".most = {most_of(arguments)}", f".run = run_{c_name(name)}"]
    cells += [f".flags = flags_{c_name(name)}"] * bool(row.get("flags"))
    cells += [f".{key} = true" for key in ("makes_data", "queues_mail") if key in row]
    return "    {" + ", ".join(cells) + "},\n"


def source(spec, sets):
    return ('/* Generated from spec/commands.yaml. */\n#include "commands.h"\n\n' + "".join(flags_of(name, row, sets) for name, row in spec.items() if row.get("flags"))
            + "\nconst command commands[] = {\n" + "".join(row_of(*pair) for pair in spec.items()) + "    {.name = NULL},\n};\n")


def main(commands, words, catalog, header_path, source_path):
    spec, sets = load(commands), load(words)
    keys = {entry.msgid for entry in polib.pofile(catalog, encoding="utf-8") if not entry.obsolete}
    found = list(faults(spec, sets, keys))
    if found:
        sys.exit("\n".join(f"{commands}: {fault}" for fault in found))
    write_anew(header_path, header(spec))
    write_anew(source_path, source(spec, sets))


main(*sys.argv[1:])
