#!/usr/bin/env python3
"""spec/words.yaml -> words.h, words.c: every word that a row may hold, as an enum with its parsing and printing.

gen_words.py SPEC MIGRATIONS QUERIES EN.po FR.po OUT.h OUT.c OUT.d

SPEC is the folder of words.yaml, openapi.yaml and console.yaml. Refused are: a column whose CHECK takes other words than the table says,
a CHECK with words that the table does not know, a word in a statement that is none of its column's, an enum of the API that mixes
words of the table with others, and a word without its sentence in either language."""
import os
import re
import sys

import polib

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from sqlite_probe import Database  # noqa: E402
from write_anew import write_anew  # noqa: E402
from yaml_once import load  # noqa: E402

KEYS = {"prefix", "words", "beside", "columns", "unchecked", "texts"}
LITERAL = re.compile(r"'([^']*)'")
NAME = re.compile(r"[a-z][a-z0-9_]*")


class Set:
    """One row of the table."""

    def __init__(self, name, row):
        self.name, self.row, self.prefix = name, row, row.get("prefix", "")
        self.words, self.beside = list(row.get("words") or []), row.get("beside") or []
        self.means = row["words"] if isinstance(row.get("words"), dict) else {}
        self.every = self.words + self.beside

    def some(self, said):
        return {"all": self.every, "stored": self.words}.get(said, said) if isinstance(said, str) else said

    def columns(self):
        """column -> the words that its CHECK takes."""
        return {column: self.words if said in ("all", "stored") else said for column, said in (self.row.get("columns") or {}).items()}

    def constant(self, word):
        return f"{self.prefix}_{word.upper()}"


def faults_of_rows(sets):
    seen = {}
    for one in sets:
        for key in sorted(one.row.keys() - KEYS):
            yield f"{one.name}: knows no '{key}'"
        if not NAME.fullmatch(one.name) or not re.fullmatch(r"[A-Z][A-Z_]*", one.prefix) or not one.words:
            yield f"{one.name}: a set has a name, a prefix and words"
        for word in one.every:
            if not isinstance(word, str) or not NAME.fullmatch(word):
                yield f"{one.name}: {word!r} is no word"
            elif seen.setdefault(one.constant(word), one) is not one or one.every.count(word) > 1:
                yield f"{one.name}: {one.constant(word)} stands twice"
        lists = [*(one.row.get("columns") or {}).items(), *(one.row.get("texts") or {}).items()]
        for where, said in lists:
            if said not in ("all", "stored") and (not isinstance(said, list) or set(said) - set(one.every)):
                yield f"{one.name}: {where}: {said} are no words of it"


# ---- the schema ----

def checks_of(sql):
    """Every CHECK of a table, without the word."""
    for match in re.finditer(r"\bCHECK\s*\(", sql):
        depth, at = 1, match.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(sql[at], 0)
            at += 1
        yield sql[match.end():at - 1]


class Schema:
    def __init__(self, paths):
        self.db, self.columns, self.checks = Database(), {}, {}
        for path in paths:
            with open(path, encoding="utf-8") as text:
                self.db.script(text.read())
        for name, sql in self.db.rows("SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND sql IS NOT NULL"):
            sql = re.sub(r"--[^\n]*", "", sql)
            self.columns[name] = [column for (column,) in self.db.rows(f"SELECT name FROM pragma_table_info('{name}')")]
            self.checks[name] = [check for check in checks_of(sql) if LITERAL.search(check)]

    def named(self, table, check):
        bare = LITERAL.sub("", check)
        return [column for column in self.columns[table] if re.search(rf"\b{column}\b", bare)]

    def worded(self):
        """table.column of each that a CHECK compares with words, and these words."""
        found = {}
        for table, checks in self.checks.items():
            for check in checks:
                for column in self.named(table, check)[:1]:
                    found.setdefault(f"{table}.{column}", set()).update(LITERAL.findall(check))
        return found

    def takes(self, table, column, word):
        """What the engine itself says of a row with this word and nothing else."""
        row = ", ".join(f"'{word}' AS {one}" if one == column else f"NULL AS {one}" for one in self.columns[table])
        return all(self.db.rows(f"SELECT ({check}) FROM (SELECT {row})")[0][0] != "0"
                   for check in self.checks[table] if column in self.named(table, check))


def faults_of_schema(sets, schema):
    worded, every = schema.worded(), sorted({word for one in sets for word in one.every})
    known = {column: (one, words) for one in sets for column, words in one.columns().items()}
    for place in sorted(worded.keys() - known.keys()):
        yield f"{place}: its CHECK has words ({', '.join(sorted(worded[place]))}), and no set says which"
    for place, (one, words) in known.items():
        table, _, column = place.partition(".")
        if column not in schema.columns.get(table, []):
            yield f"{one.name}: the schema has no {place}"
            continue
        if place not in worded:
            yield f"{one.name}: {place} has no CHECK"
            continue
        for word in sorted({*every, *worded[place], *words}):
            if schema.takes(table, column, word) != (word in words):
                yield f"{one.name}: {place}: its CHECK {'refuses' if word in words else 'takes'} '{word}', the table does not"
    for one in sets:
        for place, why in (one.row.get("unchecked") or {}).items():
            table, _, column = place.partition(".")
            if column not in schema.columns.get(table, []) or place in worded or not str(why).strip():
                yield f"{one.name}: unchecked: {place} has a CHECK, or is none, or says no reason"


# ---- statements, the API and the catalogue ----

def faults_of_statements(sets, paths):
    words = {}  # column name -> what a column of this name may hold
    for one in sets:
        for place in [*one.columns(), *(one.row.get("unchecked") or {})]:
            words.setdefault(place.partition(".")[2], set()).update(one.every)
    compared = re.compile(rf"\b({'|'.join(sorted(words))})\s*(?:=|<>|(?:NOT )?IN)\s*(\((?:'[^']*'(?:,\s*)?)+\)|'[^']*')")
    for path in paths:
        with open(path, encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                for column, said in compared.findall(line):
                    for word in LITERAL.findall(said):
                        if word not in words[column]:
                            yield f"{path}:{number}: {column} is never '{word}'"


def enums_of(node, where):
    if isinstance(node, dict):
        if isinstance(node.get("enum"), list):
            yield where, [word for word in node["enum"] if word is not None]
        for key, inner in node.items():
            yield from enums_of(inner, f"{where}/{key}")
    elif isinstance(node, list):
        for at, inner in enumerate(node):
            yield from enums_of(inner, f"{where}/{at}")


def faults_of_enums(sets, paths):
    """An enum that shares two words with a set holds words of that set alone."""
    for path in paths:
        for where, words in enums_of(load(path), os.path.basename(path)):
            for one in sets:
                strange = [word for word in words if word not in one.every]
                if len(set(words) & set(one.words)) >= 2 and strange:
                    yield f"{where}: {', '.join(strange)}: not among the words of {one.name}"


def faults_of_texts(sets, paths):
    for path in paths:
        keys = {entry.msgid for entry in polib.pofile(path, encoding="utf-8") if not entry.obsolete and entry.msgstr.strip()}
        for one in sets:
            for family, said in (one.row.get("texts") or {}).items():
                for word in one.some(said):
                    if f"{family}.{word}" not in keys:
                        yield f"{path}: {family}.{word} has no text, a word of {one.name}"


# ---- what is written ----

def enum_of(one):
    rows = [f"    {one.constant(word)},{f' /* {one.means[word]} */' if one.means.get(word) else ''}" for word in one.every]
    return [f"typedef enum {one.name} {{", *rows, f"    {one.prefix}_COUNT,", f"    {one.prefix}_STORED = {len(one.words)}", f"}} {one.name};"]


def header(sets):
    out = ["/* Generated from spec/words.yaml. */", "#ifndef PARVIS_WORDS_H", "#define PARVIS_WORDS_H", "", '#include "base/str.h"', "",
           "/* Of each set: its enum, first those that rows hold (STORED of them); its words in that order, ended by STR_NONE; a word's text;",
           " * whether a text is that word; which word a text is, false where it is none of them. */"]
    for one in sets:
        kind, count = one.name, f"{one.prefix}_COUNT"
        out += ["", *enum_of(one), f"extern const str {kind}_words[{count} + 1];",
                f"static inline str {kind}_text({kind} word)\n{{\n    return {kind}_words[word];\n}}",
                f"static inline bool {kind}_is(str text, {kind} word)\n{{\n    return str_eq(text, {kind}_words[word]);\n}}",
                f"bool {kind}_of(str text, {kind} *word);"]
    return "\n".join([*out, "", "#endif"]) + "\n"


def source(sets):
    out = ['/* Generated from spec/words.yaml. */\n#include "words.h"\n\n',
           "static bool find(str text, const str *words, size_t *at)\n{\n    for (*at = 0; words[*at].p; ++*at)\n"
           "        if (str_eq(text, words[*at]))\n            return true;\n    return false;\n}\n"]
    for one in sets:
        words = ", ".join(f'S_INIT("{word}")' for word in one.every)
        out.append(f"\nconst str {one.name}_words[{one.prefix}_COUNT + 1] = {{{words}, {{NULL, 0}}}};\n"
                   f"bool {one.name}_of(str text, {one.name} *word)\n{{\n    size_t at;\n    if (!find(text, {one.name}_words, &at))\n"
                   f"        return false;\n    *word = ({one.name})at;\n    return true;\n}}\n")
    return "".join(out)


def files_in(folder):
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".sql")]


def main(spec, migrations, queries, en, fr, header_path, source_path, depfile):
    path, documents = os.path.join(spec, "words.yaml"), [os.path.join(spec, name) for name in ("openapi.yaml", "console.yaml")]
    sets = [Set(name, row) for name, row in load(path).items()]
    found = list(faults_of_rows(sets))
    found = found or [*faults_of_schema(sets, Schema(files_in(migrations))), *faults_of_statements(sets, files_in(queries)),
                      *faults_of_enums(sets, documents), *faults_of_texts(sets, [en, fr])]
    if found:
        sys.exit("\n".join(f"{path}: {fault}" for fault in found))
    write_anew(header_path, header(sets))
    write_anew(source_path, source(sets))
    needed = [path, *documents, migrations, queries, *files_in(migrations), *files_in(queries), en, fr]
    with open(depfile, "w", encoding="utf-8") as out:
        out.write(f"{header_path} {source_path}: {' '.join(needed)}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
