/*
 * One path of rectangles for the page's SVG, a run of dark squares each: no picture is sent, and no other server asked.
 */
#include "ports/qr.h"

#include "base/buf.h"

#include <qrencode.h>

enum { QUIET = 4, DARK = 1 };

static void free_code(QRcode **code)
{
    QRcode_free(*code);
}

/* One row: each run of dark squares is a rectangle. */
static void draw_row(buf *out, const unsigned char *row, int width, int y)
{
    for (int x = 0, run; x < width; x += run + 1) {
        for (run = 0; x + run < width && row[x + run] & DARK; run++)
            continue;
        if (run)
            buf_printf(out, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, run, run);
    }
}

err qr_draw(arena *a, str text, qr_drawing *out)
{
    __attribute__((cleanup(free_code))) QRcode *code =
        QRcode_encodeData((int)text.n, (const unsigned char *)text.p, 0, QR_ECLEVEL_M);
    if (!code)
        return ERR_INVALID_REQUEST;
    BUF_SCOPED path = {0};
    for (int y = 0; y < code->width; y++)
        draw_row(&path, code->data + (size_t)y * code->width, code->width, y);
    *out = (qr_drawing){code->width + 2 * QUIET, arena_str(a, buf_str(&path))};
    return OK;
}
