/* QR codes (ISO/IEC 18004), by libqrencode. */
#ifndef PARVIS_PORTS_QR_H
#define PARVIS_PORTS_QR_H

#include "base/arena.h"
#include "base/err.h"

/**
 * A code as a drawing: a square of `size` units a side, its quiet zone of 4 included, and the path of its dark squares.
 */
typedef struct qr_drawing {
    int64_t size;
    str path; /* SVG 2, 9.3.2: "M4 4h7v1h-7z…" */
} qr_drawing;

/** Draws a text (correction level M); in the arena. ERR_INVALID_REQUEST when it is too long for a code. */
err qr_draw(arena *a, str text, qr_drawing *out);

#endif
