/*
 * Objects, streams and the table of their places, written in one go. Streams are the fonts' own, compressed at build;
 * pages hold text as glyphs, so no text is escaped.
 */
#include "ports/pdf.h"

#include "base/buf.h"
#include "ports/pdf_fonts.h"

#include <assert.h>

enum { CATALOG = 1, PAGES, INFO, FONTS }; /* numbers of objects; each font takes five */
enum { TYPE0, CID_FONT, DESCRIPTOR, FONT_FILE, BACK, FONT_OBJECTS };
enum { FIRST_PAGE = FONTS + PDF_FONT_COUNT * FONT_OBJECTS }; /* then each page two: itself, what is on it */

struct pdf {
    arena *a;
    buf out, page;
    str title, language;
    size_t pages, pages_max, *offsets; /* of objects, from 1 */
};

/* ---- objects (7.3.10) ---- */

static void object(pdf *p, size_t number)
{
    p->offsets[number] = p->out.n;
    buf_printf(&p->out, "%zu 0 obj\n", number);
}

static void stream(pdf *p, size_t number, str entries, str bytes)
{
    object(p, number);
    buf_printf(&p->out, "<< /Length %zu%.*s >>\nstream\n", bytes.n, STR_FMT(entries));
    buf_add(&p->out, bytes);
    buf_lit(&p->out, "\nendstream\nendobj\n");
}

static void hex(buf *out, unsigned code)
{
    static const char digits[] = "0123456789ABCDEF";
    for (int shift = 12; shift >= 0; shift -= 4)
        buf_byte(out, digits[code >> shift & 15]);
}

/* A text string (7.9.2.2): UTF-16 with its mark, in hexadecimal, so that nothing in it has to be escaped. */
static void text_string(buf *out, str text)
{
    buf_lit(out, "<FEFF");
    for (size_t at = 0; at < text.n;) {
        uint32_t c = str_next_codepoint(text, &at);
        if (c > 0xffff) { /* two halves */
            hex(out, 0xd800 + ((c - 0x10000) >> 10));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        hex(out, c);
    }
    buf_lit(out, ">");
}

/* A composite font whose codes are glyphs (9.7.4, 9.7.5.2). */
static void put_font(pdf *p, pdf_font which)
{
    const pdf_font_data *f = &pdf_fonts[which];
    size_t first = FONTS + (size_t)which * FONT_OBJECTS;
    object(p, first + TYPE0);
    buf_printf(&p->out,
               "<< /Type /Font /Subtype /Type0 /BaseFont /%.*s /Encoding /Identity-H /DescendantFonts [%zu 0 R] "
               "/ToUnicode %zu 0 R >>\nendobj\n",
               STR_FMT(f->name), first + CID_FONT, first + BACK);
    object(p, first + CID_FONT);
    buf_printf(
        &p->out,
        "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%.*s /CIDToGIDMap /Identity /CIDSystemInfo << /Registry "
        "(Adobe) /Ordering (Identity) /Supplement 0 >> /FontDescriptor %zu 0 R /W [0 [",
        STR_FMT(f->name), first + DESCRIPTOR);
    buf_add(&p->out, f->widths);
    buf_lit(&p->out, "]] >>\nendobj\n");
    object(p, first + DESCRIPTOR);
    buf_printf(&p->out, "<< /Type /FontDescriptor %.*s /FontFile2 %zu 0 R >>\nendobj\n", STR_FMT(f->descriptor),
               first + FONT_FILE);
    stream(p, first + FONT_FILE, arena_printf(p->a, " /Filter /FlateDecode /Length1 %d", f->file_size), f->file);
    stream(p, first + BACK, S(" /Filter /FlateDecode"), f->back);
}

pdf *pdf_begin(arena *a, str title, str language, size_t pages)
{
    pdf *p = arena_new_of(a, pdf);
    *p = (pdf){.a = a, .title = title, .language = language, .pages_max = pages};
    p->offsets = arena_array_of(a, size_t, FIRST_PAGE + 2 * pages);
    buf_lit(&p->out, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"); /* bytes that say: not a text file (7.5.2) */
    for (int font = 0; font < PDF_FONT_COUNT; font++)
        put_font(p, (pdf_font)font);
    return p;
}

/* ---- pages ---- */

static void end_page(pdf *p)
{
    if (!p->pages)
        return;
    size_t number = FIRST_PAGE + 2 * (p->pages - 1);
    object(p, number);
    buf_printf(&p->out, "<< /Type /Page /Parent %d 0 R /Contents %zu 0 R >>\nendobj\n", PAGES, number + 1);
    stream(p, number + 1, S(""), buf_str(&p->page));
    p->page.n = 0;
}

void pdf_page(pdf *p)
{
    assert(p->pages < p->pages_max);
    end_page(p);
    p->pages++;
}

static void put_colour(pdf *p, uint32_t colour)
{
    buf_printf(&p->page, "%.3f %.3f %.3f rg ", (colour >> 16 & 255) / 255.0, (colour >> 8 & 255) / 255.0,
               (colour & 255) / 255.0);
}

static const pdf_glyph *glyph_of(pdf_font font, uint32_t point)
{
    static const pdf_glyph missing = {0xfffd, 0, 1000};
    const pdf_font_data *f = &pdf_fonts[font];
    size_t low = 0, high = f->glyph_count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (f->glyphs[middle].point == point)
            return &f->glyphs[middle];
        if (f->glyphs[middle].point < point)
            low = middle + 1;
        else
            high = middle;
    }
    return &missing;
}

double pdf_text_width(pdf_style style, str text)
{
    double width = 0;
    for (size_t at = 0; at < text.n;)
        width += glyph_of(style.font, str_next_codepoint(text, &at))->width;
    return width * style.size / 1000;
}

void pdf_text(pdf *p, pdf_style style, double x, double y, str text)
{
    put_colour(p, style.colour);
    buf_printf(&p->page, "BT /F%d %.2f Tf %.2f %.2f Td <", style.font, style.size, x, PDF_HEIGHT - y);
    for (size_t at = 0; at < text.n;)
        hex(&p->page, glyph_of(style.font, str_next_codepoint(text, &at))->glyph);
    buf_lit(&p->page, "> Tj ET\n");
}

/* The longest beginning that fits: up to a space when there is one, else as many characters as there is room for. */
static str line_of(pdf_style style, double width, str text)
{
    size_t space = 0, fits = 0;
    double used = 0;
    for (size_t at = 0; at < text.n;) {
        size_t before = at;
        uint32_t c = str_next_codepoint(text, &at);
        used += glyph_of(style.font, c)->width * style.size / 1000;
        if (c == ' ')
            space = before;
        if (used > width && fits)
            return str_slice(text, 0, c == ' ' ? before : space ? space : fits);
        fits = at;
    }
    return text;
}

double pdf_paragraph(pdf *p, pdf_style style, double x, double y, double width, double leading, str text)
{
    for (str rest = text;;) {
        str line = line_of(style, width, rest);
        pdf_text(p, style, x, y, line);
        rest = str_slice(rest, line.n, rest.n);
        while (str_starts(rest, S(" ")))
            rest = str_slice(rest, 1, rest.n);
        if (!rest.n)
            return y;
        y += leading;
    }
}

void pdf_area(pdf *p, uint32_t colour, double x, double y, double width, double height)
{
    put_colour(p, colour);
    buf_printf(&p->page, "%.2f %.2f %.2f %.2f re f\n", x, PDF_HEIGHT - y - height, width, height);
}

/* ---- the end: what names the pages, and where each object stands (7.5.4, 7.5.5) ---- */

static void put_pages(pdf *p)
{
    object(p, PAGES);
    buf_printf(&p->out, "<< /Type /Pages /Count %zu /MediaBox [0 0 %d %d] /Resources << /Font <<", p->pages, PDF_WIDTH,
               PDF_HEIGHT);
    for (int font = 0; font < PDF_FONT_COUNT; font++)
        buf_printf(&p->out, " /F%d %d 0 R", font, FONTS + font * FONT_OBJECTS);
    buf_lit(&p->out, " >> >> /Kids [");
    for (size_t i = 0; i < p->pages; i++)
        buf_printf(&p->out, "%zu 0 R ", FIRST_PAGE + 2 * i);
    buf_lit(&p->out, "] >>\nendobj\n");
}

str pdf_end(pdf *p)
{
    end_page(p);
    put_pages(p);
    object(p, CATALOG);
    buf_printf(
        &p->out,
        "<< /Type /Catalog /Pages %d 0 R /Lang (%.*s) /ViewerPreferences << /DisplayDocTitle true >> >>\nendobj\n",
        PAGES, STR_FMT(p->language));
    object(p, INFO);
    buf_lit(&p->out, "<< /Producer (Parvis) /Title ");
    text_string(&p->out, p->title);
    buf_lit(&p->out, " >>\nendobj\n");
    size_t table = p->out.n, count = FIRST_PAGE + 2 * p->pages;
    buf_printf(&p->out, "xref\n0 %zu\n0000000000 65535 f \n", count);
    for (size_t i = 1; i < count; i++)
        buf_printf(&p->out, "%010zu 00000 n \n", p->offsets[i]);
    buf_printf(&p->out, "trailer\n<< /Size %zu /Root %d 0 R /Info %d 0 R >>\nstartxref\n%zu\n%%%%EOF\n", count, CATALOG,
               INFO, table);
    str file = arena_str(p->a, buf_str(&p->out));
    buf_free(&p->page);
    buf_free(&p->out);
    return file;
}
