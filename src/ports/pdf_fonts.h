/* The table that tools/gen_fonts.py makes of Debian's fonts. */
#ifndef PARVIS_PORTS_PDF_FONTS_H
#define PARVIS_PORTS_PDF_FONTS_H

#include "base/str.h"

typedef struct pdf_glyph {
    uint32_t point;
    uint16_t glyph, width; /* in thousandths of an em */
} pdf_glyph;

typedef struct pdf_font_data {
    str name, descriptor, widths; /* as they stand in the font's objects; widths from glyph 0 on */
    str file;                     /* TrueType, deflated */
    int file_size;                /* before that */
    str back;                     /* from glyphs to Unicode: a CMap, deflated */
    const pdf_glyph *glyphs;      /* in the order of their code points */
    size_t glyph_count;
} pdf_font_data;

extern const pdf_font_data pdf_fonts[]; /* by pdf_font */

#endif
