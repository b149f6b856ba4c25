#!/usr/bin/env python3
"""locale/en.po and locale/fr.po -> catalog_table.h and catalog_table.c: a table sorted by key, for binary search.

gen_catalog.py EN.po FR.po OUT.h OUT.c           writes the table; fails on whatever is missing, empty, fuzzy or does not agree
gen_catalog.py --check EN.po FR.po SOURCE_DIR    also names keys that nothing uses, and looks at typography
"""
import pathlib
import re
import sys

import polib

PLACEHOLDER = re.compile(r"\{([a-z0-9_.]+)\}")
LANGUAGES = ["en", "fr"]


def placeholders(text):
    return set(PLACEHOLDER.findall(text))


def forms(entry):
    """Singular and plural; an entry without plural has the same text twice."""
    if entry.msgid_plural:
        return [entry.msgstr_plural.get(0, ""), entry.msgstr_plural.get(1, "")]
    return [entry.msgstr, entry.msgstr]


def load(paths):
    catalogs, faults = {}, []
    for language, path in zip(LANGUAGES, paths):
        catalog = catalogs[language] = {}
        for entry in polib.pofile(path, encoding="utf-8"):
            where = f"{path}:{entry.linenum}: {entry.msgid}"
            if entry.obsolete:
                continue
            if entry.msgid in catalog:
                faults.append(f"{where}: stands twice")
            if "fuzzy" in entry.flags:
                faults.append(f"{where}: is fuzzy")
            if not re.fullmatch(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+", entry.msgid):
                faults.append(f"{where}: a key is made of small letters, digits, - and _, with dots between")
            if not all(forms(entry)):
                faults.append(f"{where}: is empty")
            catalog[entry.msgid] = entry
    for key in sorted(set(catalogs["en"]) ^ set(catalogs["fr"])):
        faults.append(f"{key}: stands in one language only")
    for key in sorted(set(catalogs["en"]) & set(catalogs["fr"])):
        en, fr = (forms(catalogs[language][key]) for language in LANGUAGES)
        if bool(catalogs["en"][key].msgid_plural) != bool(catalogs["fr"][key].msgid_plural):
            faults.append(f"{key}: has plural forms in one language only")
        if placeholders(en[1]) != placeholders(fr[1]):
            faults.append(f"{key}: placeholders differ: {sorted(placeholders(en[1]))} and {sorted(placeholders(fr[1]))}")
        # A singular may leave the count out ("one person"), and nothing else.
        for text, full in ((en[0], en[1]), (fr[0], fr[1])):
            if placeholders(text) - placeholders(full) or placeholders(full) - placeholders(text) - {"count"}:
                faults.append(f"{key}: singular and plural have different placeholders")
    return catalogs, faults


def literal(text):
    out = ""
    for byte in text.encode():
        if byte in b'"\\?':
            out += "\\" + chr(byte)
        elif 32 <= byte < 127:
            out += chr(byte)
        else:
            out += f"\\{byte:03o}"
    return f'S_INIT("{out}")'


def write(catalogs, header, source):
    with open(header, "w", encoding="utf-8") as out:
        out.write("/* Generated from locale/. */\n#ifndef PARVIS_CATALOG_TABLE_H\n#define PARVIS_CATALOG_TABLE_H\n\n"
                  '#include "ports/catalog.h"\n\n'
                  "typedef struct catalog_entry {\n    str key;\n    str text[LANG_COUNT][2]; /* singular, plural */\n} catalog_entry;\n\n"
                  f"enum {{ CATALOG_COUNT = {len(catalogs['en'])} }};\n"
                  "extern const catalog_entry catalog_table[CATALOG_COUNT]; /* sorted by key, in byte order */\n\n#endif\n")
    with open(source, "w", encoding="utf-8") as out:
        out.write('/* Generated from locale/. */\n#include "catalog_table.h"\n\nconst catalog_entry catalog_table[CATALOG_COUNT] = {\n')
        for key in sorted(catalogs["en"], key=lambda text: text.encode()):
            texts = ", ".join("{" + ", ".join(map(literal, forms(catalogs[language][key]))) + "}" for language in LANGUAGES)
            out.write(f"    {{{literal(key)}, {{{texts}}}}},\n")
        out.write("};\n")


def unused(catalogs, root):
    """Keys that no source, template or table names: whole, or by the beginning that a program completes ("date.month_%d",
    "problem.", or a section's name as an argument of its own: "member_state", word)."""
    text = ""
    for folder in ("src", "templates", "assets", "spec"):
        for path in pathlib.Path(root, folder).rglob("*"):
            if path.suffix in {".c", ".h", ".mustache", ".js", ".yaml"}:
                text += path.read_text(encoding="utf-8")
    whole = set(re.findall(r"(?<![a-z0-9_.-])[a-z0-9_-]+(?:\.[a-z0-9_-]+)+(?![a-z0-9_-])", text))
    begun = set(re.findall(r'"([a-z0-9_-]+\.[a-z0-9_.-]*)%|"([a-z0-9_.-]+\.)"', text))
    begun = {start for pair in begun for start in pair if start}
    begun |= {section + "." for section in re.findall(r'\([^()";]*(?:"[a-z_]+"[^()";]*)*"([a-z0-9_.]+)", ', text)}
    begun |= {"event.", "notice."}  # tools/gen_events.py and gen_console.py refuse one that no source says
    return [key for key in catalogs["en"]
            if key not in whole and f"t.{key}" not in whole and not any(key.startswith(start) for start in begun)]


def typography(catalogs):
    """French puts a narrow no-break space before ; : ! ? and neither language shouts."""
    for key, entry in catalogs["fr"].items():
        if any(re.search(r"[^\u202f][;?](?=\s|$)|[^\u202f\d]:(?=\s|$)", text) for text in forms(entry)):
            yield f"fr: {key}: a narrow no-break space (U+202F) goes before ; : ?"
    for language in LANGUAGES:
        for key, entry in catalogs[language].items():
            if any(re.search(r"!(?=\s|$)", text) for text in forms(entry)):
                yield f"{language}: {key}: no exclamation marks"


def main(arguments):
    check = arguments[:1] == ["--check"]
    en, fr, *rest = arguments[check:]
    catalogs, faults = load([en, fr])
    if check:
        faults += typography(catalogs)
        faults += [f"{key}: nothing uses it" for key in unused(catalogs, rest[0])]
    if faults:
        sys.exit("\n".join(faults))
    if not check:
        write(catalogs, *rest)


main(sys.argv[1:])
