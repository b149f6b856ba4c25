/*
 * Contrast as WCAG 2.2 computes it, against the grounds of our own pages: a colour that cannot be read is refused when
 * it is set, not when somebody squints.
 */
#include "domain/shared/colour.h"
#include <math.h>

enum { STEPS = 64 };

/* The grounds of assets/1-tokens.css that text in the accent stands on. */
static const colour white = {0xff, 0xff, 0xff}, black = {0, 0, 0}, ground = {0xf6, 0xf6, 0xf3},
                    dark_paper = {0x14, 0x17, 0x1a}, dark_raised = {0x1f, 0x24, 0x28};

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool colour_parse(str text, colour *out)
{
    uint8_t *parts[] = {&out->red, &out->green, &out->blue};
    if (text.n != 7 || text.p[0] != '#')
        return false;
    for (size_t i = 0; i < 3; i++) {
        int high = digit(text.p[1 + 2 * i]), low = digit(text.p[2 + 2 * i]);
        if (high < 0 || low < 0)
            return false;
        *parts[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

str colour_text(arena *a, colour c)
{
    return arena_printf(a, "#%02x%02x%02x", c.red, c.green, c.blue);
}

/* WCAG 2.2, "relative luminance": sRGB made linear, weighted. */
static double linear(uint8_t part)
{
    double s = part / 255.0;
    return s <= 0.04045 ? s / 12.92 : pow((s + 0.055) / 1.055, 2.4);
}

static double luminance(colour c)
{
    return 0.2126 * linear(c.red) + 0.7152 * linear(c.green) + 0.0722 * linear(c.blue);
}

int colour_contrast(colour a, colour b)
{
    double one = luminance(a) + 0.05, other = luminance(b) + 0.05;
    return (int)(100 * (one > other ? one / other : other / one));
}

int colour_legible(colour accent)
{
    return colour_contrast(accent, ground);
}

static uint8_t mixed_part(uint8_t a, uint8_t b, int part)
{
    return (uint8_t)((a * (STEPS - part) + b * part + STEPS / 2) / STEPS);
}

/* `part` of STEPS of b in a. */
static colour mixed(colour a, colour b, int part)
{
    return (colour){mixed_part(a.red, b.red, part), mixed_part(a.green, b.green, part),
                    mixed_part(a.blue, b.blue, part)};
}

static colour for_dark(colour accent)
{
    int part = 0;
    while (part < STEPS && colour_contrast(mixed(accent, white, part), dark_raised) < COLOUR_LEAST)
        part++;
    return mixed(accent, white, part);
}

/* A ground with as much of the accent as lets it be read. */
static colour wash(colour paper, colour accent)
{
    int part = STEPS / 8;
    while (part > 0 && colour_contrast(mixed(paper, accent, part), accent) < COLOUR_LEAST)
        part--;
    return mixed(paper, accent, part);
}

str colour_theme(arena *a, colour accent)
{
    colour light = for_dark(accent);
    return arena_join(a, S(":root{--accent:"), colour_text(a, accent), S(";--accent-deep:"),
                      colour_text(a, mixed(accent, black, STEPS / 5)), S(";--wash:"),
                      colour_text(a, wash(white, accent)), S("}@media(prefers-color-scheme:dark){:root{--accent:"),
                      colour_text(a, light), S(";--accent-deep:"), colour_text(a, mixed(light, white, STEPS / 4)),
                      S(";--on-accent:"), colour_text(a, dark_paper), S(";--wash:"),
                      colour_text(a, wash(dark_paper, light)), S("}}\n"));
}
