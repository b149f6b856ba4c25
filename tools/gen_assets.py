#!/usr/bin/env python3
"""What browsers fetch: assets/ and Debian's Inter -> files that carry the digest of their content in their name.

gen_assets.py ASSETS_DIR OUT_DIR
Writes OUT_DIR/NAME.DIGEST.EXT for each, and OUT_DIR/assets.json: [{"plain": "app.css", "name": "app.0f3a….css",
"type": "text/css; charset=utf-8"}, …]. The style sheet is the .css files of
ASSETS_DIR in the order of their names, without comments and needless white space, with one rule for each of
icons/*.svg and with the names of the fonts as they came out.
"""
import glob
import hashlib
import io
import json
import os
import re
import sys
import urllib.parse

from fontTools import subset
from fontTools.ttLib import TTFont

INTER = "/usr/share/fonts/opentype/inter"
WEIGHTS = {400: "Inter-Regular.otf", 500: "Inter-Medium.otf", 600: "Inter-SemiBold.otf"}
# Latin with its extensions A, B and Additional, punctuation, currency, arrows and a few signs.
RANGES = [
    (0x20, 0x7E),
    (0xA0, 0x24F),
    (0x2C6, 0x2DD),
    (0x300, 0x304),
    (0x308, 0x308),
    (0x327, 0x328),
    (0x1E00, 0x1EFF),  # Vietnamese
    (0x2000, 0x206F),
    (0x20AC, 0x20AC),
    (0x2116, 0x2122),
    (0x2190, 0x2193),
    (0x2212, 0x2212),
    (0x2264, 0x2265),
    (0x25CF, 0x25CF),
    (0x2713, 0x2713),
    (0xFFFD, 0xFFFD),
]
FEATURES = ["kern", "mark", "mkmk", "ccmp", "locl", "liga", "tnum", "case"]
LIMITS = {"css": 40 << 10, "js": 32 << 10, "woff2": 250 << 10}
TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}


def font(weight):
    loaded = TTFont(os.path.join(INTER, WEIGHTS[weight]), recalcTimestamp=False)
    options = subset.Options(
        layout_features=FEATURES, name_IDs=[0, 1, 2, 13, 14], hinting=False, desubroutinize=True, notdef_outline=True
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[point for first, last in RANGES for point in range(first, last + 1)])
    subsetter.subset(loaded)
    loaded.flavor = "woff2"
    out = io.BytesIO()
    loaded.save(out, reorderTables=False)
    return out.getvalue()


def icon_rules(folder):
    rules = []
    for path in sorted(glob.glob(os.path.join(folder, "*.svg"))):
        text = re.sub(r"\s+", " ", open(path, encoding="utf-8").read().strip()).replace('"', "'").replace("> <", "><")
        rules.append(
            '.i-%s{--i:url("data:image/svg+xml,%s")}'
            % (os.path.splitext(os.path.basename(path))[0], urllib.parse.quote(text, safe=" ='/:,;()!"))
        )
    return "".join(rules)


def squeeze(css):
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.S)
    css = re.sub(r"\s+", " ", css)
    css = re.sub(r"\s*([{};,>])\s*", r"\1", css)
    css = re.sub(r":\s+", ":", css)
    return css.replace(";}", "}").strip()


def build(folder):
    files = {}
    names = {}

    def keep(plain, content):
        stem, ext = plain.rsplit(".", 1)
        names[plain] = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{ext}"
        files[plain] = content

    for weight in WEIGHTS:
        keep(f"inter-{weight}.woff2", font(weight))
    css = "".join(open(path, encoding="utf-8").read() for path in sorted(glob.glob(os.path.join(folder, "*.css"))))
    css = squeeze(css) + icon_rules(os.path.join(folder, "icons"))
    keep("app.css", re.sub(r"(inter-\d+\.woff2)", lambda match: names[match.group(1)], css).encode())
    for path in sorted(glob.glob(os.path.join(folder, "*.js")) + glob.glob(os.path.join(folder, "*.svg"))):
        keep(os.path.basename(path), open(path, "rb").read())
    for ext, limit in LIMITS.items():
        total = sum(len(content) for plain, content in files.items() if plain.endswith("." + ext))
        if total > limit:
            sys.exit(f"gen_assets: .{ext} files hold {total} bytes, more than {limit}")
    return files, names


def main(folder, out):
    os.makedirs(out, exist_ok=True)
    files, names = build(folder)
    for stale in os.listdir(out):
        os.unlink(os.path.join(out, stale))
    for plain, content in files.items():
        with open(os.path.join(out, names[plain]), "wb") as target:
            target.write(content)
    with open(os.path.join(out, "assets.json"), "w", encoding="utf-8") as target:
        json.dump(
            [{"plain": plain, "name": names[plain], "type": TYPES[plain.rsplit(".", 1)[1]]} for plain in files],
            target,
            indent=1,
        )


if __name__ == "__main__":
    main(*sys.argv[1:3])
