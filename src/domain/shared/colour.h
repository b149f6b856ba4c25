/* An organization's colour: whether it can be read, and what follows from it. Pure functions. */
#ifndef PARVIS_DOMAIN_SHARED_COLOUR_H
#define PARVIS_DOMAIN_SHARED_COLOUR_H

#include "base/arena.h"

typedef struct colour {
    uint8_t red, green, blue;
} colour;

/** "#1f5f5b", six hexadecimal digits in either case. */
bool colour_parse(str text, colour *out);
/** "#1f5f5b". */
str colour_text(arena *a, colour c);

/** WCAG 2.2, contrast ratio: 1 to 21, in hundredths, rounded down. */
int colour_contrast(colour a, colour b);
/**
 * The least contrast that text in this colour has on the light pages' grounds (white text on it has more), in
 * hundredths.
 */
int colour_legible(colour accent);
enum { COLOUR_LEAST = 450 }; /* WCAG 2.2, 1.4.3, level AA */

/**
 * The style sheet that lays an accent over the pages' own tokens, light and dark: the dark counterpart is lightened
 * until it can be read there, washes are thinned until the accent can be read on them.
 */
str colour_theme(arena *a, colour accent);

#endif
