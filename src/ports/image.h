/* Pictures that strangers send: checked, made small and written anew, so that nothing of the file itself is kept. */
#ifndef PARVIS_PORTS_IMAGE_H
#define PARVIS_PORTS_IMAGE_H

#include "base/arena.h"

typedef enum image_verdict {
    IMAGE_OK,
    IMAGE_UNKNOWN, /* neither PNG nor JPEG */
    IMAGE_LARGE,   /* more than IMAGE_SIDE_MOST pixels wide or high, or IMAGE_PIXELS_MOST in all */
    IMAGE_BROKEN,  /* cut off, a wrong checksum, an abuse of the format */
} image_verdict;

enum { IMAGE_SIDE_MOST = 4096, IMAGE_PIXELS_MOST = 4 << 20, IMAGE_SCANS_MOST = 32 };

typedef struct image {
    int width, height;
    str png; /* 8 bits a channel, with transparency, no other chunk; in the arena */
} image;

/**
 * Reads a PNG (W3C, third edition) or a JPEG (ITU-T T.81) by libpng and libjpeg-turbo, shrinks it into `width` ×
 * `height` and writes it as a PNG. Slow: up to a few hundred milliseconds. Its memory is bounded by IMAGE_PIXELS_MOST,
 * whatever the file says: dimensions are looked at before anything is unpacked, and a JPEG may come in IMAGE_SCANS_MOST
 * scans at most.
 */
image_verdict image_normalise(arena *a, str bytes, int width, int height, image *out);

#endif
