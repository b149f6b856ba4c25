#!/usr/bin/env python3
"""Puts templates and assets into C tables.

gen_templates.py templates TEMPLATES_DIR OUT.c DEPFILE    web/x.mustache is "x", mail/fr/x.html.mustache "mail/fr/x.html"
gen_templates.py assets ASSETS_DIR OUT.c DEPFILE          with the digests, types and fonts that gen_assets.py makes
"""
import gzip
import os
import pathlib
import re
import sys

SAFE = {byte: chr(byte) for byte in range(32, 127) if chr(byte) not in '"\\?'}
SAFE.update({10: "\\n", 34: '\\"', 92: "\\\\", 63: "\\?"})
OCTAL = [SAFE.get(byte, f"\\{byte:03o}") for byte in range(256)]


def literal(data):
    """A C string; cut in pieces, so that no line is endless."""
    pieces = [data[at:at + 96] for at in range(0, len(data), 96)] or [b""]
    return "{" + "\n     ".join('"' + "".join(OCTAL[byte] for byte in piece) + '"' for piece in pieces) + f", {len(data)}}}"


POSTS = re.compile(rb'<form\b[^>]*\smethod="post"[^>]*>')
# Of the page, not of the form: sent again, a form gets the answer that it got (http/idempotency.h).
ONCE = b'<input type="hidden" name="once" value="{{once}}">'


def templates(root):
    found = {}
    for path in sorted(root.rglob("*.mustache")):
        name = path.relative_to(root).as_posix().removesuffix(".mustache").removeprefix("web/")
        found[name] = POSTS.sub(lambda form: form[0] + ONCE, path.read_bytes())
    rows = "".join(f"    {{{literal(name.encode())}, {literal(found[name])}}},\n" for name in sorted(found, key=str.encode))
    return ('#include "ports/template_table.h"\n\nconst template_source template_sources[] = {\n'
            f"{rows}    {{{{NULL, 0}}, {{NULL, 0}}}},\n}};\nconst size_t template_count = {len(found)};\n")


def assets(root):
    import gen_assets
    files, names = gen_assets.build(str(root))
    rows = ""
    for plain, content in sorted(files.items(), key=lambda item: names[item[0]].encode()):
        packed = gzip.compress(content, 9, mtime=0)
        digest = names[plain].rsplit(".", 2)[1]
        fields = [f"/assets/{names[plain]}".encode(), gen_assets.TYPES[plain.rsplit(".", 1)[1]].encode(), content, f'"{digest}"'.encode()]
        zipped = literal(packed) if len(packed) < len(content) * 0.9 else "{NULL, 0}"
        rows += f"    {{{literal(plain.encode())}, {{{', '.join(map(literal, fields))}, {zipped}}}}},\n"
    return ('#include "ports/template_table.h"\n\nconst asset_row asset_rows[] = {\n'
            f"{rows}    {{{{NULL, 0}}, {{{{NULL, 0}}}}}},\n}};\nconst size_t asset_count = {len(files)};\n")


def main(kind, folder, out, depfile):
    root = pathlib.Path(folder)
    text = {"templates": templates, "assets": assets}[kind](root)
    with open(out, "w", encoding="utf-8") as target:
        target.write(f"/* Generated from {kind}/. */\n{text}")
    watched = [root] + [path for path in root.rglob("*") if path.is_dir() or path.suffix in {".mustache", ".css", ".js", ".svg"}]
    with open(depfile, "w", encoding="utf-8") as target:
        target.write(f"{out}: " + " ".join(str(path).replace(" ", "\\ ") for path in watched) + "\n")


sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
main(*sys.argv[1:5])
