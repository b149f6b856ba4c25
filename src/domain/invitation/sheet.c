/*
 * Lays out the sheet, in the language of whom it is for. The password stands as large as it fits, since it is typed
 * from paper.
 */
#include "domain/invitation/sheet.h"

#include "domain/shared/phrase.h"
#include "ports/pdf.h"

enum { INK = 0x1b1f24, SOFT = 0x5d6570, ACCENT = 0x1f5f5b, GROUND = 0xf6f6f3 };
enum { LEFT = 72, WIDE = PDF_WIDTH - 2 * LEFT, PADDING = 22 };

static const pdf_style name_style = {PDF_BOLD, 12, ACCENT}, title_style = {PDF_BOLD, 24, INK},
                       text_style = {PDF_REGULAR, 11.5, INK}, label_style = {PDF_REGULAR, 9.5, SOFT},
                       value_style = {PDF_BOLD, 12, INK}, small_style = {PDF_REGULAR, 9.5, SOFT};

typedef struct paper {
    arena *a;
    pdf *p;
    language lang;
    const sheet_house *house;
} paper;

static str words(const paper *on, const char *key)
{
    return PHRASE(on->a, on->lang, str_of(key), {S("organization_name"), on->house->name});
}

static double put_field(const paper *on, double y, const char *key, str value)
{
    pdf_text(on->p, label_style, LEFT, y, words(on, key));
    return pdf_paragraph(on->p, value_style, LEFT, y + 17, WIDE, 17, value) + 32;
}

/* As large as its box allows: it is typed from here. */
static double put_password(const paper *on, double y, const sheet *s)
{
    enum { HEIGHT = 104 };
    pdf_style style = {PDF_MONO, 26, INK};
    double width = pdf_text_width(style, s->password), room = WIDE - 2 * PADDING;
    if (width > room)
        style.size *= room / width;
    pdf_area(on->p, GROUND, LEFT, y, WIDE, HEIGHT);
    pdf_area(on->p, ACCENT, LEFT, y, 3, HEIGHT);
    pdf_text(on->p, label_style, LEFT + PADDING, y + 26, words(on, "sheet.password"));
    pdf_text(on->p, style, LEFT + PADDING, y + 60, s->password);
    str until = PHRASE(on->a, on->lang, S("sheet.expires"),
                       {S("date"), phrase_moment(on->a, on->lang, on->house->time_zone, s->expires_at)});
    pdf_text(on->p, label_style, LEFT + PADDING, y + 86, until);
    return y + HEIGHT + 44;
}

static double put_steps(const paper *on, double y)
{
    static const char *const steps[] = {"sheet.step_open", "sheet.step_sign_in", "sheet.step_choose"};
    enum { INDENT = 22 };
    pdf_text(on->p, value_style, LEFT, y, words(on, "sheet.next"));
    y += 24;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        pdf_text(on->p, text_style, LEFT, y, arena_printf(on->a, "%zu.", i + 1));
        y = pdf_paragraph(on->p, text_style, LEFT + INDENT, y, WIDE - INDENT, 17, words(on, steps[i])) + 23;
    }
    return y;
}

static void put_sheet(const paper *on, const sheet *s)
{
    pdf_page(on->p);
    double y = pdf_paragraph(on->p, name_style, LEFT, 92, WIDE, 17, on->house->name) + 42;
    y = pdf_paragraph(on->p, title_style, LEFT, y, WIDE, 30, words(on, "sheet.title")) + 32;
    y = pdf_paragraph(on->p, text_style, LEFT, y, WIDE, 18, words(on, "sheet.lead")) + 44;
    y = put_field(on, y, "sheet.sign_in_address", on->house->sign_in_url);
    y = put_field(on, y, "sheet.email", s->email);
    y = put_password(on, y - 4, s);
    put_steps(on, y);
    pdf_area(on->p, 0xe1e1dc, LEFT, PDF_HEIGHT - 98, WIDE, 0.75);
    pdf_paragraph(on->p, small_style, LEFT, PDF_HEIGHT - 78, WIDE, 14, words(on, "sheet.keep"));
}

static language language_or(str locale, language otherwise)
{
    language lang;
    return language_parse(locale, &lang) ? lang : otherwise;
}

str sheets_render(arena *a, const sheet_house *house, const sheet *sheets, size_t count)
{
    language spoken = language_or(house->locale, LANG_EN);
    language first = count ? language_or(sheets[0].locale, spoken) : spoken;
    paper on = {.a = a, .house = house, .lang = first};
    on.p = pdf_begin(a, words(&on, "sheet.document"), language_code(first), count);
    for (size_t i = 0; i < count; i++) {
        on.lang = language_or(sheets[i].locale, spoken);
        put_sheet(&on, &sheets[i]);
    }
    return pdf_end(on.p);
}
