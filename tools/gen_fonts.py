#!/usr/bin/env python3
"""Debian's Inter and DejaVu Sans Mono -> what a PDF holds of a font, as C.

gen_fonts.py pdf_fonts.c
For each: the glyphs of Latin, Greek and Cyrillic as a TrueType file (Inter comes with cubic outlines, which a CIDFontType2
does not know), its widths and its map back to Unicode, as ISO 32000-1, 9.7 and 9.10.3 want them, compressed once and for all.
"""
import io
import os
import sys
import zlib

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont, newTable

from gen_assets import INTER, RANGES

GREEK_AND_CYRILLIC = [(0x370, 0x3FF), (0x400, 0x4FF)]
FONTS = [  # in the order of enum pdf_font
    (os.path.join(INTER, "Inter-Regular.otf"), RANGES + GREEK_AND_CYRILLIC),
    (os.path.join(INTER, "Inter-SemiBold.otf"), RANGES + GREEK_AND_CYRILLIC),
    ("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", [(0x20, 0x7E), (0xFFFD, 0xFFFD)]),
]
KEPT = ("head", "hhea", "maxp", "hmtx", "loca", "glyf")  # what a reader of a CIDFontType2 looks at


def subsetted(path, ranges):
    font = TTFont(path, recalcTimestamp=False)
    options = subset.Options(layout_features=[], hinting=False, notdef_outline=True)
    options.drop_tables += ["FFTM"]
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[point for first, last in ranges for point in range(first, last + 1)])
    subsetter.subset(font)
    return font


def quadratic(font):
    """Outlines of a CFF font as those of TrueType, to a thousandth of an em."""
    order, shapes, drawn = font.getGlyphOrder(), font.getGlyphSet(), {}
    for name in order:
        pen = TTGlyphPen(shapes)
        shapes[name].draw(Cu2QuPen(pen, font["head"].unitsPerEm / 1000, reverse_direction=True))
        drawn[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, drawn
    maxp = font["maxp"] = newTable("maxp")
    maxp.tableVersion, maxp.numGlyphs = 0x00010000, len(order)
    for name in ("maxZones", "maxTwilightPoints", "maxStorage", "maxFunctionDefs", "maxInstructionDefs", "maxStackElements",
                 "maxSizeOfInstructions", "maxComponentElements", "maxPoints", "maxContours", "maxCompositePoints",
                 "maxCompositeContours", "maxComponentDepth"):
        setattr(maxp, name, 1 if name == "maxZones" else 0)
    font.sfntVersion = "\x00\x01\x00\x00"


def file_of(font):
    for tag in font.keys():
        if tag not in KEPT + ("GlyphOrder",):
            del font[tag]
    out = io.BytesIO()
    font.save(out)
    return out.getvalue()


def map_back(points):
    """The CMap from glyphs to Unicode, a hundred a block."""
    rows = [f"<{glyph:04X}> <{chr(point).encode('utf-16-be').hex().upper()}>" for glyph, point in sorted(points.items())]
    blocks = [rows[at:at + 100] for at in range(0, len(rows), 100)]
    return ("/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
            "/CMapName /Adobe-Identity-UCS def /CMapType 2 def\n1 begincodespacerange <0000> <FFFF> endcodespacerange\n"
            + "".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks)
            + "endcmap CMapName currentdict /CMap defineresource pop end end\n").encode()


def c_bytes(name, data):
    rows = [",".join(str(byte) for byte in data[at:at + 40]) for at in range(0, len(data), 40)]
    return f"static const unsigned char {name}[] = {{{','.join(rows)}}};\n"


def c_font(at, path, ranges):
    font = subsetted(path, ranges)
    name = font["name"].getDebugName(6)
    head, os2, em = font["head"], font["OS/2"], font["head"].unitsPerEm
    capitals = getattr(os2, "sCapHeight", os2.sTypoAscender)  # older tables do not say
    mil = lambda value: round(value * 1000 / em)
    glyph_of = {point: font.getGlyphID(glyph) for point, glyph in font.getBestCmap().items()}
    advances = [font["hmtx"][glyph][0] for glyph in font.getGlyphOrder()]
    descriptor = (f"/FontName /PARVIS+{name} /Flags 4 /FontBBox [{mil(head.xMin)} {mil(head.yMin)} {mil(head.xMax)} {mil(head.yMax)}]"
                  f" /ItalicAngle 0 /Ascent {mil(os2.sTypoAscender)} /Descent {mil(os2.sTypoDescender)}"
                  f" /CapHeight {mil(capitals)} /StemV 80")
    widths = " ".join(str(mil(advance)) for advance in advances)
    if "CFF " in font:
        quadratic(font)
    plain = file_of(font)
    back = map_back({0: 0xFFFD} | {glyph: point for point, glyph in sorted(glyph_of.items(), reverse=True)})
    glyphs = "".join(f"    {{{point}, {glyph}, {mil(advances[glyph])}}},\n" for point, glyph in sorted(glyph_of.items()))
    text = c_bytes(f"file_{at}", zlib.compress(plain, 9)) + c_bytes(f"back_{at}", zlib.compress(back, 9))
    text += f"static const pdf_glyph glyphs_{at}[] = {{\n{glyphs}}};\n"
    row = (f'    {{S_INIT("PARVIS+{name}"), S_INIT("{descriptor}"), S_INIT("{widths}"),\n'
           f"     {{(const char *)file_{at}, sizeof file_{at}}}, {len(plain)}, {{(const char *)back_{at}, sizeof back_{at}}},\n"
           f"     glyphs_{at}, {len(glyph_of)}}},\n")
    return text, row


made = [c_font(at, *one) for at, one in enumerate(FONTS)]
with open(sys.argv[1], "w", encoding="utf-8") as target:
    target.write('/* Generated by tools/gen_fonts.py. */\n#include "ports/pdf_fonts.h"\n\n')
    target.write("".join(text for text, _ in made))
    target.write("\nconst pdf_font_data pdf_fonts[] = {\n" + "".join(row for _, row in made) + "};\n")
