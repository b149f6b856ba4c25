/*
 * Pages of A4 with text, lines and areas, as a PDF (ISO 32000-1) made in memory.
 *
 * The fonts come ready with the program (tools/gen_fonts.py): Latin, Greek and Cyrillic, each glyph with the way back
 * to its character, so that what is read can be searched, copied and read aloud. A character that they lack shows as an
 * empty box. Lengths are points (1/72 inch) from the upper left corner; text stands on the line y.
 */
#ifndef PARVIS_PORTS_PDF_H
#define PARVIS_PORTS_PDF_H

#include "base/arena.h"

enum { PDF_WIDTH = 595, PDF_HEIGHT = 842 };
typedef enum pdf_font { PDF_REGULAR, PDF_BOLD, PDF_MONO, PDF_FONT_COUNT } pdf_font;

typedef struct pdf_style {
    pdf_font font;
    double size;
    uint32_t colour; /* 0xRRGGBB */
} pdf_style;

typedef struct pdf pdf;

/** Starts a document of at most `pages` pages, in the arena; pdf_end must follow, which wipes what it was made in. */
pdf *pdf_begin(arena *a, str title, str language, size_t pages);
/** Starts the next page. */
void pdf_page(pdf *p);
/** One line of well-formed UTF-8. */
void pdf_text(pdf *p, pdf_style style, double x, double y, str text);
/** How wide that is. */
double pdf_text_width(pdf_style style, str text);
/**
 * Text that goes on in the next line, `leading` below, where `width` ends: at a space, or inside of a word that is
 * longer. Gives the y of its last line.
 */
double pdf_paragraph(pdf *p, pdf_style style, double x, double y, double width, double leading, str text);
/** A filled area. */
void pdf_area(pdf *p, uint32_t colour, double x, double y, double width, double height);
/** The whole file, in the arena. */
str pdf_end(pdf *p);

#endif
